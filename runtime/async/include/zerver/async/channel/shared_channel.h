// Messages between threads.
#pragma once

#include <zerver/async/channel/cells.h>
#include <zerver/async/channel/channel.h>
#include <zerver/async/channel/parking.h>

#include <cstddef>
#include <optional>
#include <sched.h>
#include <type_traits>
#include <utility>

namespace zerver::async {

// Any number of senders and receivers on any threads: coroutines of loops, and threads that may block.
// Bounded. A message that was sent is received exactly once, the messages of one sender in their order; among
// those who wait there is no order, so nobody who is quick has to wait for one who is slow to wake. Nobody
// uses it when it goes.
template <class T> class SharedChannel {
  static_assert(std::is_nothrow_move_constructible_v<T>, "a message is moved from one to the other");
  using Cells = detail::Cells<T>;

  // Before it goes to sleep one waits a little, which costs it and whoever wakes it about as much: some
  // microseconds, in units of a pause of the processor, longer from look to look. Looking takes the cache
  // line away from whoever is writing to it: so one who is as quick as the other side looks when there are
  // several messages, or places, and then has them all.
  static constexpr int kFirstWait = 16;
  static constexpr int kLongestWait = 64;
  // So often one who waits for another to leave a cell looks before the other may have lost its processor.
  static constexpr int kLooks = 64;

  // Tells the processor that the thread is waiting for another one.
  static void pause(int times) noexcept {
#if defined(__x86_64__)
    for (int i = 0; i < times; ++i)
      __builtin_ia32_pause();
#else
    static_cast<void>(times);
#endif
  }
  static void wait_for_cell(int look) noexcept {
    if (look < kLooks) {
      pause(1);
    } else {
      sched_yield();
    }
  }
  // True when it is worth trying again.
  template <class MayGoOn> static bool wait_a_little(MayGoOn may_go_on) noexcept {
    for (int wait = kFirstWait; wait <= kLongestWait; wait *= 2) {
      pause(wait);
      if (may_go_on()) return true;
    }
    return false;
  }

  // What sending and receiving have in common: trying until it works, parked in between.
  template <class Self> class Attempt {
   public:
    void enqueue(Waiter& waiter) {
      while (wait_a_little([this] { return self().may_complete(); })) {
        if (self().try_complete()) return waiter.complete();
      }
      waiter_ = &waiter;
      parked_ =
          detail::ParkedOperation::create(waiter.loop(), static_cast<Self*>(this),
                                          [](void* self) noexcept { static_cast<Self*>(self)->retry(); });
      retry();
    }
    void cancel() noexcept {
      detail::ParkingLot& lot = self().lot();
      // Whoever was to be woken by what woke this one is woken instead.
      if (parked_->give_up(lot)) lot.wake_one();
    }

   private:
    friend Self;
    Self& self() noexcept { return static_cast<Self&>(*this); }
    void retry() noexcept {
      self().lot().park(*parked_);
      if (!self().try_complete()) return;
      // A wake may be on its way, and then has somebody else to go to.
      cancel();
      waiter_->complete();
    }

    Waiter* waiter_ = nullptr;
    detail::ParkedOperation* parked_ = nullptr;
  };

 public:
  class Send : public Attempt<Send> {
   public:
    using Value = void;

    bool try_complete() noexcept {
      pushed_ = channel_.push(message_);
      return pushed_ != Cells::Push::kFull;
    }
    Result<void> result() const noexcept {
      if (pushed_ == Cells::Push::kClosed) return channel_closed_to_senders();
      return {};
    }

   private:
    friend class SharedChannel;
    friend class Attempt<Send>;
    Send(SharedChannel& channel, T&& message) noexcept : channel_(channel), message_(std::move(message)) {}
    detail::ParkingLot& lot() const noexcept { return channel_.senders_; }
    bool may_complete() const noexcept { return channel_.cells_.may_push(); }

    SharedChannel& channel_;
    T message_;
    typename Cells::Push pushed_ = Cells::Push::kFull;
  };

  class Receive : public Attempt<Receive> {
   public:
    using Value = T;

    bool try_complete() noexcept { return channel_.pop(message_) != Cells::Pop::kEmpty; }
    Result<T> result() noexcept {
      if (!message_) return channel_ended();
      return *std::move(message_);
    }

   private:
    friend class SharedChannel;
    friend class Attempt<Receive>;
    explicit Receive(SharedChannel& channel) noexcept : channel_(channel) {}
    detail::ParkingLot& lot() const noexcept { return channel_.receivers_; }
    bool may_complete() const noexcept { return channel_.cells_.may_pop(); }

    SharedChannel& channel_;
    std::optional<T> message_;
  };

  // Room for `capacity` messages, rounded up to a power of two, at least 2.
  explicit SharedChannel(std::size_t capacity) : cells_(capacity) {}
  SharedChannel(const SharedChannel&) = delete;
  SharedChannel& operator=(const SharedChannel&) = delete;

  // For coroutines; results as those of Channel.
  Awaiting<Send> send(T message) noexcept { return Awaiting<Send>(Send(*this, std::move(message))); }
  Awaiting<Receive> receive() noexcept { return Awaiting<Receive>(Receive(*this)); }

  // For threads that may block, never for that of a loop; results as those of Channel, but for `cancelled`.
  Result<void> send_blocking(T message) noexcept {
    const auto pushed =
        block(senders_, Cells::Push::kFull, [&] { return push(message); }, [&] { return cells_.may_push(); });
    if (pushed == Cells::Push::kClosed) return channel_closed_to_senders();
    return {};
  }
  Result<T> receive_blocking() noexcept {
    std::optional<T> message;
    block(receivers_, Cells::Pop::kEmpty, [&] { return pop(message); }, [&] { return cells_.may_pop(); });
    if (!message) return channel_ended();
    return *std::move(message);
  }

  // For everybody; results as those of Channel.
  Result<void> try_send(T& message) noexcept {
    switch (push(message)) {
      case Cells::Push::kDone:
        return {};
      case Cells::Push::kClosed:
        return channel_closed_to_senders();
      case Cells::Push::kSoon:  // not from push()
      case Cells::Push::kFull:
        break;
    }
    return Fault{FaultKind::kUnavailable, "the channel is full", {}};
  }
  Result<void> try_send(T&& message) noexcept { return try_send(message); }
  Result<T> try_receive() noexcept {
    std::optional<T> message;
    switch (pop(message)) {
      case Cells::Pop::kDone:
        return *std::move(message);
      case Cells::Pop::kEnded:
        return channel_ended();
      case Cells::Pop::kSoon:  // not from pop()
      case Cells::Pop::kEmpty:
        break;
    }
    return Fault{FaultKind::kUnavailable, "the channel is empty", {}};
  }

  // As of Channel.
  void close() noexcept {
    if (!cells_.close()) return;
    senders_.wake_all();
    receivers_.wake_all();
  }
  bool is_closed() const noexcept { return cells_.is_closed(); }
  std::size_t capacity() const noexcept { return cells_.capacity(); }
  // About: others go on meanwhile.
  std::size_t size() const noexcept { return cells_.size(); }

 private:
  typename Cells::Push push(T& message) noexcept {
    auto pushed = cells_.push(message);
    for (int look = 0; pushed == Cells::Push::kSoon; ++look) {
      wait_for_cell(look);
      pushed = cells_.push(message);
    }
    if (pushed == Cells::Push::kDone) {
      if (!receivers_.empty()) receivers_.wake_one();
      // A sender in whose place this one came.
      if (!senders_.empty() && cells_.size() < cells_.capacity()) senders_.wake_one();
    }
    return pushed;
  }
  typename Cells::Pop pop(std::optional<T>& message) noexcept {
    auto popped = cells_.pop(message);
    for (int look = 0; popped == Cells::Pop::kSoon; ++look) {
      wait_for_cell(look);
      popped = cells_.pop(message);
    }
    if (popped == Cells::Pop::kDone) {
      if (!senders_.empty()) senders_.wake_one();
      if (!receivers_.empty() && cells_.size() != 0) receivers_.wake_one();
    }
    return popped;
  }
  template <class Outcome, class Attempt, class MayGoOn>
  static Outcome block(detail::ParkingLot& lot, Outcome not_now, Attempt attempt,
                       MayGoOn may_go_on) noexcept {
    do {
      if (const Outcome outcome = attempt(); outcome != not_now) return outcome;
    } while (wait_a_little(may_go_on));
    while (true) {
      detail::ParkedThread self;
      lot.park(self);
      if (const Outcome outcome = attempt(); outcome != not_now) {
        // A wake may be on its way, and then has somebody else to go to.
        if (!lot.unpark(self)) lot.wake_one();
        return outcome;
      }
      self.sleep(lot);
    }
  }
  Cells cells_;
  detail::ParkingLot receivers_;
  detail::ParkingLot senders_;
};

}  // namespace zerver::async
