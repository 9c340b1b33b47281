// What a promise and its future share.
#pragma once

#include <zerver/async/frame_pool.h>
#include <zerver/async/operation.h>
#include <zerver/async/outcome.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <semaphore>
#include <utility>

namespace zerver::async::detail {

// Called when a future completes or is cancelled; made in the FramePool, destroys itself.
class Callback {
 public:
  using Run = void (*)(Callback&, bool called) noexcept;
  explicit constexpr Callback(Run run) noexcept : run_(run) {}

  void call() noexcept { run_(*this, true); }
  // Goes without having been called.
  void drop() noexcept { run_(*this, false); }

 private:
  Run run_;
};

template <class Function> class CallbackOf final : public Callback {
 public:
  static Callback* make(Function function) {
    return ::new (FramePool::allocate(sizeof(CallbackOf))) CallbackOf(std::move(function));
  }

 private:
  explicit CallbackOf(Function&& function) noexcept : Callback(run), function_(std::move(function)) {}
  static void run(Callback& callback, bool called) noexcept {
    auto& self = static_cast<CallbackOf&>(callback);
    if (called) self.function_();
    self.~CallbackOf();
    FramePool::release(&self, sizeof(CallbackOf));
  }

  Function function_;
};

// Both sides, on any threads, without a lock. One of them completes it, once; the other waits in one way at a
// time.
class FutureStateBase : private Job {
 public:
  bool ready() const noexcept { return status_.load(std::memory_order_acquire) == Status::kReady; }

  // --- The promise's side ---

  // The outcome has been set.
  void complete() noexcept {
    drop_cancel_callback();
    switch (status_.exchange(Status::kReady, std::memory_order_acq_rel)) {
      case Status::kBlocked:
        blocked_.release();
        break;
      case Status::kAwaited:
        loop_->post(*this);
        break;
      case Status::kCalled:
        on_complete_->call();
        break;
      case Status::kPending:
      case Status::kReady:
        break;
    }
  }
  bool cancel_requested() const noexcept {
    return on_cancel_.load(std::memory_order_acquire) == cancelled_mark();
  }
  void set_on_cancel(Callback* callback) noexcept {
    Callback* none = nullptr;
    if (!on_cancel_.compare_exchange_strong(none, callback, std::memory_order_acq_rel)) callback->call();
  }

  // --- The future's side ---

  void cancel() noexcept {
    Callback* const before = on_cancel_.exchange(cancelled_mark(), std::memory_order_acq_rel);
    if (before != nullptr && before != cancelled_mark()) before->call();
  }
  void block() noexcept {
    if (begin_to_wait(Status::kBlocked)) blocked_.acquire();
  }
  void call_when_ready(Callback* callback) noexcept {
    on_complete_ = callback;
    if (!begin_to_wait(Status::kCalled)) callback->call();
  }
  void await(Waiter& waiter) noexcept {
    waiter_ = &waiter;
    loop_ = &waiter.loop();
    add_owner();  // the job that tells the waiter
    if (!begin_to_wait(Status::kAwaited)) loop_->defer(*this);
  }
  void stop_awaiting() noexcept {
    waiter_ = nullptr;
    Status awaited = Status::kAwaited;
    // Else the job is on its way and finds nobody.
    if (status_.compare_exchange_strong(awaited, Status::kPending, std::memory_order_acq_rel)) drop_owner();
  }

  void add_owner() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void drop_owner() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy_(*this);
  }

 protected:
  using Destroy = void (*)(FutureStateBase&) noexcept;
  explicit FutureStateBase(Destroy destroy) noexcept : Job(tell), destroy_(destroy) {}
  ~FutureStateBase() = default;

 private:
  enum class Status : std::uint8_t { kPending, kBlocked, kAwaited, kCalled, kReady };

  static Callback* cancelled_mark() noexcept {
    static constinit Callback mark(nullptr);
    return &mark;
  }
  bool begin_to_wait(Status how) noexcept {
    Status pending = Status::kPending;
    return status_.compare_exchange_strong(pending, how, std::memory_order_acq_rel);
  }
  void drop_cancel_callback() noexcept {
    Callback* callback = on_cancel_.load(std::memory_order_acquire);
    if (callback == nullptr || callback == cancelled_mark()) return;
    // Unless it is being cancelled at this moment.
    if (on_cancel_.compare_exchange_strong(callback, nullptr, std::memory_order_acq_rel)) callback->drop();
  }
  static void tell(Job& job) noexcept {
    auto& self = static_cast<FutureStateBase&>(job);
    if (self.waiter_ != nullptr) std::exchange(self.waiter_, nullptr)->complete();
    self.drop_owner();
  }

  Destroy destroy_;
  std::atomic<std::uint32_t> owners_ = 2;
  std::atomic<Status> status_ = Status::kPending;
  std::atomic<Callback*> on_cancel_ = nullptr;
  Callback* on_complete_ = nullptr;
  std::binary_semaphore blocked_{0};
  Loop* loop_ = nullptr;
  Waiter* waiter_ = nullptr;  // for the loop's thread
};

// One of its owners.
class FutureOwner {
 public:
  explicit FutureOwner(FutureStateBase& state) noexcept : state_(&state) { state.add_owner(); }
  FutureOwner(FutureOwner&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  FutureOwner& operator=(FutureOwner&&) = delete;
  ~FutureOwner() {
    if (state_ != nullptr) state_->drop_owner();
  }
  FutureStateBase& operator*() const noexcept { return *state_; }

 private:
  FutureStateBase* state_;
};

template <class T> class FutureState final : public FutureStateBase {
 public:
  static FutureState* create() { return ::new (FramePool::allocate(sizeof(FutureState))) FutureState; }

  Outcome<Result<T>> outcome;

 private:
  FutureState() noexcept : FutureStateBase(destroy) {}
  static void destroy(FutureStateBase& base) noexcept {
    auto& self = static_cast<FutureState&>(base);
    self.~FutureState();
    FramePool::release(&self, sizeof(FutureState));
  }
};

}  // namespace zerver::async::detail
