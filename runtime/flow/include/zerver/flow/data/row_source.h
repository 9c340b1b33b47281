// Rows as whoever has them keeps them: copied, or where the database's library has put them.
#pragma once

#include <zerver/flow/data/value.h>

#include <cstddef>
#include <string_view>

namespace zerver::flow {

class RowSource {
 public:
  virtual std::size_t columns() const noexcept = 0;
  virtual std::size_t rows() const noexcept = 0;
  virtual std::string_view column(std::size_t index) const noexcept = 0;
  // Its text is good until the next call. Throws std::bad_alloc.
  virtual Value cell(std::size_t row, std::size_t column) const = 0;

 protected:
  ~RowSource() = default;
};

}  // namespace zerver::flow
