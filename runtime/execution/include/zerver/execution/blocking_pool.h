// Threads for calls that wait: files, databases, name lookups.
#pragma once

#include <zerver/core/time.h>
#include <zerver/execution/pool_job.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

namespace zerver::execution {

struct BlockingOptions {
  unsigned threads = 16;                               // the most; they are made when they are needed
  std::size_t queue = 1024;                            // jobs that wait; more are refused
  Duration idle_timeout = Duration::from_seconds(10);  // a thread without work for so long ends
};

struct BlockingStats {
  std::uint64_t ran = 0;
  std::uint64_t dropped = 0;
  std::uint64_t refused = 0;
  std::size_t waiting = 0;
  std::size_t running = 0;
  std::size_t threads = 0;
};

// First come, first served.
class BlockingPool {
 public:
  explicit BlockingPool(const BlockingOptions& options) : options_(options) {}
  // Drops what has not begun and waits for what has.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Any thread. kFull also when not even one thread can be made.
  [[nodiscard]] Submit submit(PoolJob& job) noexcept;
  // Takes the job out when it has not begun: true, and its end is not told. Any thread.
  [[nodiscard]] bool withdraw(PoolJob& job) noexcept;
  // As in ComputePool.
  void drain() noexcept;
  void stop() noexcept;
  bool join(Duration bound) noexcept;

  PoolState state() const noexcept;
  BlockingStats stats() const noexcept;

 private:
  bool make_thread() noexcept;
  void serve(std::list<std::thread>::iterator self) noexcept;
  void join_ended() noexcept;
  void stop_when_over() noexcept;

  const BlockingOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable stopped_;
  PoolState state_ = PoolState::kRunning;  // guarded by mutex_, like all below
  async::Job* first_ = nullptr;
  async::Job* last_ = nullptr;
  BlockingStats stats_;
  std::size_t idle_ = 0;
  std::list<std::thread> threads_;
  std::list<std::thread> ended_;  // to be joined
};

}  // namespace zerver::execution
