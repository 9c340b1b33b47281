// Who waits for a channel between threads: coroutines of any loop, and threads.
#pragma once

#include <zerver/async/frame_pool.h>
#include <zerver/async/operation.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <new>
#include <semaphore>
#include <utility>

namespace zerver::async::detail {

class ParkingLot;

// One who waits. Woken once for each time it is parked; then it looks itself whether there is what it waits
// for.
class Parked {
 public:
  using Wake = void (*)(Parked&) noexcept;
  explicit Parked(Wake wake) noexcept : wake_(wake) {}
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;

 protected:
  ~Parked() = default;

 private:
  friend class ParkingLot;
  Wake wake_;
  bool is_parked_ = false;  // this and what follows: guarded by the lot's mutex
  Parked* next_ = nullptr;
  Parked* previous_ = nullptr;
};

// First come, first woken. Any thread.
class ParkingLot {
 public:
  // True while somebody waits. One who parks and then finds nothing is seen by whoever brings something and
  // then asks.
  bool empty() const noexcept { return count_.load(std::memory_order_seq_cst) == 0; }

  void park(Parked& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    waiter.is_parked_ = true;
    waiter.next_ = nullptr;
    waiter.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
    count_.fetch_add(1, std::memory_order_seq_cst);
  }
  // False when it has been woken, or is being.
  bool unpark(Parked& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    if (!waiter.is_parked_) return false;
    remove(waiter);
    return true;
  }
  void wake_one() noexcept {
    const std::lock_guard lock(mutex_);
    if (first_ != nullptr) wake(*first_);
  }
  void wake_all() noexcept {
    const std::lock_guard lock(mutex_);
    while (first_ != nullptr)
      wake(*first_);
  }

 private:
  void wake(Parked& waiter) noexcept {
    remove(waiter);
    waiter.wake_(waiter);
  }
  void remove(Parked& waiter) noexcept {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
    waiter.is_parked_ = false;
    count_.fetch_sub(1, std::memory_order_relaxed);
  }

  std::atomic<std::size_t> count_ = 0;
  std::mutex mutex_;
  Parked* first_ = nullptr;
  Parked* last_ = nullptr;
};

// A thread that waits.
class ParkedThread final : public Parked {
 public:
  ParkedThread() noexcept : Parked(wake) {}
  // After it was parked. Returns when it has been woken and the lot is done with it.
  void sleep(ParkingLot& lot) noexcept {
    woken_.acquire();
    (void)lot.unpark(*this);
  }

 private:
  static void wake(Parked& parked) noexcept { static_cast<ParkedThread&>(parked).woken_.release(); }

  std::binary_semaphore woken_{0};
};

// A coroutine's operation that waits. What wakes it may be on its way to the loop when the operation is
// cancelled, so this lives as long as both.
class ParkedOperation final : public Parked, private Job {
 public:
  // Called on the loop's thread when it has been woken.
  using Retry = void (*)(void* operation) noexcept;

  static ParkedOperation* create(Loop& loop, void* operation, Retry retry) {
    return ::new (FramePool::allocate(sizeof(ParkedOperation))) ParkedOperation(loop, operation, retry);
  }
  // The operation is over. True when a wake is on its way that nobody will follow.
  bool give_up(ParkingLot& lot) noexcept {
    operation_ = nullptr;
    if (!lot.unpark(*this)) return true;
    destroy();
    return false;
  }
  // The same, from within `retry`.
  void destroy() noexcept {
    this->~ParkedOperation();
    FramePool::release(this, sizeof(ParkedOperation));
  }

 private:
  ParkedOperation(Loop& loop, void* operation, Retry retry) noexcept
      : Parked(wake), Job(run), loop_(loop), operation_(operation), retry_(retry) {}
  ~ParkedOperation() = default;

  static void wake(Parked& parked) noexcept {
    auto& self = static_cast<ParkedOperation&>(parked);
    self.loop_.post(self);
  }
  static void run(Job& job) noexcept {
    auto& self = static_cast<ParkedOperation&>(job);
    if (self.operation_ != nullptr) {
      self.retry_(self.operation_);
    } else {
      self.destroy();
    }
  }

  Loop& loop_;
  void* operation_;  // for the loop's thread
  Retry retry_;
};

}  // namespace zerver::async::detail
