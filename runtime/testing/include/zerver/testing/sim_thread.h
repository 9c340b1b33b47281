// A thread of a simulation: a loop of its own, on the time that all threads share.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/timer_wheel.h>
#include <zerver/core/time.h>

#include <cstddef>
#include <deque>
#include <memory>

namespace zerver::io {
class Fiber;
}

namespace zerver::testing {

class SimLoop;

// Takes turns with the other threads of its SimLoop, which the seed picks from those that have something to
// do. A turn is what timers are due, one posted job, and what is deferred meanwhile. It takes no time but
// what it says itself, by spend(): until then the others go on, as they would on processors of their own.
class SimThread final : public async::Loop {
 public:
  static constexpr int kDeferredPerTurn = 256;

  // The world outlives it.
  explicit SimThread(SimLoop& world);
  // Behind die(), when it may be asleep.
  ~SimThread() override;
  SimThread(const SimThread&) = delete;
  SimThread& operator=(const SimThread&) = delete;

  // When the turn began, or read_time() was called in it.
  TimePoint now() const noexcept override { return now_; }
  void post(async::Job& job) noexcept override;
  void defer(async::Job& job) noexcept override;
  void start(async::Timer& timer, TimePoint when) noexcept override { wheel_.start(timer, when); }
  void stop(async::Timer& timer) noexcept override { wheel_.stop(timer); }

  // --- For what runs on it ---

  void read_time() noexcept;
  // Computes for so long.
  void spend(Duration time) noexcept;

  // With its process: what it is at comes to its end, without computing for any time, and nothing else runs.
  // From outside of all threads.
  void die() noexcept;

  // Since when it has been at its turn, which takes time; never() when it is at none.
  TimePoint busy_since() const noexcept { return busy_since_; }

 private:
  friend class SimLoop;

  static constexpr std::size_t kStack = std::size_t{512} << 10;

  // Something can be done now. The world holds its lock.
  bool is_ready(TimePoint time) const noexcept;
  // When that may be so without anybody else's doing; never() when it is not.
  TimePoint next() const noexcept {
    return is_dead_ ? TimePoint::never() : is_asleep_ ? wakes_at_ : wheel_.next();
  }
  // Goes on with its turn, or begins one.
  void go_on();
  void serve() noexcept;
  void turn() noexcept;

  SimLoop& world_;
  async::TimerWheel wheel_;
  TimePoint now_;
  TimePoint busy_since_ = TimePoint::never();
  std::deque<async::Job*> posted_;  // guarded by the world's lock
  async::Job* first_deferred_ = nullptr;
  async::Job* last_deferred_ = nullptr;  // when there is a first
  bool is_asleep_ = false;
  bool is_dead_ = false;
  bool ends_ = false;
  TimePoint wakes_at_;
  std::unique_ptr<io::Fiber> fiber_;  // null: it has not run yet
};

}  // namespace zerver::testing
