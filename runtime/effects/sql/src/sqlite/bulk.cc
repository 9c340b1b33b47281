#include "bulk.h"

namespace zerver::effects::sqlite {

std::string of_row(std::size_t row, std::string_view why) {
  return "row " + std::to_string(row + 1) + ": " + std::string(why);
}

Result<void> RowCopier::append(flow::BulkRows& from, std::size_t& next, flow::RowSet& to, std::size_t most) {
  cells_.resize(from.columns());
  for (std::size_t column = to.columns(); column < cells_.size(); ++column)
    to.add_column({});
  for (; next < from.rows() && to.bytes() + to.rows() * sizeof(flow::Value) < most; ++next) {
    arena_.reset();
    if (const Result<void> read = from.read(next, arena_, cells_); !read) return read.error();
    for (const flow::Value& cell : cells_)
      to.add_cell(cell);
  }
  return {};
}

}  // namespace zerver::effects::sqlite
