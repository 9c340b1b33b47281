// UTF-8 as bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace zerver::flow {

bool is_utf8(std::string_view text) noexcept;

// The code points of UTF-8 text.
std::size_t code_points(std::string_view text) noexcept;

}  // namespace zerver::flow
