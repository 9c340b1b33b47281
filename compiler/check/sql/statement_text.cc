// Walks over the escapes of a string's source, which are longer than what they stand for.

#include "compiler/check/sql/statement_text.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::check {

namespace {

bool is_text(const model::Expression& operand) {
  return operand.kind == model::ExpressionKind::kConstant &&
         operand.constant.kind == model::Constant::Kind::kString;
}

std::uint32_t utf8_size(llvm::StringRef digits) {
  std::uint32_t code_point = 0;
  if (digits.getAsInteger(16, code_point)) return 1;
  if (code_point < 0x80) return 1;
  if (code_point < 0x800) return 2;
  return code_point < 0x10000 ? 3 : 4;
}

// The bytes of source, and of text, that one character or escape takes.
std::pair<std::uint32_t, std::uint32_t> sizes_at(llvm::StringRef source) {
  if (source.front() != '\\' || source.size() < 2) return {1, 1};
  if (source[1] != 'u') return {2, 1};
  const std::size_t close = std::min(source.find('}'), source.size() - 1);
  return {static_cast<std::uint32_t>(close + 1), utf8_size(source.slice(3, close))};
}

}  // namespace

StatementText::StatementText(const model::Expression& statement, const std::optional<model::BulkInsert>& bulk,
                             sql::Dialect dialect, const SourceManager& sources)
    : sources_(sources), whole_(statement.span) {
  for (const model::Expression& operand : statement.operands) {
    const bool is_constant = is_text(operand);
    pieces_.push_back({static_cast<std::uint32_t>(text_.size()), &operand, is_constant});
    if (is_constant) {
      text_ += operand.constant.text;
      continue;
    }
    if (!bulk) {
      add_parameter(operand, dialect);
      continue;
    }
    for (const model::Expression& cell : bulk->cells) {
      text_ += parameters_.empty() ? '(' : ',';
      add_parameter(cell, dialect);
    }
    text_ += ')';
  }
}

void StatementText::add_parameter(const model::Expression& value, sql::Dialect dialect) {
  // Spaces keep PostgreSQL from taking `limit$1` for a name.
  const bool is_sqlite = dialect == sql::Dialect::kSqlite;
  if (!is_sqlite) text_ += ' ';
  parameters_.push_back({&value, static_cast<std::uint32_t>(text_.size())});
  text_ += is_sqlite ? std::string("?") : "$" + std::to_string(parameters_.size()) + " ";
}

const StatementText::Piece& StatementText::piece_at(std::uint32_t offset) const {
  const auto behind = llvm::upper_bound(
      pieces_, offset, [](std::uint32_t at, const Piece& piece) { return at < piece.begin; });
  return *std::prev(behind);
}

Span StatementText::span_of_byte(std::uint32_t offset) const {
  const Piece& piece = piece_at(offset);
  const Span span = piece.operand->span;
  if (!piece.is_text) return span;
  llvm::StringRef source = sources_.text(span);
  std::uint32_t at = span.begin;
  std::uint32_t left = offset - piece.begin;
  while (!source.empty()) {
    const auto [source_size, text_size] = sizes_at(source);
    if (left < text_size) return {span.file, at, at + source_size};
    left -= text_size;
    at += source_size;
    source = source.drop_front(source_size);
  }
  return span.end_point();
}

Span StatementText::span(std::uint32_t begin, std::uint32_t end) const {
  if (pieces_.empty()) return whole_;
  if (begin >= text_.size()) return span_of_byte(static_cast<std::uint32_t>(text_.size())).end_point();
  const Span first = span_of_byte(begin);
  return end <= begin + 1 ? first : cover(first, span_of_byte(end - 1));
}

}  // namespace zc::check
