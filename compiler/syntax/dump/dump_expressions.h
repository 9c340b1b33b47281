// Names, types and expressions in one line, for dumps: as they would be written, with every chain in
// parentheses.

#pragma once

#include "compiler/syntax/expressions.h"

#include <llvm/Support/raw_ostream.h>

namespace zc::syntax {

void dump(const QualifiedName& name, llvm::raw_ostream& out);
void dump(const TypeRef& type, llvm::raw_ostream& out);
void dump(const Expr& expression, llvm::raw_ostream& out);
void dump(llvm::ArrayRef<Argument> arguments, llvm::raw_ostream& out);
void dump(const Trait& trait, llvm::raw_ostream& out);
void dump(const Setting& setting, llvm::raw_ostream& out);

}  // namespace zc::syntax
