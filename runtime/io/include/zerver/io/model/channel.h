// A bounded queue between tasks of one model.
#pragma once

#include <zerver/core/result.h>
#include <zerver/io/model/spawned.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace zerver::io {

// First come, first served. Outlives whoever waits at it.
template <class T> class ModelChannel {
 public:
  // `capacity` is at least 1.
  ModelChannel(Model& model, std::size_t capacity) : model_(model), capacity_(capacity) {}

  class Send final : public PeerWait {
   public:
    Send(Io& io, ModelChannel& channel, T value)
        : PeerWait(io), channel_(channel), value_(std::move(value)) {}
    // `rejected` when the channel is closed.
    Result<void> await_resume() const noexcept {
      if (this->failed()) return this->fault();
      if (refused_) return Fault{FaultKind::kRejected, "the channel is closed", {}};
      return {};
    }

   private:
    friend class ModelChannel;
    bool try_complete() noexcept override {
      if (channel_.closed_) {
        refused_ = true;
        return true;
      }
      if (!channel_.receivers_.empty()) {
        channel_.hand_over(std::move(value_));
        return true;
      }
      if (channel_.items_.size() >= channel_.capacity_) return false;
      channel_.items_.push_back(std::move(value_));
      return true;
    }
    void enqueue() noexcept override { channel_.senders_.push_back(this); }
    bool withdraw() noexcept override { return std::erase(channel_.senders_, this) > 0; }

    ModelChannel& channel_;
    T value_;
    bool refused_ = false;
  };

  class Receive final : public PeerWait {
   public:
    Receive(Io& io, ModelChannel& channel) : PeerWait(io), channel_(channel) {}
    // `missing` when the channel is closed and empty.
    Result<T> await_resume() {
      if (this->failed()) return this->fault();
      if (!value_) return Fault{FaultKind::kMissing, "the channel is closed", {}};
      return *std::move(value_);
    }

   private:
    friend class ModelChannel;
    bool try_complete() noexcept override {
      if (channel_.items_.empty()) return channel_.closed_;
      value_ = std::move(channel_.items_.front());
      channel_.items_.pop_front();
      channel_.let_one_send();
      return true;
    }
    void enqueue() noexcept override { channel_.receivers_.push_back(this); }
    bool withdraw() noexcept override { return std::erase(channel_.receivers_, this) > 0; }

    ModelChannel& channel_;
    std::optional<T> value_;
  };

  [[nodiscard]] Send send(Io& io, T value) { return {io, *this, std::move(value)}; }
  [[nodiscard]] Receive receive(Io& io) { return {io, *this}; }
  // Whoever waits to send is refused; what has been sent can still be received.
  void close() {
    const std::unique_lock<std::mutex> lock = detail::lock_of(model_);
    closed_ = true;
    for (Send* const sender : std::exchange(senders_, {})) {
      sender->refused_ = true;
      detail::complete_wait(model_, *sender);
    }
    for (Receive* const receiver : std::exchange(receivers_, {}))
      detail::complete_wait(model_, *receiver);
  }

 private:
  void hand_over(T value) {
    Receive& receiver = *receivers_.front();
    receivers_.pop_front();
    receiver.value_ = std::move(value);
    detail::complete_wait(model_, receiver);
  }
  void let_one_send() {
    if (senders_.empty()) return;
    Send& sender = *senders_.front();
    senders_.pop_front();
    items_.push_back(std::move(sender.value_));
    detail::complete_wait(model_, sender);
  }

  Model& model_;
  std::size_t capacity_;
  std::deque<T> items_;
  std::deque<Send*> senders_;
  std::deque<Receive*> receivers_;
  bool closed_ = false;
};

}  // namespace zerver::io
