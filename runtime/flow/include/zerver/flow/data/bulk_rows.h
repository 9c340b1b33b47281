// Many rows for one table, as `insert into t (a, b) values {rows}` hands them to a database.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/value.h>
#include <zerver/flow/stream/source.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace zerver::flow {

// Rows that are made one by one, so that all of them never are in memory as values: those of a list, or of a
// stream, whose parts whoever inserts them asks its source for. Whoever keeps them longer than the operation
// that they are an argument of copies them.
class BulkRows {
 public:
  // The table and its columns: `todo (id, title)`.
  std::string_view into() const noexcept { return into_; }
  std::size_t columns() const noexcept { return columns_; }
  // Of the list, or of the part that was taken last.
  std::size_t rows() const noexcept { return rows_; }
  // A row's cells in the order of the columns, of which there are `columns()`, until the next row is read.
  // What has to be written for them is in `arena`. Fails when what a stream has brought is no such row.
  // Throws std::bad_alloc.
  virtual Result<void> read(std::size_t row, Arena& arena, std::span<Value> cells) = 0;

  // What further parts are asked of, one when the one before has been read; null: there are none.
  Source* source() const noexcept { return source_; }
  // A part that it has handed out: rows() and read() are of that from now on.
  virtual void take(const void* part) noexcept { static_cast<void>(part); }
  // Nobody inserts them any more. Of an adapter that has an operation with a source: exactly once, before the
  // operation is over.
  void finish() noexcept {
    if (Source* const source = std::exchange(source_, nullptr); source != nullptr) source->finish();
  }

 protected:
  // `into` is static.
  BulkRows(std::string_view into, std::size_t columns, std::size_t rows, Source* source = nullptr) noexcept
      : into_(into), columns_(columns), rows_(rows), source_(source) {}
  ~BulkRows() = default;

  void set_rows(std::size_t rows) noexcept { rows_ = rows; }

 private:
  std::string_view into_;
  std::size_t columns_;
  std::size_t rows_;
  Source* source_;
};

}  // namespace zerver::flow
