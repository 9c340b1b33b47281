// A loop over virtual time: nothing happens by itself, and one seed decides every order that is not
// determined.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/timer_wheel.h>
#include <zerver/core/clock.h>
#include <zerver/core/random.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace zerver::testing {

class SimThread;

// Jobs that are ready run before time goes on; time goes on to the next timer, in no real time. Posted jobs
// run in an order drawn from the seed, as if each came from a thread of its own; deferred ones in theirs.
// SimThreads are further loops on the same time, whose turns come in between, in an order that is drawn, too.
class SimLoop final : public async::Loop {
 public:
  explicit SimLoop(std::uint64_t seed = 1, Timestamp wall_at_start = {}) noexcept;

  TimePoint now() const noexcept override { return clock_.now(); }
  void post(async::Job& job) noexcept override;
  void defer(async::Job& job) noexcept override;
  void start(async::Timer& timer, TimePoint when) noexcept override { wheel_.start(timer, when); }
  void stop(async::Timer& timer) noexcept override { wheel_.stop(timer); }

  // Runs the job at that time, to the nanosecond, which a timer is not: its tick is 1 ms. Cannot be taken
  // back.
  void post_at(async::Job& job, TimePoint when);
  // Goes on with the loop's time.
  const Clock& clock() const noexcept { return clock_; }

  // Runs what is ready. True when that was anything.
  bool run_ready() override;
  // Runs until nothing is ready and no timer runs.
  void run();
  // Runs what happens within that time, then time stands at its end.
  void run_for(Duration span);
  // Runs until the condition holds or nothing is left that could change it; returns whether it holds. Time
  // goes on.
  bool run_until(const std::function<bool()>& condition);
  // The same while work is done on real threads, which post its end: waits for them instead of letting time
  // go on.
  void run_with_threads_until(const std::function<bool()>& condition);
  // Something runs on this loop, or on one of its threads.
  bool is_running() const noexcept { return is_running_; }

 private:
  friend class SimThread;

  bool run_one();
  TimePoint next() const noexcept;
  bool advance_to_next();
  void advance_to(TimePoint time);

  ManualClock clock_;
  async::TimerWheel wheel_;
  SeededRandom order_;
  async::Job* first_deferred_ = nullptr;
  async::Job* last_deferred_ = nullptr;          // when there is a first
  std::multimap<TimePoint, async::Job*> later_;  // of post_at()
  std::vector<SimThread*> threads_;
  bool is_running_ = false;
  std::mutex mutex_;
  std::condition_variable posted_somewhere_;
  std::vector<async::Job*> posted_;  // guarded by mutex_
};

}  // namespace zerver::testing
