// The text of a tagged string as a database gets it, and the way back from there into the file.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/model/expression.h"
#include "compiler/model/step.h"
#include "compiler/sql/syntax/lexer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::check {

class StatementText {
 public:
  // `statement` is of kind `kStatement`, and `bulk` what it is if it inserts rows; both outlive this, as do
  // the sources. Of such rows the text has one.
  StatementText(const model::Expression& statement, const std::optional<model::BulkInsert>& bulk,
                sql::Dialect dialect, const SourceManager& sources);

  [[nodiscard]] const std::string& text() const { return text_; }
  // The source of the bytes `[begin, end)` of `text()`.
  [[nodiscard]] Span span(std::uint32_t begin, std::uint32_t end) const;
  [[nodiscard]] Span span(sql::Token token) const { return span(token.begin, token.end); }

  // A value that is bound, and where its placeholder begins in `text()`.
  struct Parameter {
    const model::Expression* value;
    std::uint32_t begin;
  };
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  struct Piece {
    std::uint32_t begin;
    const model::Expression* operand;
    bool is_text;
  };

  void add_parameter(const model::Expression& value, sql::Dialect dialect);
  [[nodiscard]] const Piece& piece_at(std::uint32_t offset) const;
  // The source of one byte; of a placeholder all of its expression.
  [[nodiscard]] Span span_of_byte(std::uint32_t offset) const;

  const SourceManager& sources_;
  Span whole_;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<Parameter> parameters_;
};

}  // namespace zc::check
