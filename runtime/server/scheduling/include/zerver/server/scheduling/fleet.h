// The workers of one server, as they see each other.
#pragma once

#include <zerver/core/time.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/scheduling/batch_urgency.h>
#include <zerver/server/scheduling/request_limits.h>
#include <zerver/server/scheduling/request_queue.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <span>
#include <vector>

namespace zerver::server {

class Scheduler;

// Workers are added before they run. Everything else is for any thread.
class Fleet {
 public:
  Fleet(const Scheduling& settings, std::size_t batch_workers, TimePoint now) noexcept
      : settings_(settings),
        batch_workers_(batch_workers),
        limits_(settings, now),
        batch_urgency_(settings.queue.lead[static_cast<std::size_t>(async::Priority::kBatch)]) {}

  void add(Scheduler& scheduler) { schedulers_.push_back(&scheduler); }
  std::span<Scheduler* const> schedulers() const noexcept { return schedulers_; }
  const Scheduling& settings() const noexcept { return settings_; }
  RequestLimits& limits() noexcept { return limits_; }
  bool has_batch_workers() const noexcept { return batch_workers_ != 0; }
  // There are others that could take what one cannot do at once.
  bool shares() const noexcept { return schedulers_.size() > 1; }
  // A worker takes from others what is not for batch workers.
  bool steals() const noexcept { return settings_.steal && shares(); }

  // Wakes one that has nothing to do; harmless when there is none.
  void wake(RequestQueue::Taker taker) noexcept;

  // Whose share of the processors follows how long batch work waits; outlives the workers' running. Before
  // they run; null: nobody's.
  void set_batch_threads(BatchThreads* threads) noexcept { batch_threads_ = threads; }
  // Looks how long batch work waits, or is under way. Returns when to look again: never() while there is
  // none.
  TimePoint watch_batch(TimePoint now) noexcept;

  // --- The end: a worker without connections may still run what it has taken over, so all end together ---

  // One more thread is about to run, or could not be started.
  void note_started() noexcept { running_.fetch_add(1); }
  void note_not_started() noexcept;
  // A worker that has clients has none any more, and will have none.
  void note_drained() noexcept;

 private:
  void stop_when_all_drained() noexcept;

  const Scheduling& settings_;
  const std::size_t batch_workers_;
  RequestLimits limits_;
  std::mutex batch_mutex_;
  BatchUrgency batch_urgency_;  // guarded by batch_mutex_
  BatchThreads* batch_threads_ = nullptr;
  std::vector<Scheduler*> schedulers_;
  std::atomic<std::size_t> running_ = 0;  // workers that have clients
  std::atomic<std::size_t> drained_ = 0;
};

}  // namespace zerver::server
