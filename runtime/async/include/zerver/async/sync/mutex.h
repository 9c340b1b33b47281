// Mutual exclusion of coroutines: whoever finds it locked is suspended, the thread goes on.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/async/sync/wait_list.h>

#include <cassert>
#include <utility>

namespace zerver::async {

class Mutex;

// Owns a locked mutex, which outlives it.
class [[nodiscard]] MutexGuard {
 public:
  MutexGuard(MutexGuard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
  MutexGuard& operator=(MutexGuard&& other) noexcept {
    if (this != &other) {
      unlock();
      mutex_ = std::exchange(other.mutex_, nullptr);
    }
    return *this;
  }
  ~MutexGuard() { unlock(); }

  // Before the end of the scope; harmless when that has been done.
  void unlock() noexcept;

 private:
  friend class Mutex;
  explicit MutexGuard(Mutex& mutex) noexcept : mutex_(&mutex) {}

  Mutex* mutex_;
};

// Of one loop; nobody holds it or waits for it when it goes. First come, first served: unlocking hands it
// over to whoever has waited longest, so that nobody who comes later is before him. Whoever locks it with a
// Borrower lends his class to the one who holds it, and that of the most urgent who waits behind him to the
// next. Not recursive.
class Mutex {
 public:
  class Lock : public WaitNode {
   public:
    using Value = MutexGuard;

    bool try_complete() noexcept { return mutex_.take(who_); }
    void enqueue(Waiter& waiter) noexcept {
      mutex_.waiting_.append(*this, waiter);
      mutex_.lend_for(who_);
    }
    void cancel() noexcept { mutex_.waiting_.remove(*this); }
    Result<MutexGuard> result() noexcept { return MutexGuard(mutex_); }

   private:
    friend class Mutex;
    Lock(Mutex& mutex, Borrower* who) noexcept : mutex_(mutex), who_(who) {}

    Mutex& mutex_;
    Borrower* who_;
  };

  Mutex() noexcept = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex() { assert(!locked_); }

  // `Result<MutexGuard> guard = co_await mutex.lock();` fails only when it is cancelled.
  Awaiting<Lock> lock() noexcept { return Awaiting<Lock>(Lock(*this, nullptr)); }
  // The same for somebody with a class, who outlives the guard.
  Awaiting<Lock> lock(Borrower& who) noexcept { return Awaiting<Lock>(Lock(*this, &who)); }
  // Fails with `unavailable` when it is locked.
  Result<MutexGuard> try_lock() noexcept {
    if (!take(nullptr)) return Fault{FaultKind::kUnavailable, "the mutex is locked", {}};
    return MutexGuard(*this);
  }
  bool locked() const noexcept { return locked_; }

 private:
  friend class MutexGuard;

  bool take(Borrower* who) noexcept {
    if (std::exchange(locked_, true)) return false;
    holder_ = who;
    return true;
  }
  void unlock() noexcept {
    if (waiting_.empty()) {
      locked_ = false;
      return;
    }
    holder_ = static_cast<Lock&>(waiting_.first()).who_;
    waiting_.complete_first();
    if (holder_ == nullptr) return;
    Borrower* urgent = nullptr;
    waiting_.for_each([&](WaitNode& node) {
      Borrower* const who = static_cast<Lock&>(node).who_;
      if (who != nullptr && (urgent == nullptr || who->priority() < urgent->priority())) urgent = who;
    });
    lend_for(urgent);
  }
  void lend_for(const Borrower* who) noexcept {
    if (who != nullptr && holder_ != nullptr && who->priority() < holder_->priority()) {
      holder_->lend(who->priority());
    }
  }

  bool locked_ = false;
  Borrower* holder_ = nullptr;  // null: unlocked, or locked without one
  WaitList waiting_;
};

inline void MutexGuard::unlock() noexcept {
  if (mutex_ != nullptr) std::exchange(mutex_, nullptr)->unlock();
}

}  // namespace zerver::async
