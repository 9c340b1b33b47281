// The rows that a statement yielded, and reading them into structs.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/row_source.h>
#include <zerver/flow/data/value.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace zerver::flow {

class JsonReader;

// Column names, then cells row by row; all memory is its own and kept by clear(). Text that was added before
// is moved when it grows, so cells are read only when all rows are in.
class RowSet final : public RowSource {
 public:
  void clear() noexcept;
  void add_column(std::string_view name);
  // The next cell of the current row. Text and blobs are copied.
  void add_cell(const Value& value);
  void set_affected(std::int64_t rows) noexcept { affected_ = rows; }

  std::size_t columns() const noexcept override { return names_.size(); }
  std::size_t rows() const noexcept override { return names_.empty() ? 0 : cells_.size() / names_.size(); }
  std::string_view column(std::size_t index) const noexcept override;
  Value cell(std::size_t row, std::size_t column) const noexcept override;
  // Bytes of names and texts.
  std::size_t bytes() const noexcept { return text_.size(); }
  // Rows that an insert, update or delete changed.
  std::int64_t affected() const noexcept { return affected_; }

 private:
  struct Slice {
    std::size_t begin;
    std::size_t size;
  };
  struct Cell {
    Value value;  // of text and blobs, only the kind
    Slice text;
  };

  Slice keep(std::string_view text);

  OutputBuffer text_;
  std::vector<Slice> names_;
  std::vector<Cell> cells_;
  std::int64_t affected_ = 0;
};

// One row, read column by column. The first column that is missing or does not fit is kept as the fault.
class RowReader {
 public:
  // `json_reader` checks columns of the type `json`.
  RowReader(const RowSource& rows, std::size_t row, Arena& arena, JsonReader& json_reader) noexcept
      : rows_(&rows), row_(row), arena_(&arena), json_reader_(&json_reader) {}

  // Columns are looked for from the one after the last found, so a struct in the order of the columns costs
  // one comparison each.
  template <class T> bool column(std::string_view name, T& out) {
    const std::size_t index = find(name);
    return index != kNone && cell(index, out);
  }
  // For a field that is optional or has a default: without such a column it keeps what it has.
  template <class T> bool column_if_any(std::string_view name, T& out) {
    const std::size_t index = search(name);
    return index == kNone || cell(index, out);
  }
  // For results of one column that are no struct.
  template <class T> bool single(T& out) { return has_one_column() && cell(0, out); }

  Arena& arena() const noexcept { return *arena_; }
  const Fault& fault() const noexcept { return fault_; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::size_t search(std::string_view name) noexcept;
  // Records that there is none.
  std::size_t find(std::string_view name) noexcept;
  bool has_one_column() noexcept;
  // Records what is wrong with the column: "is no text". Always false.
  bool misfit(std::size_t column, std::string_view why) noexcept;
  void record(std::initializer_list<Piece> why) noexcept;

  template <class T> bool cell(std::size_t index, T& out) {
    return read(index, rows_->cell(row_, index), out);
  }
  template <class T> bool read(std::size_t column, const Value& value, std::optional<T>& out) {
    if (value.is_null()) {
      out.reset();
      return true;
    }
    return read(column, value, out.emplace());
  }
  template <StrongScalar Scalar> bool read(std::size_t column, const Value& value, Scalar& out) {
    return read(column, value, out.value);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  bool read(std::size_t column, const Value& value, Enum& out) {
    return (value.kind() == Value::Kind::kText && from_string(value.text(), out)) ||
           misfit(column, "is none of the enum's names");
  }
  bool read(std::size_t column, const Value& value, bool& out);
  bool read(std::size_t column, const Value& value, std::int32_t& out);
  bool read(std::size_t column, const Value& value, std::uint32_t& out);
  bool read(std::size_t column, const Value& value, std::int64_t& out);
  bool read(std::size_t column, const Value& value, std::uint64_t& out);
  bool read(std::size_t column, const Value& value, double& out);
  bool read(std::size_t column, const Value& value, String& out);
  bool read(std::size_t column, const Value& value, Bytes& out);
  bool read(std::size_t column, const Value& value, Json& out);
  bool read(std::size_t column, const Value& value, Uuid& out);
  bool read(std::size_t column, const Value& value, Timestamp& out);
  bool read(std::size_t column, const Value& value, Duration& out);
  bool read(std::size_t column, const Value& value, Decimal& out);

  const RowSource* rows_;
  std::size_t row_;
  Arena* arena_;
  JsonReader* json_reader_;
  std::size_t next_ = 0;
  Fault fault_;
};

}  // namespace zerver::flow
