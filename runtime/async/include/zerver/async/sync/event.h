// Waiting for something that happens once, or for work that ends.
#pragma once

#include <zerver/async/sync/wait_list.h>

#include <cassert>
#include <cstddef>

namespace zerver::async {

// Of one loop; nobody waits for it when it goes. Stays set until it is reset.
class Event {
 public:
  class Wait : public WaitNode {
   public:
    using Value = void;

    bool try_complete() const noexcept { return event_.set_; }
    void enqueue(Waiter& waiter) noexcept { event_.waiting_.append(*this, waiter); }
    void cancel() noexcept { event_.waiting_.remove(*this); }
    Result<void> result() const noexcept { return {}; }

   private:
    friend class Event;
    explicit Wait(Event& event) noexcept : event_(event) {}

    Event& event_;
  };

  Event() noexcept = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { assert(waiting_.empty()); }

  bool is_set() const noexcept { return set_; }
  // Resumes all who wait, in the order of their coming, even if it is reset before they go on.
  void set() noexcept {
    set_ = true;
    while (!waiting_.empty())
      waiting_.complete_first();
  }
  void reset() noexcept { set_ = false; }
  // Fails only when it is cancelled.
  Awaiting<Wait> wait() noexcept { return Awaiting<Wait>(Wait(*this)); }

 private:
  bool set_ = false;
  WaitList waiting_;
};

// Of one loop. Counts work that is under way; whoever waits is resumed when it comes to zero.
class WaitGroup {
 public:
  explicit WaitGroup(std::size_t count = 0) noexcept { add(count); }

  void add(std::size_t count = 1) noexcept {
    count_ += count;
    if (count_ != 0) {
      none_.reset();
    } else {
      none_.set();
    }
  }
  // As often as was added.
  void done() noexcept {
    assert(count_ != 0);
    if (--count_ == 0) none_.set();
  }
  std::size_t count() const noexcept { return count_; }
  // Fails only when it is cancelled.
  Awaiting<Event::Wait> wait() noexcept { return none_.wait(); }

 private:
  std::size_t count_ = 0;
  Event none_;
};

}  // namespace zerver::async
