// One value from one coroutine to another of the same loop.
#pragma once

#include <zerver/async/frame_pool.h>
#include <zerver/async/sync/wait_list.h>

#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver::async {

namespace detail {

// Shared by both ends; goes with the second of them.
template <class T> struct OneshotState {
  static OneshotState* create() { return ::new (FramePool::allocate(sizeof(OneshotState))) OneshotState; }
  void drop() noexcept {
    if (!std::exchange(other_is_gone, true)) return;
    this->~OneshotState();
    FramePool::release(this, sizeof(OneshotState));
  }

  std::optional<T> value;
  bool other_is_gone = false;
  bool is_over = false;  // sent, or never will be
  Waiter* receiver = nullptr;
};

}  // namespace detail

template <class T> class OneshotSender;
template <class T> class OneshotReceiver;
template <class T> std::pair<OneshotSender<T>, OneshotReceiver<T>> oneshot();

template <class T> class [[nodiscard]] OneshotSender {
 public:
  OneshotSender(OneshotSender&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  OneshotSender& operator=(OneshotSender&&) = delete;
  ~OneshotSender() {
    if (state_ == nullptr) return;
    end();
    state_->drop();
  }

  // Once. Fails with `rejected` when the receiver is gone; the value is gone then, too.
  Result<void> send(T value) noexcept {
    if (receiver_is_gone()) return Fault{FaultKind::kRejected, "the receiver is gone", {}};
    state_->value.emplace(std::move(value));
    end();
    return {};
  }
  bool receiver_is_gone() const noexcept { return state_->other_is_gone; }

 private:
  friend std::pair<OneshotSender<T>, OneshotReceiver<T>> oneshot<T>();
  explicit OneshotSender(detail::OneshotState<T>* state) noexcept : state_(state) {}

  void end() noexcept {
    state_->is_over = true;
    if (state_->receiver != nullptr) std::exchange(state_->receiver, nullptr)->complete();
  }

  detail::OneshotState<T>* state_;
};

template <class T> class [[nodiscard]] OneshotReceiver {
 public:
  class Receive {
   public:
    using Value = T;

    bool try_complete() const noexcept { return state_->is_over; }
    void enqueue(Waiter& waiter) noexcept { state_->receiver = &waiter; }
    void cancel() noexcept { state_->receiver = nullptr; }
    Result<T> result() noexcept {
      if (!state_->value) return Fault{FaultKind::kMissing, "the sender is gone", {}};
      T value = *std::move(state_->value);
      state_->value.reset();
      return value;
    }

   private:
    friend class OneshotReceiver;
    explicit Receive(detail::OneshotState<T>* state) noexcept : state_(state) {}

    detail::OneshotState<T>* state_;
  };

  OneshotReceiver(OneshotReceiver&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  OneshotReceiver& operator=(OneshotReceiver&&) = delete;
  ~OneshotReceiver() {
    if (state_ != nullptr) state_->drop();
  }

  // Waits for the value; can be tried again when it was cancelled. `missing` when the sender is gone without
  // having sent, or the value has been received.
  Awaiting<Receive> receive() noexcept { return Awaiting<Receive>(Receive(state_)); }

 private:
  friend std::pair<OneshotSender<T>, OneshotReceiver<T>> oneshot<T>();
  explicit OneshotReceiver(detail::OneshotState<T>* state) noexcept : state_(state) {}

  detail::OneshotState<T>* state_;
};

// Of one loop. No allocation after warm-up.
template <class T> std::pair<OneshotSender<T>, OneshotReceiver<T>> oneshot() {
  static_assert(std::is_nothrow_move_constructible_v<T>);
  auto* const state = detail::OneshotState<T>::create();
  return {OneshotSender<T>(state), OneshotReceiver<T>(state)};
}

}  // namespace zerver::async
