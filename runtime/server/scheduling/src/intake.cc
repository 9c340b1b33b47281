#include <zerver/server/scheduling/intake.h>

#include <algorithm>

namespace zerver::server {

async::PressurePolicy Intake::policy(const Scheduling& settings, std::size_t memory) noexcept {
  const auto& capacity = settings.queue.capacity;
  const std::size_t places = std::max<std::size_t>(2, std::min(capacity[0], capacity[1]));
  async::PressurePolicy policy;
  policy.longest = settings.longest_pause;
  policy.waiting = {.high = places - places / 4, .low = places / 2};
  if (memory != 0) policy.memory = {.high = memory, .low = memory / 8 * 7};
  return policy;
}

bool Intake::observe(const async::Pressure::Load& load) noexcept {
  const bool accepted = pressure_.accepts();
  const bool read = pressure_.reads();
  const TimePoint next = pressure_.next();
  pressure_.observe(load, loop_.now());
  if (accepted == pressure_.accepts() && read == pressure_.reads() && next == pressure_.next()) return false;
  accept_pauses_.raise_to(pressure_.accept_pauses());
  read_pauses_.raise_to(pressure_.read_pauses());
  accepts_.store(pressure_.accepts(), std::memory_order_relaxed);
  reads_.store(pressure_.reads(), std::memory_order_relaxed);
  if (pressure_.next() == TimePoint::never()) {
    loop_.stop(timer_);
  } else {
    loop_.start(timer_, pressure_.next());
  }
  return true;
}

void Intake::close() noexcept {
  loop_.stop(timer_);
  accepts_.store(false, std::memory_order_relaxed);
  reads_.store(true, std::memory_order_relaxed);
}

void Intake::add_to(SchedulerStats& stats) const noexcept {
  stats.accepts = accepts_.load(std::memory_order_relaxed);
  stats.reads = reads_.load(std::memory_order_relaxed);
  stats.accept_pauses = accept_pauses_.value();
  stats.read_pauses = read_pauses_.value();
}

}  // namespace zerver::server
