#include "fleet.h"

#include "scheduler.h"

namespace zerver::server {

void Fleet::wake(RequestQueue::Taker taker) noexcept {
  for (Scheduler* const scheduler : schedulers_) {
    if (scheduler->taker() == taker && scheduler->wake()) return;
  }
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
