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

void SimLoop::defer(async::Job& job) noexcept {
  (first_deferred_ == nullptr ? first_deferred_ : last_deferred_->next) = &job;
  last_deferred_ = &job;
  job.next = nullptr;
}

bool SimLoop::run_ready() {
  bool any = false;
  while (true) {
    async::Job* job = nullptr;
    if (first_deferred_ != nullptr) {
      job = first_deferred_;
      first_deferred_ = job->next;
    } else {
      const std::lock_guard lock(mutex_);
      if (posted_.empty()) return any;
      std::swap(posted_[order_.below(posted_.size())], posted_.back());
      job = posted_.back();
      posted_.pop_back();
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
