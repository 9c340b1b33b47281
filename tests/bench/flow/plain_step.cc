#include "tests/bench/flow/plain_step.h"

namespace zerver::bench {

bool plain_admit(const std::int32_t* left) { return left == nullptr || *left > 0; }

}  // namespace zerver::bench
