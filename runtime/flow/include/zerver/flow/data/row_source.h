// Rows as whoever has them keeps them: copied, or where the database's library has put them.
#pragma once

#include <zerver/flow/data/value.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace zerver::flow {

// The columns that a statement had when the program was compiled, and which of them each field of the struct
// that takes its rows is read from. All of it is static. Empty where that is not known.
struct RowLayout {
  static constexpr std::uint16_t kNoColumn = 0xFFFF;  // the field keeps what it has

  std::span<const std::string_view> columns = {};
  std::span<const std::uint16_t> fields = {};
};

class RowSource {
 public:
  virtual std::size_t columns() const noexcept = 0;
  virtual std::size_t rows() const noexcept = 0;
  virtual std::string_view column(std::size_t index) const noexcept = 0;
  // Its text is good until the next call. Throws std::bad_alloc.
  virtual Value cell(std::size_t row, std::size_t column) const = 0;
  // Whether the columns have those names, in that order. The names are static, so that one who keeps the rows
  // of a prepared statement need compare them once.
  virtual bool has_columns(std::span<const std::string_view> names) const noexcept {
    if (names.size() != columns()) return false;
    for (std::size_t index = 0; index < names.size(); ++index) {
      if (column(index) != names[index]) return false;
    }
    return true;
  }

 protected:
  ~RowSource() = default;
};

}  // namespace zerver::flow
