// A count that one thread keeps and any thread may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace zerver {

// Written by one thread at a time, so counting costs no more than with a plain number; read by any, at any
// time, a little late. Says nothing about the order of other memory.
class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { set(value() + count); }
  void take_off(std::uint64_t count = 1) noexcept { set(value() - count); }
  void raise_to(std::uint64_t value_seen) noexcept {
    if (value_seen > value()) set(value_seen);
  }
  void set(std::uint64_t new_value) noexcept { value_.store(new_value, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace zerver
