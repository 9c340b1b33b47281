// Structs as the rows of an insert: a list of them, or a stream.
#pragma once

#include <zerver/core/list.h>
#include <zerver/core/output_buffer.h>
#include <zerver/flow/data/bulk_rows.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/flow/stream/source.h>
#include <zerver/flow/worker.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace zerver::flow {

namespace detail {

template <class Struct, class Field> Struct struct_of(Field Struct::*);

// The fields of a struct as cells.
class CellWriter {
 public:
  template <auto... kFields, class Row> void write(const Row& row, Arena& arena, std::span<Value> cells) {
    std::size_t column = 0;
    ((cells[column++] = cell(arena, row.*kFields)), ...);
  }

 private:
  template <class T> Value cell(Arena& arena, const T& value) { return to_value(arena, value); }
  template <class T> Value cell(Arena& arena, const List<T>& list) {
    json_.clear();
    JsonWriter json(json_);
    write_json(json, list);
    return Value::list(arena.text(json_.view()).view());
  }
  template <class T> Value cell(Arena& arena, const std::optional<List<T>>& list) {
    return list ? cell(arena, *list) : Value();
  }

  OutputBuffer json_;
};

}  // namespace detail

// A row for each struct of a list: the fields in the order of the columns.
template <auto kFirst, auto... kFields> class StructRows final : public BulkRows {
 public:
  using Row = decltype(detail::struct_of(kFirst));

  StructRows(std::string_view into, List<Row> list) noexcept
      : BulkRows(into, 1 + sizeof...(kFields), list.size()), list_(list) {}

  Result<void> read(std::size_t row, Arena& arena, std::span<Value> cells) override {
    writer_.write<kFirst, kFields...>(list_[row], arena, cells);
    return {};
  }

 private:
  List<Row> list_;
  detail::CellWriter writer_;
};

// A row for each element of a stream, which brings values, or rows that are read into the struct first.
template <auto kFirst, auto... kFields> class StructStream final : public BulkRows {
 public:
  using Row = decltype(detail::struct_of(kFirst));

  StructStream(std::string_view into, const Stream<Row>& stream, Worker& worker)
      : BulkRows(into, 1 + sizeof...(kFields), 0, stream.source),
        layout_(stream.rows),
        json_reader_(&worker.json_reader()),
        arena_(worker.limits().arena_bytes),
        is_typed_(stream.is_typed) {}

  void take(const void* part) noexcept override {
    reader_.reset();
    if (is_typed_) {
      list_ = *static_cast<const List<Row>*>(part);
      return set_rows(list_.size());
    }
    part_ = static_cast<const RowSource*>(part);
    set_rows(part_->rows());
  }

  // Parts go with their source, so whoever performs the operation a second time finds none.
  Result<void> read(std::size_t row, Arena& arena, std::span<Value> cells) override {
    if (source() == nullptr) return Fault{FaultKind::kUnavailable, "the stream has been read", {}};
    if (is_typed_) {
      writer_.write<kFirst, kFields...>(list_[row], arena, cells);
      return {};
    }
    if constexpr (detail::RowElement<Row>) {
      // A reader has the arena for as long as it reads, so many rows share one.
      if (!reader_ || row % kRowsOfReader == 0) {
        arena_.reset();
        reader_.emplace(*part_, arena_, *json_reader_, layout_);
      }
      Row value{};
      reader_->go_to(row);
      if (!detail::read_one_row(*reader_, value)) return reader_->fault();
      writer_.write<kFirst, kFields...>(value, arena, cells);
      return {};
    } else {
      return Fault{FaultKind::kInternal, "rows cannot be read into that struct here", {}};
    }
  }

 private:
  static constexpr std::size_t kRowsOfReader = 32;

  List<Row> list_;                   // the part of values, or:
  const RowSource* part_ = nullptr;  // of rows
  RowLayout layout_;
  JsonReader* json_reader_;
  Arena arena_;  // of what rows are read into
  std::optional<RowReader> reader_;
  detail::CellWriter writer_;
  bool is_typed_;
};

}  // namespace zerver::flow
