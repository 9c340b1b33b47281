// Rows into values: one for a struct or a scalar, at most one for an optional, any number for a list.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/row_set.h>

#include <optional>
#include <span>

namespace zerver::flow {

namespace detail {

// A row is read by the generated `bool read_row(RowReader&, T&)` of a struct, found by its argument; for
// other types there must be one column.
template <class T>
concept RowElement = requires(RowReader& row, T& out) { read_row(row, out); } || RowReader::holds<T>();
template <class T> bool read_one_row(RowReader& row, T& out) {
  if constexpr (requires { read_row(row, out); }) {
    return read_row(row, out);
  } else {
    return row.single(out);
  }
}

Fault no_row() noexcept;
Fault several_rows() noexcept;

// The one row that there must be.
template <class T> struct OneRow {
  static Result<T> read(const RowSource& rows, Arena& arena, JsonReader& json_reader,
                        const RowLayout& layout) {
    if (rows.rows() == 0) return no_row();
    if (rows.rows() > 1) return several_rows();
    T value{};
    RowReader row(rows, arena, json_reader, layout);
    if (!read_one_row(row, value)) return row.fault();
    return value;
  }
};

template <class T> struct Rows : OneRow<T> {};

template <class T> struct Rows<std::optional<T>> {
  static Result<std::optional<T>> read(const RowSource& rows, Arena& arena, JsonReader& json_reader,
                                       const RowLayout& layout) {
    if (rows.rows() == 0) return std::optional<T>();
    if (rows.rows() > 1) return several_rows();
    std::optional<T> value;
    RowReader row(rows, arena, json_reader, layout);
    // A single value that is NULL is none.
    bool is_good = false;
    if constexpr (requires { read_row(row, *value); }) {
      is_good = read_row(row, value.emplace());
    } else {
      is_good = row.single(value);
    }
    if (!is_good) return row.fault();
    return value;
  }
};

template <class T> struct Rows<List<T>> {
  static Result<List<T>> read(const RowSource& rows, Arena& arena, JsonReader& json_reader,
                              const RowLayout& layout) {
    const std::span<T> items = arena.make_array<T>(rows.rows());
    RowReader row(rows, arena, json_reader, layout);
    for (std::size_t index = 0; index < items.size(); ++index) {
      row.go_to(index);
      if (!read_one_row(row, items[index])) return row.fault();
    }
    return List<T>::borrowed(items);
  }
};

}  // namespace detail

// No row where there must be one is `missing`; more rows than may be, or a row that does not fit, is
// `internal`. `layout` is that of the statement and of the struct in `T`. Throws ArenaFull.
template <class T>
Result<T> read_rows(const RowSource& rows, Arena& arena, JsonReader& json_reader,
                    const RowLayout& layout = {}) {
  return detail::Rows<T>::read(rows, arena, json_reader, layout);
}
// Of one row with one column, which holds all of the list.
template <class T> Result<List<T>> read_array(const RowSource& rows, Arena& arena, JsonReader& json_reader) {
  return detail::OneRow<List<T>>::read(rows, arena, json_reader, {});
}

}  // namespace zerver::flow
