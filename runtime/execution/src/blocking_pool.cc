// Threads for calls that wait.
#include "bounded_wait.h"
#include <zerver/execution/blocking_pool.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace zerver::execution {

namespace {

// The pool that this thread belongs to: what its jobs submit is accepted while it drains.
thread_local const BlockingPool* pool_of_thread = nullptr;

}  // namespace

BlockingPool::~BlockingPool() {
  stop();
  {
    std::unique_lock lock(mutex_);
    stopped_.wait(lock, [this] { return threads_.empty(); });
  }
  join_ended();
}

PoolState BlockingPool::state() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_;
}

BlockingStats BlockingPool::stats() const noexcept {
  const std::lock_guard lock(mutex_);
  BlockingStats stats = stats_;
  stats.threads = threads_.size();
  return stats;
}

Submit BlockingPool::submit(PoolJob& job) noexcept {
  join_ended();
  const std::lock_guard lock(mutex_);
  if (state_ == PoolState::kStopped || (state_ == PoolState::kDraining && pool_of_thread != this)) {
    ++stats_.refused;
    return Submit::kStopped;
  }
  const bool needs_thread = idle_ <= stats_.waiting && threads_.size() < std::max(1U, options_.threads);
  const bool has_room = stats_.waiting < options_.queue || idle_ > stats_.waiting || needs_thread;
  if (!has_room || (needs_thread && !make_thread() && threads_.empty())) {
    ++stats_.refused;
    return Submit::kFull;
  }
  job.accept();
  job.next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = &job;
  last_ = &job;
  ++stats_.waiting;
  wake_.notify_one();
  return Submit::kAccepted;
}

bool BlockingPool::make_thread() noexcept {
  try {
    const auto place = threads_.emplace(threads_.end());
    try {
      *place = std::thread([this, place] { serve(place); });  // it waits for the mutex first
    } catch (...) {
      threads_.erase(place);
      throw;
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

bool BlockingPool::withdraw(PoolJob& job) noexcept {
  const std::lock_guard lock(mutex_);
  async::Job* previous = nullptr;
  for (async::Job* each = first_; each != nullptr; previous = std::exchange(each, each->next)) {
    if (each != &job) continue;
    (previous == nullptr ? first_ : previous->next) = job.next;
    if (last_ == &job) last_ = previous;
    --stats_.waiting;
    stop_when_over();
    return true;
  }
  return false;
}

void BlockingPool::serve(std::list<std::thread>::iterator self) noexcept {
  pool_of_thread = this;
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    const auto ready = [this] {
      return first_ != nullptr || (state_ != PoolState::kRunning && stats_.running == 0);
    };
    wait_bounded(wake_, lock, options_.idle_timeout, ready);
    --idle_;
    if (first_ == nullptr) break;
    auto* const job = static_cast<PoolJob*>(first_);
    first_ = std::exchange(job->next, nullptr);
    if (first_ == nullptr) last_ = nullptr;
    --stats_.waiting;
    ++stats_.running;
    lock.unlock();
    job->perform();
    job->tell_end();
    lock.lock();
    --stats_.running;
    ++stats_.ran;
    stop_when_over();
  }
  ended_.splice(ended_.end(), threads_, self);
  if (threads_.empty()) {
    if (state_ == PoolState::kDraining) state_ = PoolState::kStopped;
    stopped_.notify_all();
  }
}

// Behind whatever may have been the last job.
void BlockingPool::stop_when_over() noexcept {
  if (state_ != PoolState::kDraining || stats_.running > 0 || first_ != nullptr) return;
  wake_.notify_all();
  if (threads_.empty()) {
    state_ = PoolState::kStopped;
    stopped_.notify_all();
  }
}

void BlockingPool::join_ended() noexcept {
  std::list<std::thread> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) {
    // A job that submits may be told to join its own pool's threads, but never its own: that has not ended.
    thread.join();
  }
}

void BlockingPool::drain() noexcept {
  const std::lock_guard lock(mutex_);
  if (state_ == PoolState::kRunning) state_ = PoolState::kDraining;
  stop_when_over();
}

void BlockingPool::stop() noexcept {
  async::Job* job = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == PoolState::kRunning) state_ = PoolState::kDraining;
    job = std::exchange(first_, nullptr);
    last_ = nullptr;
    stats_.dropped += std::exchange(stats_.waiting, 0);
    stop_when_over();
  }
  while (job != nullptr) {
    auto& dropped = static_cast<PoolJob&>(*job);
    job = std::exchange(job->next, nullptr);
    dropped.tell_end();
  }
}

bool BlockingPool::join(Duration bound) noexcept {
  drain();
  {
    std::unique_lock lock(mutex_);
    if (!wait_bounded(stopped_, lock, bound, [this] { return threads_.empty(); })) {
      lock.unlock();
      stop();
      return false;
    }
  }
  join_ended();
  return true;
}

}  // namespace zerver::execution
