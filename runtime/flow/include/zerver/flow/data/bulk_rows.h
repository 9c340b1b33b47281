// Many rows for one table, as `insert into t (a, b) values {rows}` hands them to a database.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/value.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace zerver::flow {

// Rows that are made one by one, so that all of them never are in memory as values. Whoever keeps them longer
// than the operation that they are an argument of copies them.
class BulkRows {
 public:
  // The table and its columns: `todo (id, title)`.
  std::string_view into() const noexcept { return into_; }
  std::size_t columns() const noexcept { return columns_; }
  std::size_t rows() const noexcept { return rows_; }
  // A row's cells in the order of the columns, of which there are `columns()`. What has to be written for
  // them is in `arena`. Throws std::bad_alloc.
  virtual void read(std::size_t row, Arena& arena, std::span<Value> cells) const = 0;

 protected:
  // `into` is static.
  BulkRows(std::string_view into, std::size_t columns, std::size_t rows) noexcept
      : into_(into), columns_(columns), rows_(rows) {}
  ~BulkRows() = default;

 private:
  std::string_view into_;
  std::size_t columns_;
  std::size_t rows_;
};

namespace detail {

template <class Struct, class Field> Struct struct_of(Field Struct::*);

}  // namespace detail

// A row for each struct of a list: the fields in the order of the columns.
template <auto kFirst, auto... kFields> class StructRows final : public BulkRows {
 public:
  using Row = decltype(detail::struct_of(kFirst));

  StructRows(std::string_view into, List<Row> list) noexcept
      : BulkRows(into, 1 + sizeof...(kFields), list.size()), list_(list) {}

  void read(std::size_t row, Arena& arena, std::span<Value> cells) const override {
    const Row& from = list_[row];
    std::size_t column = 0;
    cells[column++] = cell(arena, from.*kFirst);
    ((cells[column++] = cell(arena, from.*kFields)), ...);
  }

 private:
  template <class T> Value cell(Arena& arena, const T& value) const { return to_value(arena, value); }
  template <class T> Value cell(Arena& arena, const List<T>& list) const {
    json_.clear();
    JsonWriter json(json_);
    write_json(json, list);
    return Value::list(arena.text(json_.view()).view());
  }
  template <class T> Value cell(Arena& arena, const std::optional<List<T>>& list) const {
    return list ? cell(arena, *list) : Value();
  }

  List<Row> list_;
  mutable OutputBuffer json_;
};

}  // namespace zerver::flow
