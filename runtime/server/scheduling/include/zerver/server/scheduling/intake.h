// Whether a worker takes anything from its clients, as the load on it is.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/scheduling/pressure.h>
#include <zerver/core/counter.h>
#include <zerver/server/scheduling.h>

#include <atomic>
#include <cstddef>

namespace zerver::server {

// Applies async::Pressure on a worker's loop. For the worker's thread, but for add_to().
class Intake {
 public:
  class Owner {
   public:
    // A pause may be over: observe() is to be called with the load as it is.
    virtual void on_pause_end() noexcept = 0;

   protected:
    ~Owner() = default;
  };

  // Three quarters of what may wait, and of `memory`, bytes that the program may have; 0: any number. Half of
  // it ends the pause.
  static async::PressurePolicy policy(const Scheduling& settings, std::size_t memory) noexcept;

  Intake(const async::PressurePolicy& policy, async::Loop& loop, Owner& owner) noexcept
      : pressure_(policy), loop_(loop), owner_(owner) {}
  ~Intake() { loop_.stop(timer_); }
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  // True when something is another than it was: accepts(), reads(), or the end of a pause.
  bool observe(const async::Pressure::Load& load) noexcept;
  // New connections are taken; else they wait in the backlog.
  bool accepts() const noexcept { return pressure_.accepts(); }
  // Open connections are read.
  bool reads() const noexcept { return pressure_.reads(); }
  // Nothing more is taken, for good; what is open is read to its end.
  void close() noexcept;

  // Any thread.
  void add_to(SchedulerStats& stats) const noexcept;

 private:
  struct PauseTimer final : async::Timer {
    explicit PauseTimer(Intake& the_intake) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<PauseTimer&>(timer).intake.owner_.on_pause_end(); }),
          intake(the_intake) {}
    Intake& intake;
  };

  async::Pressure pressure_;
  async::Loop& loop_;
  Owner& owner_;
  PauseTimer timer_{*this};
  Counter accept_pauses_;
  Counter read_pauses_;
  std::atomic<bool> accepts_ = true;  // as whoever looks on sees it
  std::atomic<bool> reads_ = true;
};

}  // namespace zerver::server
