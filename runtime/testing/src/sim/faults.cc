#include "sim/fault_kinds.h"
#include <zerver/testing/faults.h>

#include <vector>

namespace zerver::testing {
namespace {

constexpr std::array<std::string_view, kFaultTypes> kNames = {
    "none", "error", "lost-request", "lost-answer", "duplicate", "slow", "disconnect"};

}  // namespace

std::string_view name_of(FaultType type) noexcept { return kNames[static_cast<std::size_t>(type)]; }

FaultPlan FaultPlan::calm() noexcept {
  FaultPlan plan;
  plan.latency_least = Duration::from_milliseconds(1);
  plan.latency_most = Duration::from_milliseconds(5);
  return plan;
}

FaultPlan FaultPlan::rough() noexcept {
  FaultPlan plan = calm();
  plan.error = 30;
  plan.lost_request = 10;
  plan.lost_answer = 15;
  plan.duplicate = 15;
  plan.slow = 20;
  plan.disconnect = 15;
  return plan;
}

Duration RandomFaults::between(Duration least, Duration most) noexcept {
  const auto span = static_cast<std::uint64_t>((most - least).nanoseconds);
  return {least.nanoseconds + static_cast<std::int64_t>(random_.below(span + 1))};
}

Injection RandomFaults::next(std::string_view target, const flow::Operation& operation) {
  const auto own = plans_.find(target);
  const FaultPlan& plan = own == plans_.end() ? usual_ : own->second;
  Injection injection;
  injection.delay = between(plan.latency_least, plan.latency_most);
  std::uint64_t drawn = random_.below(1'000);
  const auto hits = [&drawn](std::uint32_t chance) {
    if (drawn < chance) return true;
    drawn -= chance;
    return false;
  };
  const bool is_awaited_for_ever = operation.deadline() == TimePoint::never();
  if (hits(plan.error)) {
    injection.type = FaultType::kError;
    std::vector<FaultKind> kinds;
    for (const FaultKind kind : kFaultKinds) {
      const bool is_refusal = kind != FaultKind::kUnavailable && kind != FaultKind::kTimeout;
      if (operation.fails().contains(kind) && (plan.refusals || !is_refusal)) kinds.push_back(kind);
    }
    if (!kinds.empty()) injection.kind = kinds[random_.below(kinds.size())];
  } else if (hits(plan.lost_request)) {
    if (!is_awaited_for_ever) injection.type = FaultType::kLostRequest;
  } else if (hits(plan.lost_answer)) {
    if (!is_awaited_for_ever) injection.type = FaultType::kLostAnswer;
  } else if (hits(plan.duplicate)) {
    injection.type = FaultType::kDuplicate;
  } else if (hits(plan.slow)) {
    injection.type = FaultType::kSlow;
    injection.delay = between(plan.latency_most, {plan.latency_most.nanoseconds * plan.slow_factor});
  } else if (hits(plan.disconnect)) {
    injection.type = FaultType::kDisconnect;
  }
  return injection;
}

}  // namespace zerver::testing
