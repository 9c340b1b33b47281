// What the parser does when a declaration does not fit the grammar.

#pragma once

#include "compiler/diagnostics/engine.h"
#include "compiler/syntax/parser/unit_stream.h"

#include <antlr4-runtime.h>

#include <exception>

namespace zc::syntax {

// Gives up at the first error: for the fast attempt, which is nearly always right.
class GiveUpStrategy final : public antlr4::BailErrorStrategy {
 public:
  void sync(antlr4::Parser* /*parser*/) override {}
};

// Reports each mistake once. An error ends the innermost recoverable rule (a member of a list in braces, an
// interpolation, or the whole declaration): the rest of it, up to its `;` or `}`, is skipped, and parsing
// goes on behind; blocks of a statement whose head is wrong are not skipped. Brackets match here, which the
// UnitReader saw to. A `;` that is missing at the end of a line is put there.
class RecoveringStrategy final : public antlr4::ANTLRErrorStrategy {
 public:
  RecoveringStrategy(UnitStream& stream, FileId file, llvm::StringRef text,
                     diagnostics::DiagnosticEngine& engine)
      : stream_(stream), file_(file), text_(text), engine_(engine) {}

  void reset(antlr4::Parser* /*parser*/) override { reported_ = false; }
  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;
  void sync(antlr4::Parser* parser) override;
  bool inErrorRecoveryMode(antlr4::Parser* /*parser*/) override { return reported_; }
  void reportMatch(antlr4::Parser* /*parser*/) override {}
  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;

 private:
  [[nodiscard]] bool is_on_new_line(const ParserToken& token) const;
  // Whether something was inserted, and so reported, right before `token` or between it and the end of its
  // statement: the error is a consequence of it.
  [[nodiscard]] bool is_beside_repair(const ParserToken& token) const;
  bool insert_semicolon(const ParserToken& found);
  void report_unexpected(std::size_t rule, const ParserToken& found,
                         const antlr4::misc::IntervalSet& expected);
  // Skips to the end of the member that began at `begin`: through its `;` or the block that ends it, up to a
  // keyword that begins the next one on a line of its own, or up to the `}` around it.
  void skip_member(antlr4::Parser* parser, std::size_t begin);
  // As `skip_member`, for a statement whose head is wrong: the statements in its blocks are parsed all the
  // same.
  void skip_block_statement(antlr4::Parser* parser);
  void skip_interpolation(antlr4::Parser* parser);

  UnitStream& stream_;
  FileId file_;
  llvm::StringRef text_;
  diagnostics::DiagnosticEngine& engine_;
  bool reported_ = false;  // the error that is being recovered from
};

}  // namespace zc::syntax
