// The syntax tree of one file.
//
// Nodes: nodes.h (names, traits, types, fields, settings), expressions.h, steps.h, statements.h,
// declarations.h.

#pragma once

#include "compiler/syntax/declarations.h"
#include "compiler/syntax/token.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Support/Allocator.h>

#include <memory>

namespace zc::syntax {

// Owns its nodes; names and text point into the SourceManager's buffer, which must outlive it. Movable, and
// nodes stay where they are.
struct SyntaxTree {
  FileId file;
  llvm::ArrayRef<const Declaration*> declarations;  // in source order, all kinds
  TokenList tokens;
  bool has_errors = false;  // something in it is erroneous

  std::unique_ptr<llvm::BumpPtrAllocator> arena;
};

}  // namespace zc::syntax
