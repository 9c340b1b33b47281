// SQL, as PostgreSQL quotes in it, read as far as is needed to tell what is text for the server and what is
// not.
#pragma once

#include <cstddef>
#include <string_view>

namespace zerver::effects::sql {

// Walks over the bytes that are no comment, no quoted text and no quoted name.
// https://www.postgresql.org/docs/15/sql-syntax-lexical.html
class SqlScan {
 public:
  explicit SqlScan(std::string_view text) noexcept : text_(text) {}

  // The position of the next such byte; npos at the end.
  std::size_t next() noexcept;

 private:
  bool skip_opaque() noexcept;
  void skip_quoted(char quote, bool has_escapes) noexcept;
  void skip_block_comment() noexcept;
  bool skip_dollar_quoted() noexcept;
  bool is_escape_string() const noexcept;
  char at(std::size_t position) const noexcept { return position < text_.size() ? text_[position] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace zerver::effects::sql
