// When and where requests run: one worker's share of it.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/scheduling/quanta.h>
#include <zerver/core/clock.h>
#include <zerver/core/counter.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/scheduling/bound_package.h>
#include <zerver/server/scheduling/fleet.h>
#include <zerver/server/scheduling/flow_load.h>
#include <zerver/server/scheduling/request_queue.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace zerver::server {

// A request begins at once while nothing waits and the worker has not run for longer than a quantum since it
// last looked at its sockets. Else it waits in the worker's queue, which is worked off for a quantum at a
// time, between looks at the sockets. Whoever has nothing to do takes from the queues of others; batch work
// is left to the batch workers, if there are any. A flow that has begun stays where it is, and goes on as
// soon as what it waits for is there.
//
// For the worker's thread, except for wake(), stop() and what is said to be for any.
class Scheduler final : public flow::Gate {
 public:
  // The thread that the worker is, as far as this has to know; called on that thread.
  class Host {
   public:
    // What waits here may have become more or less.
    virtual void on_load() noexcept = 0;
    // Time has gone by within a turn: the loop's now() is to be read anew.
    virtual void read_time() noexcept = 0;
    // Every worker of the fleet has drained: the thread may end.
    virtual void end() noexcept = 0;
    // Since when it has been at what it does without looking at its loop; never() when it does nothing. Any
    // thread.
    virtual TimePoint busy_since() const noexcept = 0;

   protected:
    ~Host() = default;
  };

  // Runs on the worker's loop. All outlive it.
  Scheduler(Fleet& fleet, Host& host, flow::Worker& worker, RequestQueue::Taker taker);
  ~Scheduler();

  // Before it runs, and when the limits of the fleet have been prepared.
  void bind(std::vector<BoundPackage> packages);
  // Begins to look for work of others.
  void start() noexcept { go_idle(); }

  // --- For the connections of this worker ---

  // Routes the request. kLater: owner->on_finished() follows.
  flow::Handled handle(ServedExchange& exchange);
  // For an exchange that was handled kLater and is not finished: gives the request up, wherever it is. It may
  // be finished before this returns.
  void cancel(ServedExchange& exchange) noexcept;
  // Requests that wait in the class that has more of them; batch work, which may wait for long, is left out.
  std::size_t waiting() const noexcept {
    return std::max(queue_.size(async::Priority::kInteractive), queue_.size(async::Priority::kNormal));
  }
  bool queue_stands() const noexcept { return queue_.stands(); }
  // The response is final, or nobody waits for it any more; once for each request that was handled.
  void note_answered(ServedExchange& exchange) noexcept;

  // --- For other workers ---

  RequestQueue::Taker taker() const noexcept { return taker_; }
  // Since when batch work waits here, or is run, without having come to an end; never() when there is none.
  TimePoint oldest_batch() const noexcept {
    const TimePoint waits = queue_.oldest(async::Priority::kBatch);
    return taker_ == RequestQueue::Taker::kBatchWorker ? std::min(waits, host_.busy_since()) : waits;
  }
  // False when it is busy, or being woken.
  bool wake() noexcept;
  // Ends the thread, even one that has not begun to run.
  void stop() noexcept {
    if (!stop_posted_.exchange(true)) loop_.post(stop_job_);
  }

  // --- For whoever looks on ---

  flow::Worker& worker() const noexcept { return worker_; }
  std::size_t position() const noexcept { return position_; }
  // Any thread.
  SchedulerStats stats() const noexcept;
  // Adds its own to those of other workers; `flows` is empty for the first. Any thread.
  void add_to(std::vector<FlowStats>& flows) const;
  const std::array<async::RunTimes, async::kPriorities>& run_times() const noexcept { return run_times_; }
  // Flows of other workers that run here.
  ServedExchange* guests() const noexcept { return guests_; }
  static ServedExchange* next_guest(const ServedExchange& exchange) noexcept { return exchange.next_guest_; }
  enum class Place { kQueue, kHere, kAway };
  // Where a request of this worker is that was handled kLater; if it waits, for now.
  Place place_of(const ServedExchange& exchange) const noexcept;

 private:
  friend class ServedExchange;

  template <void (Scheduler::*kMember)() noexcept> struct OwnJob final : async::Job {
    explicit OwnJob(Scheduler& scheduler) noexcept
        : Job([](Job& job) noexcept { (static_cast<OwnJob&>(job).owner.*kMember)(); }), owner(scheduler) {}
    Scheduler& owner;
  };
  struct BatchTimer final : async::Timer {
    explicit BatchTimer(Scheduler& scheduler) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<BatchTimer&>(timer).owner.watch_batch(); }),
          owner(scheduler) {}
    Scheduler& owner;
  };
  enum class Why { kShed, kLimited, kExpired };

  std::optional<flow::Handled> pass(flow::Exchange& exchange) noexcept override;
  bool may_begin_at_once(async::Priority priority, const FlowLoad& load, TimePoint now) noexcept;
  std::optional<flow::Handled> enqueue(ServedExchange& exchange, const flow::FlowInfo& flow, TimePoint now);
  std::optional<flow::Handled> shed(ServedExchange& exchange, std::string_view detail,
                                    Duration retry_after) noexcept;
  void degrade(ServedExchange& exchange) noexcept;
  void open_cycle(TimePoint now) noexcept;
  void turn() noexcept;
  void on_wake() noexcept;
  void go_idle() noexcept;
  void end() noexcept { host_.end(); }
  void watch_batch() noexcept;
  bool work() noexcept;
  bool others_have_work() const noexcept;
  RequestQueue::Taken take(TimePoint now) noexcept;
  RequestQueue::Taken take_from(Scheduler& owner, TimePoint now) noexcept;
  void run(const RequestQueue::Taken& taken, TimePoint now) noexcept;
  void welcome(ServedExchange& exchange) noexcept;
  void say_goodbye(ServedExchange& exchange) noexcept;

  void refuse(ServedExchange& exchange, Why why, std::uint16_t status, std::string_view detail,
              Duration retry_after) noexcept;
  void note_begun(ServedExchange& exchange, FlowLoad& load) noexcept;
  void note_run(ServedExchange& exchange, Duration time) noexcept;
  Duration expected_wait() const noexcept;
  FlowLoad& load_of(const ServedExchange& exchange) noexcept {
    return loads_[exchange.package][exchange.flow_position_];
  }

  Fleet& fleet_;
  Host& host_;
  flow::Worker& worker_;
  async::Loop& loop_;  // of the worker, as is the clock
  const Clock& clock_;
  const RequestQueue::Taker taker_;
  const std::size_t position_;
  std::vector<BoundPackage> packages_;
  std::vector<std::unique_ptr<FlowLoad[]>> loads_;  // by package and flow
  RequestQueue queue_;

  bool cycle_open_ = false;  // the turn is posted
  TimePoint cycle_begin_;
  bool began_ = false;  // the flow of the request that is being handled, at once
  bool measures_ = false;
  TimePoint measured_since_;
  std::size_t next_victim_ = 0;
  ServedExchange* guests_ = nullptr;
  std::atomic<bool> idle_ = false;  // may be woken
  std::atomic<bool> wake_posted_ = false;
  OwnJob<&Scheduler::turn> turn_job_{*this};
  std::atomic<bool> stop_posted_ = false;
  OwnJob<&Scheduler::on_wake> wake_job_{*this};
  BatchTimer batch_timer_{*this};
  OwnJob<&Scheduler::end> stop_job_{*this};

  Duration mean_run_;  // of what was queued
  std::array<async::RunTimes, async::kPriorities> run_times_;
  std::array<Counter, async::kPriorities> begun_;
  std::array<Counter, async::kPriorities> overruns_;
  Counter queued_;
  Counter stolen_;
  Counter shed_;
  Counter limited_;
  Counter expired_;
  Counter degraded_;
  Counter suspended_;  // flows that wait for effects
};

}  // namespace zerver::server
