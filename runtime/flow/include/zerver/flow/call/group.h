// Waiting for several calls at once: the joins of a group of effects, as an awaitable of the flow's
// coroutine.
#pragma once

#include <zerver/core/result.h>
#include <zerver/flow/call/join_machine.h>
#include <zerver/flow/call/member.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::flow {

enum class Need : bool { kRequired, kOptional };
inline constexpr Need kOptional = Need::kOptional;

// One member of a group as it is declared: `{&call}` or `{&call, kOptional}`.
struct GroupMember {
  Member* member;
  Need need = Need::kRequired;
};

// Starts all of its members in the order in which they are declared (those of `sequential` one behind the
// other's end) and goes on when the join is decided; what is still under way is ended then: cancelled where
// the join is a `race` or the request is given up, else let go. So no call of a group is in flight when it
// resumes, and members are read in any order, with the same result whatever order they finished in. Where the
// join takes one member, the results of the others are faults.
class GroupBase : public Member {
 public:
  // Success, or the fault of the member that decided: the first one declared, of those required that failed;
  // of `any` and `race` the one that ended first; of `quorum n` the first one declared that failed.
  const Result<void>& result() const noexcept { return result_; }
  void await_resume() const noexcept {}
  // As if it had ended so, instead of being started; its members are restored, too.
  void restore(const Result<void>& result) noexcept {
    result_ = result;
    set_outcome(result.has_value() ? Outcome::kValue : Outcome::kError);
  }

 protected:
  GroupBase(Exchange& exchange, const JoinRule& rule) noexcept;
  ~GroupBase() = default;

  // `members` stays valid.
  void set_members(const GroupMember* members, std::size_t count) noexcept;

 private:
  friend class Member;

  void start() noexcept override;
  void stop(Stop how) noexcept override;
  void hide() noexcept override;
  const Fault& fault() const noexcept override { return result_.error(); }

  void start_in_order() noexcept;
  void member_ended(Member& member, bool success) noexcept;
  void decide() noexcept;
  void end_members(Stop how, const Member* taken) noexcept;
  bool takes_one() const noexcept;
  const Member* decider() const noexcept;

  JoinMachine machine_;
  const GroupMember* members_ = nullptr;
  std::size_t count_ = 0;
  std::size_t next_ = 0;           // of `sequential`: to be started
  const Member* first_ = nullptr;  // that decides, where the join takes one
  bool starting_ = false;
  Result<void> result_;
};

template <std::size_t N> class Group final : public GroupBase {
 public:
  Group(Exchange& exchange, Join join, const GroupMember (&members)[N], std::uint32_t quorum = 0) noexcept
      : GroupBase(exchange, {join, quorum}) {
    static_assert(N <= JoinTally::kMaxMembers);
    for (std::size_t index = 0; index < N; ++index)
      declared_[index] = members[index];
    set_members(declared_.data(), N);
  }

 private:
  std::array<GroupMember, N> declared_{};
};

}  // namespace zerver::flow
