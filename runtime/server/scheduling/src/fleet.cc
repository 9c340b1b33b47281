#include <zerver/server/scheduling/fleet.h>
#include <zerver/server/scheduling/scheduler.h>

#include <algorithm>

namespace zerver::server {

void Fleet::wake(RequestQueue::Taker taker) noexcept {
  for (Scheduler* const scheduler : schedulers_) {
    if (scheduler->taker() == taker && scheduler->wake()) return;
  }
}

TimePoint Fleet::watch_batch(TimePoint now) noexcept {
  const std::lock_guard lock(batch_mutex_);
  TimePoint oldest = TimePoint::never();
  for (const Scheduler* const scheduler : schedulers_)
    oldest = std::min(oldest, scheduler->oldest_batch());
  const bool was_urgent = batch_urgency_.urgent();
  const TimePoint next = batch_urgency_.observe(oldest, now);
  if (was_urgent != batch_urgency_.urgent() && batch_threads_ != nullptr)
    batch_threads_->set_urgent(batch_urgency_.urgent());
  return next;
}

void Fleet::note_not_started() noexcept {
  running_.fetch_sub(1);
  stop_when_all_drained();
}

void Fleet::note_drained() noexcept {
  drained_.fetch_add(1);
  stop_when_all_drained();
}

void Fleet::stop_when_all_drained() noexcept {
  if (drained_.load() < running_.load()) return;
  for (Scheduler* const scheduler : schedulers_)
    scheduler->stop();
}

}  // namespace zerver::server
