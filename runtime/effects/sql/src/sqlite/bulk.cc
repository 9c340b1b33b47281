#include "bulk.h"

#include <zerver/core/arena.h>

#include <cstddef>
#include <vector>

namespace zerver::effects::sqlite {

void copy_rows(const flow::BulkRows& from, flow::RowSet& to) {
  Arena arena;
  std::vector<flow::Value> cells(from.columns());
  for (std::size_t column = 0; column < cells.size(); ++column)
    to.add_column({});
  for (std::size_t row = 0; row < from.rows(); ++row) {
    arena.reset();
    from.read(row, arena, cells);
    for (const flow::Value& cell : cells)
      to.add_cell(cell);
  }
}

}  // namespace zerver::effects::sqlite
