// Threads for work that uses the processor, so that no loop is held up by it.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/time.h>
#include <zerver/execution/pool_job.h>
#include <zerver/execution/watchdog.h>
#include <zerver/execution/work_deque.h>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace zerver::execution {

struct ComputeOptions {
  unsigned threads = 1;
  std::size_t queue = 4096;           // jobs that wait; more are refused
  Duration budget = Duration::max();  // a job that runs longer is counted as an overrun
  Duration idle_timeout =
      Duration::max();           // without work for so long it drains by itself; 0: with its last job
  int nice = 0;                  // added to the threads' priority value: 19 gives way to everything
  Watchdog* watchdog = nullptr;  // told of jobs; outlives the pool
};

// Counted since the start; each number is exact, together they are of about one moment.
struct ComputeStats {
  std::uint64_t ran = 0;
  std::uint64_t dropped = 0;
  std::uint64_t refused = 0;
  std::uint64_t stolen = 0;  // taken from another thread's queue
  std::uint64_t overruns = 0;
  Duration longest;             // job
  std::size_t outstanding = 0;  // accepted and not ended
};

// Each thread has a queue of its own for the jobs that its jobs submit; what comes from outside waits in one
// queue for all, and a thread without work steals. Nothing is promised about order.
class ComputePool {
 public:
  // `clock` outlives the pool. Throws std::system_error when not even one thread can be made; with fewer than
  // asked for it goes on.
  ComputePool(const Clock& clock, const ComputeOptions& options);
  // Drops what has not begun and waits for what has.
  ~ComputePool();
  ComputePool(const ComputePool&) = delete;
  ComputePool& operator=(const ComputePool&) = delete;

  // Any thread.
  [[nodiscard]] Submit submit(PoolJob& job) noexcept;
  // Nothing from outside is accepted any more. What jobs of this pool submit belongs to them, and is.
  void drain() noexcept;
  // Like drain(), and what has not begun is dropped.
  void stop() noexcept;
  // drain(), and waits until everything has ended and the threads have, at most for `bound`. When that has
  // passed, what has not begun is dropped and false returned; a job that still runs is waited for by the
  // destructor. Not for threads of the pool.
  bool join(Duration bound) noexcept;
  // Waits until the pool has stopped by itself, by drain() or by idle_timeout.
  void wait_until_stopped() noexcept;

  PoolState state() const noexcept { return state_.load(std::memory_order_acquire); }
  unsigned threads() const noexcept { return static_cast<unsigned>(members_.size()); }
  // Any thread, without stopping anything.
  ComputeStats stats() const noexcept;

 private:
  struct Member;

  void serve(Member& member) noexcept;
  PoolJob* next_job(Member& member) noexcept;
  PoolJob* take_injected(Member& member) noexcept;
  PoolJob* steal(Member& member) noexcept;
  PoolJob* wait_for_job(Member& member) noexcept;
  bool anything_to_steal() const noexcept;
  void run(Member& member, PoolJob& job) noexcept;
  void drop_waiting() noexcept;
  void drop(PoolJob& job) noexcept;
  void end(PoolJob& job) noexcept;
  void leave() noexcept;
  void begin_draining(bool dropping) noexcept;
  bool over() const noexcept;

  const Clock& clock_;
  const ComputeOptions options_;
  std::atomic<PoolState> state_ = PoolState::kStarting;
  std::atomic<bool> dropping_ = false;
  std::atomic<std::size_t> outstanding_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::atomic<std::size_t> sleepers_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable stopped_;
  async::Job* first_ = nullptr;  // from outside; guarded by mutex_, like all below
  async::Job* last_ = nullptr;
  std::atomic<std::size_t> injected_ = 0;  // written under mutex_
  std::size_t running_threads_ = 0;

  std::vector<std::unique_ptr<Member>> members_;  // not changed once the threads run
};

}  // namespace zerver::execution
