// The circuit breaker of a target: it is left alone for a while when too many attempts have failed.
#pragma once

#include <zerver/core/time.h>
#include <zerver/flow/call/policy.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace zerver::flow {

// Closed, it lets everything through and remembers how the last `of` attempts went. When they are that many
// and `percent` of them failed it opens; when `open` is over it is half open and lets one attempt through:
// its success closes the breaker, with nothing remembered, its failure opens it again (Nygard, "Release It!",
// 2007). One thread; time never goes backwards.
class BreakerMachine {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

  // What an attempt was let through with. The epoch changes with the state: how an attempt of an earlier one
  // went says nothing any more.
  struct Permit {
    bool granted = false;
    bool half_opened = false;  // it is the first one behind an open breaker
    std::uint32_t epoch = 0;
    constexpr explicit operator bool() const noexcept { return granted; }
  };

  // `policy.percent` and `policy.of` are at least 1.
  explicit BreakerMachine(const BreakerPolicy& policy);

  Permit allow(TimePoint now) noexcept;
  // The attempt has ended. It failed when the target was `unavailable` or silent; other faults are answers.
  // The state that the breaker has changed to, if it has.
  std::optional<State> ended(Permit permit, bool failed, TimePoint now) noexcept;
  // The attempt was given up, or never reached the target.
  void forget(Permit permit) noexcept;

  State state() const noexcept { return state_; }
  // How often it has opened.
  std::uint64_t openings() const noexcept { return openings_; }

 private:
  void change(State state) noexcept;
  void open(TimePoint now) noexcept;
  void remember(bool failed) noexcept;

  BreakerPolicy policy_;
  State state_ = State::kClosed;
  std::uint32_t epoch_ = 0;
  TimePoint until_;         // open: so long. Half open: the probe's verdict is awaited so long
  bool probing_ = false;    // half open: an attempt is under way
  std::vector<bool> last_;  // a ring: which of them failed
  std::uint32_t next_ = 0;
  std::uint32_t remembered_ = 0;
  std::uint32_t failures_ = 0;
  std::uint64_t openings_ = 0;
};

// Of a whole process. Any thread.
class Breaker {
 public:
  using State = BreakerMachine::State;
  using Permit = BreakerMachine::Permit;

  explicit Breaker(const BreakerPolicy& policy) : machine_(policy) {}

  Permit allow(TimePoint now) noexcept {
    const std::lock_guard lock(mutex_);
    return machine_.allow(latest(now));
  }
  std::optional<State> ended(Permit permit, bool failed, TimePoint now) noexcept {
    const std::lock_guard lock(mutex_);
    return machine_.ended(permit, failed, latest(now));
  }
  void forget(Permit permit) noexcept {
    const std::lock_guard lock(mutex_);
    machine_.forget(permit);
  }
  State state() const noexcept {
    const std::lock_guard lock(mutex_);
    return machine_.state();
  }
  std::uint64_t openings() const noexcept {
    const std::lock_guard lock(mutex_);
    return machine_.openings();
  }

 private:
  // The loops of a process read their clocks at different moments.
  TimePoint latest(TimePoint now) noexcept { return latest_ = now > latest_ ? now : latest_; }

  mutable std::mutex mutex_;
  BreakerMachine machine_;  // guarded by mutex_, like the time
  TimePoint latest_ = {};
};

}  // namespace zerver::flow
