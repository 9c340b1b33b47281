// Tokens to declarations: cuts the file where one begins, and gives each brackets that match.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/nodes.h"
#include "compiler/syntax/token.h"

#include <llvm/ADT/SmallVector.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zc::syntax {

// A token of a declaration. An inserted one is empty and lies where it is missing.
struct UnitToken {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t index = 0;  // in the file's tokens; of an inserted one: of the token before
  std::uint8_t type = 0;
};

// The tokens of one declaration, comments left out. Whatever was inserted or left out was reported.
struct Unit {
  std::vector<UnitToken> tokens;
  std::uint32_t first_index = 0;  // of its first token in the file's tokens
  Span span;
  bool is_parsable = true;  // false: nothing but an erroneous declaration can come of it
  Name name;                // what it declares, as far as that can be told; for units that are not parsable
};

// Cutting and matching happen before parsing, so that an error stays inside its declaration and so that
// nesting is bounded before anything recurses. A declaration ends at its `;` or `}`, at the latest where the
// next one begins in the first column of a line.
class UnitReader {
 public:
  UnitReader(const SourceManager& sources, FileId file, const TokenList& tokens,
             diagnostics::DiagnosticEngine& engine);

  // The next declaration into `unit`, whose memory is used again. False at the end of the file.
  bool next(Unit& unit);

 private:
  struct Open {
    Span span;
    std::uint8_t type = 0;
    std::uint32_t links = 0;     // operators and members since the last separator at this level
    std::uint32_t elses = 0;     // `else` in a row
    std::uint32_t suffixes = 0;  // of these, calls, indices and members behind a closing bracket
  };

  [[nodiscard]] Span span_of(const Token& token) const { return {file_, token.begin, token.end}; }
  [[nodiscard]] llvm::StringRef text_of(const Token& token) const {
    return text_.slice(token.begin, token.end);
  }
  [[nodiscard]] bool is_line_begin(const Token& token) const;
  // Whether a declaration begins with the token at `index`, traits before its keyword included.
  [[nodiscard]] bool begins_unit(std::size_t index) const;
  [[nodiscard]] std::size_t skip_traits(std::size_t index) const;
  [[nodiscard]] std::size_t skip_trivia(std::size_t index) const;

  void read_declaration(Unit& unit, std::size_t keyword);
  void read_junk(Unit& unit);
  void report_junk(const Token& first, Unit& unit);
  void append(Unit& unit, const Token& token);
  void insert(Unit& unit, std::uint8_t type);
  void close_open(Unit& unit, std::size_t down_to);
  // The closing bracket at `position_`. False when it closes nothing.
  bool match_closing(Unit& unit, const Token& token);
  void check_limits(Unit& unit, const Token& token);
  void report_limit(Unit& unit, diagnostics::Kind kind, const Token& token, llvm::StringRef what,
                    std::uint32_t limit);

  llvm::StringRef text_;
  FileId file_;
  const TokenList& tokens_;
  diagnostics::DiagnosticEngine& engine_;
  std::size_t position_ = 0;
  std::vector<Open> open_;   // brackets of the unit that is read
  std::uint32_t links_ = 0;  // as Open::links, outside of brackets
  std::uint32_t suffixes_ = 0;
  std::uint32_t prefixes_ = 0;    // prefix operators in a row
  std::uint32_t type_depth_ = 0;  // `<` with only names in between
  std::uint32_t open_interpolations_ = 0;
  std::uint8_t previous_type_ = 0;
};

}  // namespace zc::syntax
