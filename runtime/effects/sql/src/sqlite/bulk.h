// Rows that an insert binds, as whoever runs it keeps them.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/result.h>
#include <zerver/flow/data/bulk_rows.h>
#include <zerver/flow/data/row_set.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::sqlite {

// What is wrong with one of the rows, which are counted from 0.
std::string of_row(std::size_t row, std::string_view why);

// Copies rows, some at a time. Its memory is kept.
class RowCopier {
 public:
  // Appends to `to`, which has been cleared before the first of them, the rows from `next` on until it has
  // about that many bytes or there are no more. When one cannot be read `next` is that one. Throws
  // std::bad_alloc.
  Result<void> append(flow::BulkRows& from, std::size_t& next, flow::RowSet& to,
                      std::size_t most = static_cast<std::size_t>(-1));

 private:
  Arena arena_;  // of one row
  std::vector<flow::Value> cells_;
};

}  // namespace zerver::effects::sqlite
