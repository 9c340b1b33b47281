// The loop of a production worker: an Asio io_context with a timer wheel and intrusive queues of jobs.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/timer_wheel.h>
#include <zerver/core/clock.h>
#include <zerver/execution/watchdog.h>
#include <zerver/io/handler_memory.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>

namespace zerver::io {

namespace net {
class Network;
Network* network_of(async::Loop& loop);
}  // namespace net

// One thread calls run(); post() and stop() are for any thread, everything else is for that one.
class AsioLoop final : public async::Loop {
 public:
  using Executor = boost::asio::io_context::executor_type;

  // So many deferred jobs run in a turn; the rest in the next, after what sockets and timers have to say.
  static constexpr int kDeferredPerTurn = 256;

  // Around everything that Asio calls on this loop: now() is read once in it, deferred jobs run at its end.
  class Turn {
   public:
    explicit Turn(AsioLoop& loop) noexcept : loop_(loop) { loop.begin_turn(); }
    ~Turn() { loop_.end_turn(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    AsioLoop& loop_;
  };

  // What Asio still refers to although its owner has gone, until the last operation of it has been told.
  class Remains {
   public:
    virtual ~Remains() = default;

   private:
    friend class AsioLoop;
    Remains* next_ = nullptr;
    Remains* previous_ = nullptr;
  };

  explicit AsioLoop(const Clock& clock);
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  // The loop as the one that it is; null when it has no sockets, as that of a simulation.
  static AsioLoop* of(async::Loop& loop) noexcept { return dynamic_cast<AsioLoop*>(&loop); }

  boost::asio::io_context& context() noexcept { return context_; }
  // Keeps it until dispose_of(), or until the loop and all operations have gone.
  void keep(std::unique_ptr<Remains> remains) noexcept;
  void dispose_of(Remains& remains) noexcept;
  // Beats with each turn from now on. Before run(); outlives the loop's use.
  void set_heartbeat(execution::Heartbeat& heartbeat) noexcept { heartbeat_ = &heartbeat; }
  // Returns after stop(), and can then be called again.
  void run();
  void stop() noexcept { context_.stop(); }

  TimePoint now() const noexcept override;
  void post(async::Job& job) noexcept override;
  void defer(async::Job& job) noexcept override;
  void start(async::Timer& timer, TimePoint when) noexcept override;
  void stop(async::Timer& timer) noexcept override { wheel_.stop(timer); }
  bool run_ready() override;

 private:
  friend net::Network* net::network_of(async::Loop& loop);

  struct RemainsRing final : Remains {
    RemainsRing() noexcept;
    ~RemainsRing() override;
  };

  void begin_turn() noexcept {
    now_is_read_ = false;
    if (++turn_depth_ == 1 && heartbeat_ != nullptr) heartbeat_->begin(now());
  }
  void end_turn() noexcept;
  void post_turn() noexcept;
  void run_posted() noexcept;
  void arm(TimePoint when) noexcept;
  void on_timer() noexcept;

  const Clock& clock_;
  mutable TimePoint now_;
  mutable bool now_is_read_ = false;
  int turn_depth_ = 0;
  execution::Heartbeat* heartbeat_ = nullptr;  // null: nobody looks

  // Posted by any thread, last first; whoever makes it non-empty wakes the loop.
  std::atomic<async::Job*> posted_ = nullptr;
  async::Job* deferred_first_ = nullptr;
  async::Job* deferred_last_ = nullptr;

  RemainsRing remains_;  // outlives the context, which destroys what was never told
  HandlerMemory wake_memory_;
  HandlerMemory turn_memory_;
  bool turn_is_posted_ = false;  // one that runs what deferred jobs are left
  boost::asio::io_context context_{1};
  async::TimerWheel wheel_;
  boost::asio::steady_timer timer_;
  TimePoint armed_for_ = TimePoint::never();
  // Typed as what deletes it knows: a program that uses no network links none.
  std::unique_ptr<net::Network, void (*)(net::Network*) noexcept> network_{nullptr, nullptr};
};

}  // namespace zerver::io
