// Rows of tests that are inserted at once.
#pragma once

#include <zerver/flow/data/bulk_rows.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace zerver::effects {

// Made by a function, which is told the row.
class MadeRows final : public flow::BulkRows {
 public:
  using Make = std::function<void(std::size_t row, Arena& arena, std::span<flow::Value> cells)>;

  MadeRows(std::string_view into, std::size_t columns, std::size_t rows, Make make)
      : BulkRows(into, columns, rows), make_(std::move(make)) {}

  Result<void> read(std::size_t row, Arena& arena, std::span<flow::Value> cells) override {
    ++read_;
    make_(row, arena, cells);
    return {};
  }
  std::size_t read() const noexcept { return read_; }

 private:
  Make make_;
  std::size_t read_ = 0;
};

}  // namespace zerver::effects
