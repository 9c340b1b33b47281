// Threads for work that uses the processor.
#include "bounded_wait.h"
#include <zerver/execution/compute_pool.h>

#include <algorithm>
#include <array>
#include <string>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace zerver::execution {

namespace {

constexpr std::size_t kOwnQueue = 256;  // of one thread; what does not fit waits with what comes from outside
constexpr std::size_t kBatch = 16;      // jobs that a thread takes from there at once

// Of this thread only, which Linux allows (setpriority(2), "C library/kernel differences").
void lower_priority(int nice) noexcept {
  if (nice == 0) return;
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));
  // Without the right to it the thread stays as it is, which costs others time and is no error.
  static_cast<void>(setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + nice));
}

}  // namespace

struct ComputePool::Member {
  Member(ComputePool& the_pool, std::size_t the_index, Watchdog* watchdog)
      : pool(the_pool), index(the_index), queue(kOwnQueue) {
    if (watchdog != nullptr) heartbeat = &watchdog->watch("compute thread " + std::to_string(the_index));
  }

  // The member whose thread this is, so that jobs of jobs go to their thread's own queue.
  static thread_local Member* current;

  ComputePool& pool;
  std::size_t index;
  WorkDeque<PoolJob> queue;
  Heartbeat* heartbeat = nullptr;
  // Written by the thread alone.
  std::atomic<std::uint64_t> ran = 0;
  std::atomic<std::uint64_t> stolen = 0;
  std::atomic<std::uint64_t> overruns = 0;
  std::atomic<std::int64_t> longest = 0;
  std::thread thread;
};

thread_local ComputePool::Member* ComputePool::Member::current = nullptr;

ComputePool::ComputePool(const Clock& clock, const ComputeOptions& options)
    : clock_(clock), options_(options) {
  for (std::size_t index = 0; index < std::max(1U, options.threads); ++index)
    members_.push_back(std::make_unique<Member>(*this, index, options.watchdog));
  running_threads_ = members_.size();
  // Threads that could not be made keep their queue, which stays empty.
  std::size_t made = 0;
  try {
    for (; made < members_.size(); ++made) {
      Member& member = *members_[made];
      member.thread = std::thread([this, &member] { serve(member); });
    }
  } catch (const std::system_error&) {
    if (made == 0) throw;
    const std::lock_guard lock(mutex_);
    running_threads_ -= members_.size() - made;
  }
  PoolState starting = PoolState::kStarting;
  state_.compare_exchange_strong(starting, PoolState::kRunning, std::memory_order_acq_rel);
}

ComputePool::~ComputePool() {
  stop();
  for (const std::unique_ptr<Member>& member : members_) {
    if (member->thread.joinable()) member->thread.join();
  }
}

// --- Submitting ---

Submit ComputePool::submit(PoolJob& job) noexcept {
  Member* const own =
      Member::current != nullptr && &Member::current->pool == this ? Member::current : nullptr;
  // First counted, then looked: so that draining either sees this job or is seen by it.
  if (outstanding_.fetch_add(1, std::memory_order_seq_cst) >= options_.queue + members_.size()) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    leave();
    return Submit::kFull;
  }
  const PoolState state = state_.load(std::memory_order_seq_cst);
  if (state == PoolState::kStopped || (own == nullptr && state == PoolState::kDraining) ||
      dropping_.load(std::memory_order_seq_cst)) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    leave();
    return Submit::kStopped;
  }
  job.accept();
  if (own != nullptr && own->queue.push(job)) {
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
      const std::lock_guard lock(mutex_);
      wake_.notify_one();
    }
    return Submit::kAccepted;
  }
  const std::lock_guard lock(mutex_);
  job.next = nullptr;
  (last_ == nullptr ? first_ : last_->next) = &job;
  last_ = &job;
  injected_.fetch_add(1, std::memory_order_relaxed);
  if (sleepers_.load(std::memory_order_relaxed) > 0) wake_.notify_one();
  return Submit::kAccepted;
}

// --- The threads ---

void ComputePool::serve(Member& member) noexcept {
  Member::current = &member;
  lower_priority(options_.nice);
  while (PoolJob* const job = next_job(member))
    run(member, *job);
  const std::lock_guard lock(mutex_);
  if (--running_threads_ == 0) {
    state_.store(PoolState::kStopped, std::memory_order_release);
    stopped_.notify_all();
  }
}

PoolJob* ComputePool::next_job(Member& member) noexcept {
  if (PoolJob* const job = member.queue.pop()) return job;
  if (injected_.load(std::memory_order_relaxed) > 0) {
    if (PoolJob* const job = take_injected(member)) return job;
  }
  if (PoolJob* const job = steal(member)) return job;
  return wait_for_job(member);
}

// The oldest, and a fair share of those behind it for the thread's own queue, which is empty.
PoolJob* ComputePool::take_injected(Member& member) noexcept {
  const std::lock_guard lock(mutex_);
  const auto pop = [this] {
    auto* const job = static_cast<PoolJob*>(first_);
    first_ = std::exchange(job->next, nullptr);
    if (first_ == nullptr) last_ = nullptr;
    injected_.fetch_sub(1, std::memory_order_relaxed);
    return job;
  };
  if (first_ == nullptr) return nullptr;
  PoolJob* const taken = pop();
  std::size_t more = std::min(kBatch, injected_.load(std::memory_order_relaxed) / members_.size());
  // The youngest of them goes in first, so that the thread itself takes the oldest next.
  std::array<PoolJob*, kBatch> batch{};
  for (std::size_t index = 0; index < more; ++index)
    batch[index] = pop();
  while (more > 0)
    static_cast<void>(member.queue.push(*batch[--more]));  // it is empty and larger than a batch
  if (sleepers_.load(std::memory_order_relaxed) > 0 && member.queue.size() > 0) wake_.notify_one();
  return taken;
}

PoolJob* ComputePool::steal(Member& member) noexcept {
  for (std::size_t step = 1; step < members_.size(); ++step) {
    Member& victim = *members_[(member.index + step) % members_.size()];
    if (PoolJob* const job = victim.queue.steal()) {
      member.stolen.fetch_add(1, std::memory_order_relaxed);
      // One thread that wakes wakes the next, as long as there is more.
      if (victim.queue.size() > 0 && sleepers_.load(std::memory_order_seq_cst) > 0) {
        const std::lock_guard lock(mutex_);
        wake_.notify_one();
      }
      return job;
    }
  }
  return nullptr;
}

bool ComputePool::anything_to_steal() const noexcept {
  return std::any_of(members_.begin(), members_.end(),
                     [](const std::unique_ptr<Member>& member) { return member->queue.size() > 0; });
}

bool ComputePool::over() const noexcept {
  return state_.load(std::memory_order_seq_cst) == PoolState::kDraining &&
         outstanding_.load(std::memory_order_seq_cst) == 0;
}

// Null when the pool has drained.
PoolJob* ComputePool::wait_for_job(Member& member) noexcept {
  // With 0 it is the end of the last job that makes the pool drain, not the wait for the first.
  const Duration patience = options_.idle_timeout.nanoseconds == 0 ? Duration::max() : options_.idle_timeout;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      // Announced before it looks: whoever pushes without the lock either is seen or sees this.
      sleepers_.fetch_add(1, std::memory_order_seq_cst);
      bool idle_too_long = false;
      while (first_ == nullptr && !anything_to_steal() && !over()) {
        if (!wait_bounded(wake_, lock, patience) && outstanding_.load(std::memory_order_seq_cst) == 0) {
          idle_too_long = true;
          break;
        }
      }
      sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      if (over()) return nullptr;
      if (idle_too_long) {
        lock.unlock();
        drain();
      }
    }
    if (injected_.load(std::memory_order_relaxed) > 0) {
      if (PoolJob* const job = take_injected(member)) return job;
    }
    if (PoolJob* const job = steal(member)) return job;
  }
}

void ComputePool::run(Member& member, PoolJob& job) noexcept {
  if (dropping_.load(std::memory_order_relaxed)) return drop(job);
  const TimePoint begin = clock_.now();
  if (member.heartbeat != nullptr) member.heartbeat->begin(begin);
  job.perform();
  if (member.heartbeat != nullptr) member.heartbeat->end();
  const Duration took = clock_.now() - begin;
  member.ran.fetch_add(1, std::memory_order_relaxed);
  if (took > options_.budget) member.overruns.fetch_add(1, std::memory_order_relaxed);
  if (took.nanoseconds > member.longest.load(std::memory_order_relaxed))
    member.longest.store(took.nanoseconds, std::memory_order_relaxed);
  end(job);
}

void ComputePool::end(PoolJob& job) noexcept {
  job.tell_end();
  leave();
}

// The last one to leave wakes those that wait for that.
void ComputePool::leave() noexcept {
  if (outstanding_.fetch_sub(1, std::memory_order_seq_cst) != 1) return;
  if (options_.idle_timeout.nanoseconds == 0) return drain();
  if (state_.load(std::memory_order_seq_cst) == PoolState::kDraining) {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
}

// --- Stopping ---

void ComputePool::drain() noexcept { begin_draining(false); }

void ComputePool::stop() noexcept { begin_draining(true); }

void ComputePool::begin_draining(bool dropping) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (dropping) dropping_.store(true, std::memory_order_seq_cst);
    if (state() < PoolState::kDraining) state_.store(PoolState::kDraining, std::memory_order_seq_cst);
    wake_.notify_all();
  }
  if (dropping) drop_waiting();
}

void ComputePool::drop_waiting() noexcept {
  async::Job* job = nullptr;
  {
    const std::lock_guard lock(mutex_);
    job = std::exchange(first_, nullptr);
    last_ = nullptr;
    injected_.store(0, std::memory_order_relaxed);
  }
  while (job != nullptr) {
    auto& dropped = static_cast<PoolJob&>(*job);
    job = std::exchange(job->next, nullptr);
    drop(dropped);
  }
  // What a thread is just taking out of its own queue it drops itself.
  for (const std::unique_ptr<Member>& member : members_) {
    while (PoolJob* const own = member->queue.steal())
      drop(*own);
  }
}

void ComputePool::drop(PoolJob& job) noexcept {
  dropped_.fetch_add(1, std::memory_order_relaxed);
  end(job);
}

bool ComputePool::join(Duration bound) noexcept {
  drain();
  {
    std::unique_lock lock(mutex_);
    if (wait_bounded(stopped_, lock, bound, [this] { return running_threads_ == 0; })) return true;
  }
  stop();
  return false;
}

void ComputePool::wait_until_stopped() noexcept {
  std::unique_lock lock(mutex_);
  stopped_.wait(lock, [this] { return running_threads_ == 0; });
}

ComputeStats ComputePool::stats() const noexcept {
  ComputeStats stats;
  for (const std::unique_ptr<Member>& member : members_) {
    stats.ran += member->ran.load(std::memory_order_relaxed);
    stats.stolen += member->stolen.load(std::memory_order_relaxed);
    stats.overruns += member->overruns.load(std::memory_order_relaxed);
    stats.longest = std::max(stats.longest, Duration{member->longest.load(std::memory_order_relaxed)});
  }
  stats.dropped = dropped_.load(std::memory_order_relaxed);
  stats.refused = refused_.load(std::memory_order_relaxed);
  stats.outstanding = outstanding_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace zerver::execution
