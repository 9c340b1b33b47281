#include <zerver/flow/call/shared_target.h>

namespace zerver::flow {

TargetStats stats_of(std::string_view name, const SharedTarget& target) {
  TargetStats stats;
  stats.name = name;
  stats.in_flight = target.in_flight.count();
  stats.in_flight_cap = target.in_flight.cap();
  stats.waiting = target.in_flight.waiting();
  if (target.breaker) {
    stats.breaker = target.breaker->state();
    stats.breaker_openings = target.breaker->openings();
  }
  if (target.retry_budget) stats.retries_left = target.retry_budget->left();
  return stats;
}

void add(TargetStats& stats, const TargetCounts& counts) noexcept {
#define TARGET_COUNT(member) stats.member += counts.member.value();
#include <zerver/flow/call/target_counts.def>
#undef TARGET_COUNT
}

}  // namespace zerver::flow
