// The pools of a program and the order in which they end.
#include <zerver/execution/task_system.h>

#include <algorithm>

namespace zerver::execution {

namespace {

std::unique_ptr<Watchdog> make_watchdog(const Clock& clock, Log& log, Duration limit) {
  if (limit == Duration::max()) return nullptr;
  auto watchdog = std::make_unique<Watchdog>(clock, log, limit);
  watchdog->start();
  return watchdog;
}

ComputeOptions watched(ComputeOptions options, Watchdog* watchdog) {
  if (options.watchdog == nullptr) options.watchdog = watchdog;
  return options;
}

}  // namespace

TaskSystem::TaskSystem(const Clock& clock, Log& log, const TaskSystemOptions& options)
    : clock_(clock),
      watchdog_(make_watchdog(clock, log, options.watchdog)),
      blocking_(options.blocking),
      compute_(clock, watched(options.compute, watchdog_.get())) {}

bool TaskSystem::join(Duration bound) noexcept {
  const TimePoint end = clock_.now() + bound;
  const bool computed = compute_.join(bound);
  const Duration left{std::max<std::int64_t>(0, (end - clock_.now()).nanoseconds)};
  const bool blocked = blocking_.join(bound == Duration::max() ? bound : left);
  return computed && blocked;
}

}  // namespace zerver::execution
