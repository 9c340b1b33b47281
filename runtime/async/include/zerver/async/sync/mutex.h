// Mutual exclusion of coroutines: whoever finds it locked is suspended, the thread goes on.
#pragma once

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
// over to whoever has waited longest, so that nobody who comes later is before him. Not recursive.
class Mutex {
 public:
  class Lock : public WaitNode {
   public:
    using Value = MutexGuard;

    bool try_complete() noexcept { return !std::exchange(mutex_.locked_, true); }
    void enqueue(Waiter& waiter) noexcept { mutex_.waiting_.append(*this, waiter); }
    void cancel() noexcept { mutex_.waiting_.remove(*this); }
    Result<MutexGuard> result() noexcept { return MutexGuard(mutex_); }

   private:
    friend class Mutex;
    explicit Lock(Mutex& mutex) noexcept : mutex_(mutex) {}

    Mutex& mutex_;
  };

  Mutex() noexcept = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex() { assert(!locked_); }

  // `Result<MutexGuard> guard = co_await mutex.lock();` fails only when it is cancelled.
  Awaiting<Lock> lock() noexcept { return Awaiting<Lock>(Lock(*this)); }
  // Fails with `unavailable` when it is locked.
  Result<MutexGuard> try_lock() noexcept {
    if (std::exchange(locked_, true)) return Fault{FaultKind::kUnavailable, "the mutex is locked", {}};
    return MutexGuard(*this);
  }
  bool locked() const noexcept { return locked_; }

 private:
  friend class MutexGuard;

  void unlock() noexcept {
    if (waiting_.empty()) {
      locked_ = false;
    } else {
      waiting_.complete_first();
    }
  }

  bool locked_ = false;
  WaitList waiting_;
};

inline void MutexGuard::unlock() noexcept {
  if (mutex_ != nullptr) std::exchange(mutex_, nullptr)->unlock();
}

}  // namespace zerver::async
