// What a step costs when it is no step: a function in another translation unit.
#pragma once

#include <cstdint>

namespace zerver::bench {

bool plain_admit(const std::int32_t* left);

}  // namespace zerver::bench
