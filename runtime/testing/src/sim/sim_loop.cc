#include <zerver/testing/sim_loop.h>
#include <zerver/testing/sim_thread.h>

#include <algorithm>
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

void SimLoop::post_at(async::Job& job, TimePoint when) { later_.emplace(when, &job); }

void SimLoop::defer(async::Job& job) noexcept {
  (first_deferred_ == nullptr ? first_deferred_ : last_deferred_->next) = &job;
  last_deferred_ = &job;
  job.next = nullptr;
}

// One job, or one turn of a thread. False when there is nothing.
bool SimLoop::run_one() {
  if (first_deferred_ != nullptr) {
    std::exchange(first_deferred_, first_deferred_->next)->run();
    return true;
  }
  std::unique_lock lock(mutex_);
  const TimePoint time = now();
  const auto is_ready = [time](const SimThread* thread) { return thread->is_ready(time); };
  const auto ready = static_cast<std::size_t>(std::ranges::count_if(threads_, is_ready));
  if (posted_.empty() && ready == 0) return false;
  std::size_t chosen = order_.below(posted_.size() + ready);
  if (chosen < posted_.size()) {
    std::swap(posted_[chosen], posted_.back());
    async::Job* const job = posted_.back();
    posted_.pop_back();
    lock.unlock();
    job->run();
    return true;
  }
  auto thread = std::ranges::find_if(threads_, is_ready);
  for (chosen -= posted_.size(); chosen > 0; --chosen)
    thread = std::find_if(thread + 1, threads_.end(), is_ready);
  lock.unlock();
  (*thread)->go_on();
  return true;
}

bool SimLoop::run_ready() {
  const bool was_running = std::exchange(is_running_, true);
  bool any = false;
  while (run_one())
    any = true;
  is_running_ = was_running;
  return any;
}

TimePoint SimLoop::next() const noexcept {
  TimePoint first = wheel_.next();
  if (!later_.empty()) first = std::min(first, later_.begin()->first);
  for (const SimThread* const thread : threads_)
    first = std::min(first, thread->next());
  return first;
}

bool SimLoop::advance_to_next() {
  const TimePoint time = next();
  if (time == TimePoint::never()) return false;
  advance_to(time);
  return true;
}

void SimLoop::advance_to(TimePoint time) {
  const bool was_running = std::exchange(is_running_, true);
  clock_.advance_to(time);
  for (; !later_.empty() && later_.begin()->first <= time; later_.erase(later_.begin()))
    post(*later_.begin()->second);
  wheel_.advance(time);
  is_running_ = was_running;
}

void SimLoop::run() {
  do
    run_ready();
  while (advance_to_next());
}

void SimLoop::run_for(Duration span) {
  const TimePoint end = now() + span;
  run_ready();
  while (next() <= end && advance_to_next())
    run_ready();
  advance_to(end);
}

bool SimLoop::run_until(const std::function<bool()>& condition) {
  do
    run_ready();
  while (!condition() && advance_to_next());
  return condition();
}

void SimLoop::run_with_threads_until(const std::function<bool()>& condition) {
  while (run_ready(), !condition()) {
    std::unique_lock lock(mutex_);
    posted_somewhere_.wait(lock, [this] {
      return !posted_.empty() || std::ranges::any_of(threads_, [this](const SimThread* thread) {
        return thread->is_ready(now());
      });
    });
  }
}

}  // namespace zerver::testing
