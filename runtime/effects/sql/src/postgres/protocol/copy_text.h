// Rows as the server reads them behind `copy ... from stdin`.
#pragma once

#include <zerver/core/output_buffer.h>
#include <zerver/core/time.h>
#include <zerver/flow/data/value.h>

#include <libpq-fe.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace zerver::effects::postgres {

// The text format: its columns are parsed as those of a statement are, so every type can be in it. Memory is
// kept between uses. https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2
class CopyText {
 public:
  // `types` has that of the column for each cell. False when a cell cannot be a value of its type.
  [[nodiscard]] bool add_row(std::span<const flow::Value> cells, std::span<const Oid> types);

  std::string_view text() const noexcept { return out_.view(); }
  std::size_t size() const noexcept { return out_.size(); }
  void clear() noexcept { out_.clear(); }

 private:
  bool add(const flow::Value& value, Oid oid);
  void add_text(std::string_view text, Oid oid);
  bool add_list(std::string_view json, Oid oid);
  void add_bytes(std::string_view bytes);
  void add_interval(Duration span);
  void add_escaped(std::string_view text);
  template <class Number> bool add_number(Number number);

  OutputBuffer out_;
  OutputBuffer array_;
};

}  // namespace zerver::effects::postgres
