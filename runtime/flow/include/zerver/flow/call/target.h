// One outside system, as the flows of one worker reach it.
#pragma once

#include <zerver/core/time.h>
#include <zerver/flow/call/breaker.h>
#include <zerver/flow/call/budget.h>
#include <zerver/flow/call/in_flight.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace zerver::flow {

class Adapter;
class OperationCounts;
struct OperationInfo;

// Written by one thread, read by any.
class Count {
 public:
  void operator++() noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// What one worker has done with a target since the start; TARGET_COUNT(member) for each.
struct TargetCounts {
#define TARGET_COUNT(member) Count member;
#include <zerver/flow/call/target_counts.def>
#undef TARGET_COUNT
};

// Pinned: whoever waits for a place does so in `room`.
struct Target {
  std::string_view name;
  Adapter* adapter;
  InFlight* in_flight;
  Breaker* breaker = nullptr;           // null: none
  RetryBudget* retry_budget = nullptr;  // null: unbounded
  // Of an attempt without a timeout in a flow without a deadline.
  Duration timeout = Duration::max();
  InFlight::Room room = {};
  TargetCounts counts = {};
  std::span<const OperationInfo> operations = {};  // of its adapter, as far as they are known
  OperationCounts* by_operation = nullptr;         // one for each of these; null: nobody wants to know
};

}  // namespace zerver::flow
