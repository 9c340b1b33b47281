// A join whose members end on several threads.
#pragma once

#include <zerver/flow/call/join_machine.h>

#include <atomic>
#include <cstdint>

namespace zerver::flow {

// The same rules as JoinMachine's, without a lock: exactly one of the calls that report something is told
// that it decides, and so is the one that resumes whoever waits. What was written before any report that
// counts is visible to that one.
class JoinState {
 public:
  enum class Verdict : std::uint8_t {
    kOpen,     // others are awaited
    kDecides,  // go on: told once for each join
    kLate      // the join was decided before, or is not the one that this member belonged to: drop it
  };

  explicit JoinState(const JoinRule& rule) noexcept : rule_(rule) {}
  JoinState(const JoinState&) = delete;
  JoinState& operator=(const JoinState&) = delete;

  // Registers a member, before begin(); its report may come at any time behind that. By one thread.
  void add(bool required) noexcept {
    JoinTally seen = tally_.load(std::memory_order_relaxed);
    while (!tally_.compare_exchange_weak(seen, seen.with_member(required), std::memory_order_relaxed)) {
    }
  }
  // All are registered.
  Verdict begin() noexcept {
    JoinTally seen = tally_.load(std::memory_order_relaxed);
    JoinTally next;
    do
      next = seen.begun(rule_);
    while (!tally_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed));
    return next.decided() ? Verdict::kDecides : Verdict::kOpen;
  }

  // One member has ended, on any thread, once. `generation` is what the join had when it was started.
  Verdict succeeded(std::uint32_t generation, bool required) noexcept {
    return ended(generation, required, true);
  }
  Verdict failed(std::uint32_t generation, bool required) noexcept {
    return ended(generation, required, false);
  }

  bool decided() const noexcept { return tally_.load(std::memory_order_acquire).decided(); }
  // Once it is decided.
  bool succeeded() const noexcept { return tally_.load(std::memory_order_acquire).succeeded(rule_); }
  std::uint32_t successes() const noexcept { return tally_.load(std::memory_order_acquire).successes(); }
  std::uint32_t generation() const noexcept { return tally_.load(std::memory_order_acquire).generation(); }

  // For the next join: members of this one that have not ended are late from now on. By one thread, when the
  // join is decided or nobody waits for it.
  void reset() noexcept {
    JoinTally seen = tally_.load(std::memory_order_relaxed);
    while (!tally_.compare_exchange_weak(seen, JoinTally::of_generation(seen.generation() + 1),
                                         std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
  }

 private:
  Verdict ended(std::uint32_t generation, bool required, bool success) noexcept {
    JoinTally seen = tally_.load(std::memory_order_relaxed);
    JoinTally next;
    do {
      if (seen.generation() != generation || seen.decided()) return Verdict::kLate;
      next = seen.with_end(rule_, required, success);
    } while (!tally_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_relaxed));
    return next.decided() ? Verdict::kDecides : Verdict::kOpen;
  }

  JoinRule rule_;
  std::atomic<JoinTally> tally_;
};

static_assert(std::atomic<JoinTally>::is_always_lock_free);

}  // namespace zerver::flow
