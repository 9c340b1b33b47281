// The seam between flows and whatever runs them: io's loop over sockets, or the simulator's over virtual
// time.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>

namespace zerver::async {

// A piece of work, embedded in the object that does it, so that scheduling allocates nothing. Pinned while it
// is scheduled.
class Job {
 public:
  // Runs on the loop's thread, once for each time it was scheduled. May destroy the job.
  using Run = void (*)(Job&) noexcept;

  explicit Job(Run function) noexcept : run_(function) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void run() noexcept { run_(*this); }

  Job* next = nullptr;  // for whoever has queued it

 protected:
  ~Job() = default;

 private:
  Run run_;
};

// Something to do at a time; embedded like Job. Pinned, and stopped before it is destroyed.
class Timer {
 public:
  using Fire = void (*)(Timer&) noexcept;

  explicit Timer(Fire fire) noexcept : fire_(fire) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool running() const noexcept { return previous_ != nullptr; }
  TimePoint when() const noexcept { return when_; }

 protected:
  ~Timer() = default;

 private:
  friend class TimerWheel;

  Fire fire_;
  TimePoint when_;
  std::uint64_t tick_ = 0;     // of `when_`, rounded up
  Timer* previous_ = nullptr;  // in the ring of a slot of the wheel
  Timer* next_ = nullptr;
  std::uint16_t slot_ = 0;
};

// One thread's scheduler. All but post() is for that thread only.
class Loop {
 public:
  virtual ~Loop() = default;

  // Monotonic; read once per turn of the loop.
  virtual TimePoint now() const noexcept = 0;
  // Runs the job on this loop's thread, later. Any thread; jobs of one thread keep their order.
  virtual void post(Job& job) noexcept = 0;
  // Runs the job later in this turn; in the next one when very many have run in this.
  virtual void defer(Job& job) noexcept = 0;
  // Fires not before `when`, at most one tick of the wheel (1 ms) after it, load permitting. A running timer
  // is moved.
  virtual void start(Timer& timer, TimePoint when) noexcept = 0;
  // Harmless when it is not running.
  virtual void stop(Timer& timer) noexcept = 0;
  // For whoever ends what belongs to a loop that does not run any more: runs what is ready, waits for
  // nothing. False when there was nothing.
  virtual bool run_ready() { return false; }
};

}  // namespace zerver::async
