// The rows that a statement yielded, and reading them into structs.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/array_text.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/row_source.h>
#include <zerver/flow/data/value.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace zerver::flow {

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

// A field of a struct that rows are read into.
struct RowField {
  std::string_view column;
  bool is_required = true;  // else it keeps what it has where there is no such column
};

// Reads rows one by one. What does not fit first is kept as the fault.
class RowReader {
 public:
  // Fields are read from the columns that `layout` says, as long as the rows have just those; else from the
  // columns with their names. `json_reader` checks columns of the type `json`.
  RowReader(const RowSource& rows, Arena& arena, JsonReader& json_reader,
            const RowLayout& layout = {}) noexcept
      : rows_(&rows), arena_(&arena), json_reader_(&json_reader) {
    if (!layout.fields.empty() && rows.has_columns(layout.columns)) columns_ = layout.fields;
  }

  void go_to(std::size_t row) noexcept { row_ = row; }

  // Finds the columns of a struct's fields, which is done once for all rows. False when a required one is
  // missing. Throws ArenaFull.
  bool has(std::span<const RowField> fields) { return columns_.size() == fields.size() || find(fields); }
  // Behind has(); of the field at that position there.
  template <class T> bool field(std::size_t index, T& out) {
    const std::uint16_t column = columns_[index];
    return column == RowLayout::kNoColumn || cell(column, out);
  }
  // For results of one column that are no struct.
  template <class T> bool single(T& out) { return has_one_column() && cell(0, out); }
  // Whether a column may hold such a value.
  template <class T> static consteval bool holds() {
    return requires(RowReader& row, const Value& value, T& out) { row.read(0, value, out); };
  }

  Arena& arena() const noexcept { return *arena_; }
  const Fault& fault() const noexcept { return fault_; }

 private:
  bool find(std::span<const RowField> fields);
  bool has_one_column() noexcept;
  // Records what is wrong with the column: "is no text". Always false.
  bool misfit(std::size_t column, std::string_view why) noexcept;
  void record(std::initializer_list<Piece> why) noexcept;

  // Of an array; the types that a database writes in a way of its own there.
  template <class T> static Value element_value(const Value& text) noexcept {
    if constexpr (requires { typename T::scalar_type; }) {
      return element_value<typename T::scalar_type>(text);
    } else if constexpr (requires(T item) { item.reset(); }) {
      return element_value<typename T::value_type>(text);
    } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double>) {
      return text.is_null() ? text : plain_value(text.text(), T());
    } else {
      return text;
    }
  }
  static Value plain_value(std::string_view text, bool) noexcept;
  static Value plain_value(std::string_view text, double) noexcept;

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
  // JSON, or of scalars as PostgreSQL writes arrays.
  template <class T> bool read(std::size_t column, const Value& value, List<T>& out) {
    if (value.kind() != Value::Kind::kText) return misfit(column, "is no list");
    constexpr bool kMayBeArray = requires(T& item) { read(column, value, item); };
    if constexpr (kMayBeArray) {
      if (ArrayText::is_one(value.text())) return read_array(column, value.text(), out);
    }
    const Result<List<T>> list = read_json_text<List<T>>(*json_reader_, value.text(), 0, *arena_);
    if (!list) return misfit(column, "is no list of such values");
    out = *list;
    return true;
  }
  template <class T> bool read_array(std::size_t column, std::string_view text, List<T>& out) {
    ArrayText array(text, *arena_);
    const std::size_t size = array.size();
    if (size == ArrayText::kNone) return misfit(column, "is no list of one dimension");
    const std::span<T> items = arena_->make_array<T>(size);
    for (T& item : items) {
      if (!read(column, element_value<T>(array.next()), item)) return false;
    }
    out = List<T>::borrowed(items);
    return true;
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
  std::size_t row_ = 0;
  Arena* arena_;
  JsonReader* json_reader_;
  std::span<const std::uint16_t> columns_;  // by field
  Fault fault_;
};

}  // namespace zerver::flow
