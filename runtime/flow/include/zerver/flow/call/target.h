// One outside system, as the flows of one worker reach it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

class Adapter;

// How many operations of all workers a target has in flight. At the cap the next one fails with
// `unavailable`.
class InFlight {
 public:
  explicit InFlight(std::uint32_t cap) noexcept : cap_(cap) {}

  bool try_enter() noexcept {
    if (count_.fetch_add(1, std::memory_order_relaxed) < cap_) return true;
    leave();
    return false;
  }
  void leave() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  std::uint32_t cap_;
  std::atomic<std::uint32_t> count_ = 0;
};

struct Target {
  std::string_view name;
  Adapter* adapter;
  InFlight* in_flight;
};

}  // namespace zerver::flow
