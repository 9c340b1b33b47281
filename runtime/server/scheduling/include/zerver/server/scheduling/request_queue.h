// The requests of one worker that wait for their turn; other workers may take some.
#pragma once

#include <zerver/async/scheduling/controlled_delay.h>
#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/core/time.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

namespace zerver::server {

// Any thread. The lock is held for a few dozen nanoseconds, and only requests that have to wait pay for it.
class RequestQueue {
 public:
  enum class Taker : bool { kWorker, kBatchWorker };
  struct Taken {
    ServedExchange* exchange = nullptr;
    Duration wait;
    bool shed = false;  // it has waited too long in a queue that stands
  };

  // `batch_workers`: there are some; then workers leave the class `batch` to them.
  RequestQueue(const Scheduling& settings, bool batch_workers) noexcept;

  // False when its class is full.
  [[nodiscard]] bool push(ServedExchange& exchange, async::Priority priority, TimePoint since,
                          TimePoint deadline) noexcept;
  // The one whose turn it is; `taken` is called under the lock, before anybody else can see it.
  template <class OnTaken> Taken take(Taker taker, TimePoint now, OnTaken taken) noexcept {
    const std::lock_guard lock(mutex_);
    const Taken result = choose(taker, now);
    if (result.exchange != nullptr) taken(*result.exchange);
    return result;
  }
  // Since when the one waits that has done so for longest; never() when there is none.
  TimePoint oldest(async::Priority priority) const noexcept {
    if (size(priority) == 0) return TimePoint::never();
    const std::lock_guard lock(mutex_);
    const async::Scheduled* const entry = queue_.oldest(priority);
    return entry == nullptr ? TimePoint::never() : entry->since();
  }
  // True: it waited, and does not any more.
  bool remove(ServedExchange& exchange) noexcept;

  bool holds(const ServedExchange& exchange) const noexcept {
    const std::lock_guard lock(mutex_);
    return exchange.waiting();
  }

  // Something is there that this taker would get. Ordered with other sequentially consistent operations.
  bool has_work(Taker taker) const noexcept {
    const bool batch = size(async::Priority::kBatch) != 0;
    if (taker == Taker::kBatchWorker) return batch;
    return size(async::Priority::kInteractive) != 0 || size(async::Priority::kNormal) != 0 ||
           (batch && !batch_workers_);
  }
  bool empty() const noexcept {
    return std::ranges::all_of(sizes_, [](const auto& size) { return size.load() == 0; });
  }
  std::size_t size(async::Priority priority) const noexcept {
    return sizes_[static_cast<std::size_t>(priority)].load(std::memory_order_seq_cst);
  }
  // Interactive or normal requests wait, and have waited too long, as of the last interval.
  bool stands() const noexcept {
    return stands_.load(std::memory_order_relaxed) &&
           size(async::Priority::kInteractive) + size(async::Priority::kNormal) != 0;
  }
  // A request began without waiting.
  void note_no_wait() noexcept {
    if (!no_wait_.load(std::memory_order_relaxed)) no_wait_.store(true, std::memory_order_relaxed);
  }

 private:
  Taken choose(Taker taker, TimePoint now) noexcept;
  void publish_size(async::Priority priority) noexcept;

  const bool batch_workers_;
  mutable std::mutex mutex_;
  async::ReadyQueue queue_;  // guarded by mutex_, as is delay_
  std::array<async::ControlledDelay, async::kPriorities> delay_;
  std::array<std::atomic<std::size_t>, async::kPriorities> sizes_{};
  std::atomic<bool> no_wait_ = false;
  std::atomic<bool> stands_ = false;
};

}  // namespace zerver::server
