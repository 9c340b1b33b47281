// The lock of a program that has no errors.

#pragma once

#include "compiler/lock/lock.h"
#include "compiler/model/program.h"

namespace zc::lock {

// What the root packages promise, and the types and errors of others as far as that reaches. The order is
// that of the file; linear in the size of the program.
[[nodiscard]] Lock make_lock(const model::Program& program);

}  // namespace zc::lock
