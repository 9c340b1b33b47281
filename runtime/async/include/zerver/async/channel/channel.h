// Messages from coroutine to coroutine of one loop.
#pragma once

#include <zerver/async/channel/ring.h>
#include <zerver/async/sync/wait_list.h>

#include <cassert>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver::async {

// A channel without a bound. `alarm` is called with the number of messages that wait whenever it has risen to
// `high_water`, and again only after it had fallen to half of that.
struct Unbounded {
  std::size_t high_water = 1024;
  std::function<void(std::size_t)> alarm;
};

inline Fault channel_closed_to_senders() noexcept {
  return {FaultKind::kRejected, "the channel is closed", {}};
}
inline Fault channel_ended() noexcept { return {FaultKind::kMissing, "the channel is closed and empty", {}}; }

// Of one loop; nobody waits for it when it goes. Messages arrive in the order in which they were sent, each
// at one receiver; senders and receivers that wait are served in the order of their coming. Several of both
// may use it.
template <class T> class Channel {
  static_assert(std::is_nothrow_move_constructible_v<T>, "a message is moved from one to the other");

 public:
  class Send : public WaitNode {
   public:
    using Value = void;

    bool try_complete() {
      sent_ = channel_.offer(message_);
      return sent_ || channel_.closed_;
    }
    void enqueue(Waiter& waiter) noexcept { channel_.senders_.append(*this, waiter); }
    void cancel() noexcept { channel_.senders_.remove(*this); }
    Result<void> result() const noexcept {
      if (!sent_) return channel_closed_to_senders();
      return {};
    }

   private:
    friend class Channel;
    Send(Channel& channel, T&& message) noexcept : channel_(channel), message_(std::move(message)) {}

    Channel& channel_;
    T message_;
    bool sent_ = false;
  };

  class Receive : public WaitNode {
   public:
    using Value = T;

    bool try_complete() {
      channel_.take(message_);
      return message_.has_value() || channel_.closed_;
    }
    void enqueue(Waiter& waiter) noexcept { channel_.receivers_.append(*this, waiter); }
    void cancel() noexcept { channel_.receivers_.remove(*this); }
    Result<T> result() noexcept {
      if (!message_) return channel_ended();
      return *std::move(message_);
    }

   private:
    friend class Channel;
    explicit Receive(Channel& channel) noexcept : channel_(channel) {}

    Channel& channel_;
    std::optional<T> message_;
  };

  // Bounded: so many messages wait in it, and then senders do. With 0 a sender waits until somebody receives.
  explicit Channel(std::size_t capacity) : capacity_(capacity), ring_(capacity) {}
  explicit Channel(Unbounded options) : capacity_(kNoBound), options_(std::move(options)) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { assert(senders_.empty() && receivers_.empty()); }

  // `Result<void> sent = co_await channel.send(message);` Waits for room. `rejected` when the channel is or
  // becomes closed, `cancelled`; the message is gone then.
  Awaiting<Send> send(T message) noexcept { return Awaiting<Send>(Send(*this, std::move(message))); }
  // `Result<T> message = co_await channel.receive();` Waits for a message. `missing` when the channel is
  // closed and empty, `cancelled`.
  Awaiting<Receive> receive() noexcept { return Awaiting<Receive>(Receive(*this)); }
  // Both never wait: `unavailable` instead. A message that is not sent stays with the caller.
  Result<void> try_send(T& message) {
    if (offer(message)) return {};
    if (closed_) return channel_closed_to_senders();
    return Fault{FaultKind::kUnavailable, "the channel is full", {}};
  }
  Result<void> try_send(T&& message) { return try_send(message); }
  Result<T> try_receive() {
    std::optional<T> message;
    take(message);
    if (message) return *std::move(message);
    if (closed_) return channel_ended();
    return Fault{FaultKind::kUnavailable, "the channel is empty", {}};
  }

  // Nothing more is sent; senders that wait fail, messages that are in it can still be received. Harmless
  // when it is closed.
  void close() noexcept {
    if (std::exchange(closed_, true)) return;
    while (!senders_.empty())
      senders_.complete_first();
    while (!receivers_.empty())
      receivers_.complete_first();
  }
  bool is_closed() const noexcept { return closed_; }
  // Messages in it, without those of senders that wait.
  std::size_t size() const noexcept { return ring_.size(); }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  static constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

  // True when the message has been taken over.
  bool offer(T& message) {
    if (closed_) return false;
    if (!receivers_.empty()) {
      static_cast<Receive&>(receivers_.first()).message_.emplace(std::move(message));
      receivers_.complete_first();
      return true;
    }
    if (ring_.size() >= capacity_) return false;
    ring_.push(std::move(message));
    if (capacity_ == kNoBound && ring_.size() >= options_.high_water && !std::exchange(is_high_, true)) {
      if (options_.alarm) options_.alarm(ring_.size());
    }
    return true;
  }
  void take(std::optional<T>& message) {
    if (!ring_.empty()) {
      message.emplace(ring_.pop());
      if (ring_.size() <= options_.high_water / 2) is_high_ = false;
      if (!senders_.empty()) ring_.push(take_from_sender());
    } else if (!senders_.empty()) {
      message.emplace(take_from_sender());
    }
  }
  T take_from_sender() noexcept {
    auto& sender = static_cast<Send&>(senders_.first());
    T message = std::move(sender.message_);
    sender.sent_ = true;
    senders_.complete_first();
    return message;
  }

  std::size_t capacity_;
  Ring<T> ring_;
  Unbounded options_{};
  bool is_high_ = false;
  bool closed_ = false;
  WaitList senders_;
  WaitList receivers_;
};

}  // namespace zerver::async
