// What a join waits for: a call, or another join inside it.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/flow/exchange.h>

#include <coroutine>
#include <cstdint>

namespace zerver::flow {

class GroupBase;

// What has become of a member.
enum class Outcome : std::uint8_t {
  kAbsent,     // never started
  kRunning,    //
  kValue,      // succeeded; its result is there
  kError,      // failed
  kCancelled,  // given up, lost a race, or came too late: what it did out there is not known
};

// How a member is ended by those who no longer wait for it.
enum class Stop : std::uint8_t {
  kCancel,  // nobody wants what it does any more
  kLetGo,   // its result comes too late, but what it does out there may go on (Adapter::let_go)
};

// Lives in the frame of the flow, pinned from its start to its end. Ends exactly once, and then tells its
// group, or resumes the coroutine that awaits it.
class Member {
 public:
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  Outcome outcome() const noexcept { return outcome_; }
  Exchange& exchange() const noexcept { return *exchange_; }

  // As an awaitable of a flow's coroutine, when it is in no group.
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept {
    start();
    if (outcome_ != Outcome::kRunning) return false;
    waiter_.handle = waiter;
    return true;
  }

 protected:
  explicit Member(Exchange& exchange) noexcept : exchange_(&exchange) {}
  ~Member() = default;

  bool is_in_group() const noexcept { return group_ != nullptr; }
  void set_outcome(Outcome outcome) noexcept { outcome_ = outcome; }
  // The last that it does: the flow may go on, and this be gone, before it returns.
  void report(Outcome outcome) noexcept;
  // When it has not succeeded.
  virtual const Fault& fault() const noexcept = 0;

 private:
  friend class GroupBase;

  virtual void start() noexcept = 0;
  // While it runs: it ends without a report.
  virtual void stop(Stop how) noexcept = 0;
  // It has ended, but another one is taken: its result becomes a fault.
  virtual void hide() noexcept = 0;

  Exchange* exchange_;
  GroupBase* group_ = nullptr;
  Waiter waiter_;  // when it is in no group
  Outcome outcome_ = Outcome::kAbsent;
  bool required_ = true;  // in its group
  bool failed_ = false;   // it has reported a failure; one that was stopped has not
};

}  // namespace zerver::flow
