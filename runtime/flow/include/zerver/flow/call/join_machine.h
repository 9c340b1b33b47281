// When a join is decided, and how: what became of its members goes in, the verdict comes out.
#pragma once

#include <cstdint>

namespace zerver::flow {

// `hedge` is none of them: it is one call, with copies (CallPolicy::hedges).
enum class Join : std::uint8_t {
  kAll,           // decided when every member has ended
  kAllRequired,   // when every required one has
  kAny,           // when the first has, however it went
  kFirstSuccess,  // with the first success, or when every member has ended
  kRace,          // as kAny
  kQuorum,        // with that many successes, or when they are out of reach
  kSequential     // when every member has ended, one behind the other, or a required one has failed
};

struct JoinRule {
  Join kind = Join::kAll;
  std::uint32_t quorum = 0;
};

// The bookkeeping of one join, as a value of eight bytes: JoinMachine keeps it for one thread, JoinState for
// several. Before it has begun nothing is decided, and behind the decision nothing changes: what ends then is
// late. Members are counted, not named: whoever reports one says whether it is required.
class JoinTally {
 public:
  static constexpr std::uint32_t kMaxMembers = (1U << 12) - 1;
  static constexpr std::uint32_t kGenerations = 1U << 22;  // then they begin again

  constexpr JoinTally() noexcept = default;
  // A join's own generation tells its members from those of the join that was counted here before.
  static constexpr JoinTally of_generation(std::uint32_t generation) noexcept {
    return JoinTally(std::uint64_t{generation % kGenerations} << kGenerationShift);
  }

  [[nodiscard]] constexpr JoinTally with_member(bool required) const noexcept {
    return JoinTally(required ? (bits_ | kAnyRequired) + kPending + kRequiredPending : bits_ + kPending);
  }
  [[nodiscard]] constexpr JoinTally begun(const JoinRule& rule) const noexcept {
    return JoinTally(bits_ | kBegun).settled(rule);
  }
  [[nodiscard]] constexpr JoinTally with_end(const JoinRule& rule, bool required,
                                             bool success) const noexcept {
    if (decided()) return *this;
    std::uint64_t bits = bits_ - kPending;
    if (required) bits -= kRequiredPending;
    if ((bits & kEnded) == 0) bits |= success ? kEnded | kFirstSucceeded : kEnded;
    if (success) {
      bits += kSuccess;
    } else if (required) {
      bits |= kRequiredFailed;
    }
    return JoinTally(bits).settled(rule);
  }

  constexpr bool decided() const noexcept { return (bits_ & kDecided) != 0; }
  // Once it is decided: whether the join has succeeded.
  constexpr bool succeeded(const JoinRule& rule) const noexcept {
    switch (rule.kind) {
      case Join::kAll:
      case Join::kAllRequired:
      case Join::kSequential:
        return (bits_ & kRequiredFailed) == 0;
      case Join::kAny:
      case Join::kRace:
        return (bits_ & kFirstSucceeded) != 0;
      case Join::kFirstSuccess:
        return successes() != 0 || (bits_ & kAnyRequired) == 0;
      case Join::kQuorum:
        return successes() >= rule.quorum;
    }
    return false;
  }

  constexpr std::uint32_t pending() const noexcept { return field(kPendingShift); }
  constexpr std::uint32_t required_pending() const noexcept { return field(kRequiredPendingShift); }
  constexpr std::uint32_t successes() const noexcept { return field(kSuccessShift); }
  constexpr std::uint32_t generation() const noexcept {
    return static_cast<std::uint32_t>(bits_ >> kGenerationShift);
  }

  friend constexpr bool operator==(JoinTally, JoinTally) noexcept = default;

 private:
  static constexpr unsigned kPendingShift = 0;
  static constexpr unsigned kRequiredPendingShift = 12;
  static constexpr unsigned kSuccessShift = 24;
  static constexpr unsigned kGenerationShift = 42;
  static constexpr std::uint64_t kPending = 1;
  static constexpr std::uint64_t kRequiredPending = std::uint64_t{1} << kRequiredPendingShift;
  static constexpr std::uint64_t kSuccess = std::uint64_t{1} << kSuccessShift;
  static constexpr std::uint64_t kAnyRequired = std::uint64_t{1} << 36;
  static constexpr std::uint64_t kRequiredFailed = std::uint64_t{1} << 37;
  static constexpr std::uint64_t kEnded = std::uint64_t{1} << 38;  // some member has
  static constexpr std::uint64_t kFirstSucceeded = std::uint64_t{1} << 39;
  static constexpr std::uint64_t kBegun = std::uint64_t{1} << 40;
  static constexpr std::uint64_t kDecided = std::uint64_t{1} << 41;

  explicit constexpr JoinTally(std::uint64_t bits) noexcept : bits_(bits) {}

  constexpr std::uint32_t field(unsigned shift) const noexcept {
    return static_cast<std::uint32_t>(bits_ >> shift) & kMaxMembers;
  }
  constexpr JoinTally settled(const JoinRule& rule) const noexcept {
    return (bits_ & kBegun) != 0 && due(rule) ? JoinTally(bits_ | kDecided) : *this;
  }
  constexpr bool due(const JoinRule& rule) const noexcept {
    switch (rule.kind) {
      case Join::kAll:
        return pending() == 0;
      case Join::kAllRequired:
        return required_pending() == 0;
      case Join::kAny:
      case Join::kRace:
        return (bits_ & kEnded) != 0 || pending() == 0;
      case Join::kFirstSuccess:
        return successes() != 0 || pending() == 0;
      case Join::kQuorum:
        return successes() >= rule.quorum || successes() + pending() < rule.quorum;
      case Join::kSequential:
        return (bits_ & kRequiredFailed) != 0 || pending() == 0;
    }
    return true;
  }

  std::uint64_t bits_ = 0;
};

// For members that end on one thread.
class JoinMachine {
 public:
  explicit constexpr JoinMachine(const JoinRule& rule) noexcept : rule_(rule) {}

  constexpr void add(bool required) noexcept { tally_ = tally_.with_member(required); }
  // All are added: true when that decides it, because enough has ended before.
  constexpr bool begin() noexcept { return follow(tally_.begun(rule_)); }
  // True when this decides it. Behind the decision it changes nothing.
  constexpr bool ended(bool required, bool success) noexcept {
    return follow(tally_.with_end(rule_, required, success));
  }

  constexpr const JoinRule& rule() const noexcept { return rule_; }
  constexpr bool decided() const noexcept { return tally_.decided(); }
  constexpr bool succeeded() const noexcept { return tally_.succeeded(rule_); }
  constexpr std::uint32_t successes() const noexcept { return tally_.successes(); }

 private:
  constexpr bool follow(JoinTally next) noexcept {
    const bool decides = next.decided() && !tally_.decided();
    tally_ = next;
    return decides;
  }

  JoinRule rule_;
  JoinTally tally_;
};

}  // namespace zerver::flow
