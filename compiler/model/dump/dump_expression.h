// Resolved expressions in one line, for dumps.

#pragma once

#include "compiler/model/program.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::model {

// As it would be written, with every operation in parentheses and every conversion shown as `type(value)`.
void dump(const Program& program, const Expression& expression, llvm::raw_ostream& out);

// `enumeration` is the type that a constant of an enumerator belongs to; of no meaning for the others.
void dump(const Program& program, const Constant& constant, TypeId enumeration, llvm::raw_ostream& out);

// "20ms": the largest unit that divides it.
void dump_duration(std::uint64_t nanoseconds, llvm::raw_ostream& out);

}  // namespace zc::model
