// One outside system, as all workers of a process share it.
#pragma once

#include <zerver/flow/call/target.h>
#include <zerver/flow/service.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace zerver::flow {

// Outlives the Targets that refer to it.
struct SharedTarget {
  explicit SharedTarget(const TargetInfo& info) : in_flight(info.in_flight, info.queue) {
    if (info.breaker.percent != 0) breaker.emplace(info.breaker);
    if (info.retry_budget_percent != 0) retry_budget.emplace(info.retry_budget_percent);
  }

  Breaker* breaker_or_null() noexcept { return breaker ? &*breaker : nullptr; }
  RetryBudget* retry_budget_or_null() noexcept { return retry_budget ? &*retry_budget : nullptr; }

  InFlight in_flight;
  std::optional<Breaker> breaker;
  std::optional<RetryBudget> retry_budget;
};

// What all workers together have done with a target, at one moment or nearly.
struct TargetStats {
  std::string_view name;
  std::uint32_t in_flight = 0;
  std::uint32_t in_flight_cap = 0;
  std::uint32_t waiting = 0;  // for a place
  std::optional<Breaker::State> breaker;
  std::uint64_t breaker_openings = 0;
  std::optional<std::uint32_t> retries_left;  // of its budget
#define TARGET_COUNT(member) std::uint64_t member = 0;
#include <zerver/flow/call/target_counts.def>
#undef TARGET_COUNT
};

// Without counts; add() those of each worker. Any thread.
TargetStats stats_of(std::string_view name, const SharedTarget& target);
void add(TargetStats& stats, const TargetCounts& counts) noexcept;

}  // namespace zerver::flow
