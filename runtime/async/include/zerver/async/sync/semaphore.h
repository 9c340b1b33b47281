// A bound on how many coroutines do something at once.
#pragma once

#include <zerver/async/sync/wait_list.h>

#include <cassert>
#include <cstddef>
#include <utility>

namespace zerver::async {

class Semaphore;

// Gives its permits back to the semaphore, which outlives it.
class [[nodiscard]] Permits {
 public:
  Permits(Permits&& other) noexcept : semaphore_(other.semaphore_), count_(std::exchange(other.count_, 0)) {}
  Permits& operator=(Permits&& other) noexcept {
    if (this != &other) {
      release();
      semaphore_ = other.semaphore_;
      count_ = std::exchange(other.count_, 0);
    }
    return *this;
  }
  ~Permits() { release(); }

  std::size_t count() const noexcept { return count_; }
  // Before the end of the scope; harmless when that has been done.
  void release() noexcept;
  // They are not given back: whoever keeps them calls Semaphore::release() himself.
  std::size_t detach() noexcept { return std::exchange(count_, 0); }

 private:
  friend class Semaphore;
  Permits(Semaphore& semaphore, std::size_t count) noexcept : semaphore_(&semaphore), count_(count) {}

  Semaphore* semaphore_;
  std::size_t count_;
};

// Of one loop; nobody waits for it when it goes. First come, first served: whoever wants many permits is not
// passed by those behind him who want few, so he gets them.
class Semaphore {
 public:
  class Acquire : public WaitNode {
   public:
    using Value = Permits;

    bool try_complete() noexcept { return semaphore_.take(count_); }
    void enqueue(Waiter& waiter) noexcept { semaphore_.waiting_.append(*this, waiter); }
    void cancel() noexcept {
      semaphore_.waiting_.remove(*this);
      semaphore_.hand_out();
    }
    Result<Permits> result() noexcept { return Permits(semaphore_, count_); }

   private:
    friend class Semaphore;
    Acquire(Semaphore& semaphore, std::size_t count) noexcept : semaphore_(semaphore), count_(count) {}

    Semaphore& semaphore_;
    std::size_t count_;
  };

  explicit Semaphore(std::size_t permits) noexcept : available_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() { assert(waiting_.empty()); }

  // `Result<Permits> permits = co_await semaphore.acquire();` fails only when it is cancelled. More than
  // there will ever be waits until then.
  Awaiting<Acquire> acquire(std::size_t count = 1) noexcept {
    return Awaiting<Acquire>(Acquire(*this, count));
  }
  // Fails with `unavailable` when there are too few, or others wait.
  Result<Permits> try_acquire(std::size_t count = 1) noexcept {
    if (!take(count)) return Fault{FaultKind::kUnavailable, "the semaphore has too few permits", {}};
    return Permits(*this, count);
  }
  // Gives back, or adds, permits.
  void release(std::size_t count = 1) noexcept {
    available_ += count;
    hand_out();
  }
  std::size_t available() const noexcept { return available_; }

 private:
  bool take(std::size_t count) noexcept {
    if (!waiting_.empty() || count > available_) return false;
    available_ -= count;
    return true;
  }
  void hand_out() noexcept {
    while (!waiting_.empty()) {
      const std::size_t count = static_cast<Acquire&>(waiting_.first()).count_;
      if (count > available_) return;
      available_ -= count;
      waiting_.complete_first();
    }
  }

  std::size_t available_;
  WaitList waiting_;
};

inline void Permits::release() noexcept {
  if (count_ != 0) semaphore_->release(std::exchange(count_, 0));
}

}  // namespace zerver::async
