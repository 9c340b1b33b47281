// Many readers or one writer.
#pragma once

#include <zerver/async/sync/wait_list.h>

#include <cassert>
#include <cstddef>
#include <utility>

namespace zerver::async {

class RwLock;

// Owns a lock for reading or for writing; the lock outlives it.
template <bool kWrites> class [[nodiscard]] RwGuard {
 public:
  RwGuard(RwGuard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
  RwGuard& operator=(RwGuard&& other) noexcept {
    if (this != &other) {
      unlock();
      lock_ = std::exchange(other.lock_, nullptr);
    }
    return *this;
  }
  ~RwGuard() { unlock(); }

  // Before the end of the scope; harmless when that has been done.
  void unlock() noexcept;

 private:
  friend class RwLock;
  explicit RwGuard(RwLock& lock) noexcept : lock_(&lock) {}

  RwLock* lock_;
};
using ReadGuard = RwGuard<false>;
using WriteGuard = RwGuard<true>;

// Of one loop; nobody holds it or waits for it when it goes. First come, first served, so a writer who waits
// is preferred to readers who come after him, and to no reader before him: neither kind starves. Readers next
// to each other in the line enter together.
class RwLock {
  struct Entry : WaitNode {
    explicit Entry(bool to_write) noexcept : writes(to_write) {}
    bool writes;
  };

 public:
  template <bool kWrites> class Lock : public Entry {
   public:
    using Value = RwGuard<kWrites>;

    bool try_complete() noexcept { return lock_.enter_first(kWrites); }
    void enqueue(Waiter& waiter) noexcept { lock_.waiting_.append(*this, waiter); }
    void cancel() noexcept {
      lock_.waiting_.remove(*this);
      lock_.let_in();
    }
    Result<Value> result() noexcept { return Value(lock_.guard<kWrites>()); }

   private:
    friend class RwLock;
    explicit Lock(RwLock& lock) noexcept : Entry(kWrites), lock_(lock) {}

    RwLock& lock_;
  };

  RwLock() noexcept = default;
  RwLock(const RwLock&) = delete;
  RwLock& operator=(const RwLock&) = delete;
  ~RwLock() { assert(!writing_ && readers_ == 0); }

  // Both fail only when they are cancelled.
  Awaiting<Lock<false>> read() noexcept { return Awaiting<Lock<false>>(Lock<false>(*this)); }
  Awaiting<Lock<true>> write() noexcept { return Awaiting<Lock<true>>(Lock<true>(*this)); }
  // Both fail with `unavailable` when they would have to wait.
  Result<ReadGuard> try_read() noexcept { return try_lock<false>(); }
  Result<WriteGuard> try_write() noexcept { return try_lock<true>(); }

  std::size_t readers() const noexcept { return readers_; }
  bool writing() const noexcept { return writing_; }

 private:
  template <bool> friend class RwGuard;

  template <bool kWrites> RwGuard<kWrites> guard() noexcept { return RwGuard<kWrites>(*this); }
  template <bool kWrites> Result<RwGuard<kWrites>> try_lock() noexcept {
    if (!enter_first(kWrites)) return Fault{FaultKind::kUnavailable, "the lock is taken", {}};
    return guard<kWrites>();
  }
  bool enter_first(bool writes) noexcept { return waiting_.empty() && enter(writes); }
  bool enter(bool writes) noexcept {
    if (writing_ || (writes && readers_ != 0)) return false;
    if (writes) {
      writing_ = true;
    } else {
      ++readers_;
    }
    return true;
  }
  void let_in() noexcept {
    while (!waiting_.empty() && enter(static_cast<Entry&>(waiting_.first()).writes))
      waiting_.complete_first();
  }
  void leave(bool writes) noexcept {
    if (writes) {
      writing_ = false;
    } else {
      --readers_;
    }
    let_in();
  }

  bool writing_ = false;
  std::size_t readers_ = 0;
  WaitList waiting_;
};

template <bool kWrites> void RwGuard<kWrites>::unlock() noexcept {
  if (lock_ != nullptr) std::exchange(lock_, nullptr)->leave(kWrites);
}

}  // namespace zerver::async
