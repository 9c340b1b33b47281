// Rows of tests that come as a stream.
#pragma once

#include "runtime/effects/sql/test/bulk.h"
#include <zerver/core/fault.h>
#include <zerver/flow/stream/source.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace zerver::effects {

// Made by a function when they are read, and handed out some at a time when they are asked for.
class FedRows final : private flow::Source, public flow::BulkRows {
 public:
  FedRows(std::string_view into, std::size_t columns, std::size_t rows, MadeRows::Make make,
          std::size_t at_once = 100)
      : BulkRows(into, columns, 0, this), make_(std::move(make)), all_(rows), at_once_(at_once) {}

  // How it ends behind so many rows, instead of its end.
  void fail_behind(std::size_t rows) { fails_ = rows; }
  // Who asks behind so many rows waits for release().
  void hold_behind(std::size_t rows) { held_ = rows; }
  // This one, from 0, is none.
  void break_row(std::size_t row) { broken_ = row; }

  void release() {
    held_ = kNever;
    give(*std::exchange(reader_, nullptr));
  }
  bool is_waiting() const noexcept { return reader_ != nullptr; }
  std::size_t given() const noexcept { return given_; }
  bool is_closed() const noexcept { return closed_; }

  void take(const void*) noexcept override { set_rows(given_ - first_); }
  Result<void> read(std::size_t row, Arena& arena, std::span<flow::Value> cells) override {
    if (first_ + row == broken_) return Fault{FaultKind::kInternal, "column `name` is no text", {}};
    make_(first_ + row, arena, cells);
    return {};
  }

 private:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  void next(Reader& reader) noexcept override {
    if (given_ < held_) return give(reader);
    reader_ = &reader;
  }
  void close() noexcept override {
    reader_ = nullptr;
    closed_ = true;
  }
  void give(Reader& reader) noexcept {
    if (given_ == fails_) return reader.on_failure({FaultKind::kTimeout, "as the test says", {}});
    if (given_ == all_) return reader.on_end();
    first_ = given_;
    given_ = std::min({first_ + at_once_, all_, std::max(fails_, first_), std::max(held_, first_)});
    reader.on_part(nullptr);
  }

  MadeRows::Make make_;
  std::size_t all_;
  std::size_t at_once_;
  std::size_t fails_ = kNever;
  std::size_t held_ = kNever;
  std::size_t broken_ = kNever;
  std::size_t first_ = 0;  // of the part that was handed out last
  std::size_t given_ = 0;
  Reader* reader_ = nullptr;
  bool closed_ = false;
};

}  // namespace zerver::effects
