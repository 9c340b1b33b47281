// The syntax tree of one file.
//
// Nodes: nodes.h (names, traits, types, fields, settings), expressions.h, steps.h, statements.h,
// declarations.h.

#pragma once

#include "compiler/base/page_allocator.h"
#include "compiler/syntax/declarations.h"
#include "compiler/syntax/token.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace zc::syntax {

// A part of the tree whose memory can be given back by itself, when those who read it are done.
enum class Part : std::uint8_t {
  kTypes,  // scalars, structs, enums, extern types, errors and slots
  kSteps,
  kRest,
};
inline constexpr std::size_t kPartCount = 3;

[[nodiscard]] Part part_of(DeclarationKind kind);

// Owns its nodes; names and text point into the SourceManager's buffer, which must outlive it. Movable, and
// nodes stay where they are.
struct SyntaxTree {
  FileId file;
  std::vector<const Declaration*> declarations;  // in source order, all kinds
  TokenList tokens;
  bool has_errors = false;  // something in it is erroneous

  std::array<PageArena, kPartCount> arenas;  // by Part

  // Frees the declarations of `part`, which no longer stand in `declarations`, with all that is in them.
  void release(Part part);
};

}  // namespace zc::syntax
