#include <zerver/testing/sim_loop.h>

#include <utility>

namespace zerver::testing {

SimLoop::SimLoop(std::uint64_t seed, Timestamp wall_at_start) noexcept
    : clock_(wall_at_start), wheel_(clock_.now()), order_(seed) {}

void SimLoop::post(async::Job& job) noexcept {
  // Under the lock to the end: the loop may be gone as soon as the job has run.
  const std::lock_guard lock(mutex_);
  posted_.push_back(&job);
  posted_somewhere_.notify_one();
}

bool SimLoop::run_ready() {
  bool any = false;
  while (true) {
    async::Job* job = nullptr;
    if (!deferred_.empty()) {
      job = deferred_.front();
      deferred_.erase(deferred_.begin());
    } else {
      const std::lock_guard lock(mutex_);
      if (posted_.empty()) return any;
      const auto index = static_cast<std::ptrdiff_t>(order_.below(posted_.size()));
      job = posted_[static_cast<std::size_t>(index)];
      posted_.erase(posted_.begin() + index);
    }
    job->run();
    any = true;
  }
}

bool SimLoop::advance_to_next_timer() {
  const TimePoint next = wheel_.next();
  if (next == TimePoint::never()) return false;
  clock_.advance_to(next);
  wheel_.advance(clock_.now());
  return true;
}

void SimLoop::run() {
  do
    run_ready();
  while (advance_to_next_timer());
}

void SimLoop::run_for(Duration span) {
  const TimePoint end = now() + span;
  run_ready();
  while (wheel_.next() <= end && advance_to_next_timer())
    run_ready();
  clock_.advance_to(end);
  wheel_.advance(end);
}

bool SimLoop::run_until(const std::function<bool()>& condition) {
  do
    run_ready();
  while (!condition() && advance_to_next_timer());
  return condition();
}

void SimLoop::run_with_threads_until(const std::function<bool()>& condition) {
  while (run_ready(), !condition()) {
    std::unique_lock lock(mutex_);
    posted_somewhere_.wait(lock, [this] { return !posted_.empty(); });
  }
}

}  // namespace zerver::testing
