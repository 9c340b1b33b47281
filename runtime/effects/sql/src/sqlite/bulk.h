// Rows that an insert binds, as whoever runs it keeps them.
#pragma once

#include <zerver/flow/data/bulk_rows.h>
#include <zerver/flow/data/row_set.h>

namespace zerver::effects::sqlite {

// `to` is empty. Throws std::bad_alloc.
void copy_rows(const flow::BulkRows& from, flow::RowSet& to);

}  // namespace zerver::effects::sqlite
