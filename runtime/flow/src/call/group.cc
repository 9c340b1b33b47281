#include <zerver/flow/call/group.h>

namespace zerver::flow {

namespace {

constexpr Fault kOutOfReach{FaultKind::kInternal, "a quorum of more members than there are", {}};
constexpr Fault kNotStarted{FaultKind::kCancelled, "it was never started", {}};
constexpr Fault kNotTaken{FaultKind::kCancelled, "another one was taken", {}};

}  // namespace

void Member::report(Outcome outcome) noexcept {
  outcome_ = outcome;
  failed_ = outcome != Outcome::kValue;
  if (group_ != nullptr) return group_->member_ended(*this, outcome == Outcome::kValue);
  // None yet: it has ended within its start.
  if (waiter_.handle) exchange_->resume(waiter_);
}

GroupBase::GroupBase(Exchange& exchange, const JoinRule& rule) noexcept
    : Member(exchange), machine_(rule), result_(kNotStarted) {}

void GroupBase::set_members(const GroupMember* members, std::size_t count) noexcept {
  members_ = members;
  count_ = count;
  for (std::size_t index = 0; index < count; ++index) {
    Member& member = *members[index].member;
    member.group_ = this;
    member.required_ = members[index].need == Need::kRequired;
    machine_.add(member.required_);
  }
}

void GroupBase::start() noexcept {
  set_outcome(Outcome::kRunning);
  if (machine_.rule().kind == Join::kSequential) {
    machine_.begin();
    return start_in_order();
  }
  starting_ = true;
  for (std::size_t index = 0; index < count_; ++index)
    members_[index].member->start();
  starting_ = false;
  if (machine_.begin()) decide();
}

// Also members that end within their start follow each other without recursion.
void GroupBase::start_in_order() noexcept {
  starting_ = true;
  while (!machine_.decided() && next_ < count_) {
    Member& member = *members_[next_++].member;
    member.start();
    if (member.outcome() == Outcome::kRunning) break;
  }
  starting_ = false;
  if (machine_.decided()) decide();
}

void GroupBase::member_ended(Member& member, bool success) noexcept {
  if (machine_.decided() || outcome() != Outcome::kRunning) {
    // An adapter has completed it from within the end of another one.
    member.failed_ = false;
    return member.hide();
  }
  if (first_ == nullptr && (success || machine_.rule().kind != Join::kFirstSuccess)) first_ = &member;
  const bool decides = machine_.ended(member.required_, success);
  if (starting_) return;
  if (decides) return decide();
  if (machine_.rule().kind == Join::kSequential) start_in_order();
}

void GroupBase::decide() noexcept {
  const bool success = machine_.succeeded();
  const bool cancels = machine_.rule().kind == Join::kRace || exchange().given_up();
  end_members(cancels ? Stop::kCancel : Stop::kLetGo, takes_one() ? first_ : nullptr);
  if (success) {
    result_ = {};
  } else {
    const Member* const deciding = decider();
    result_ = deciding != nullptr ? deciding->fault() : kOutOfReach;
  }
  if (exchange().is_traced() && !is_in_group())
    exchange().trace({.detail = machine_.successes(), .kind = trace::Kind::kResume});
  report(success ? Outcome::kValue : Outcome::kError);
}

void GroupBase::end_members(Stop how, const Member* taken) noexcept {
  for (std::size_t index = 0; index < count_; ++index) {
    Member& member = *members_[index].member;
    if (member.outcome() == Outcome::kRunning) {
      member.stop(how);
    } else if (taken != nullptr && &member != taken && member.outcome() == Outcome::kValue) {
      member.hide();
    }
  }
}

bool GroupBase::takes_one() const noexcept {
  const Join kind = machine_.rule().kind;
  return kind == Join::kAny || kind == Join::kRace || kind == Join::kFirstSuccess;
}

const Member* GroupBase::decider() const noexcept {
  const Join kind = machine_.rule().kind;
  if (kind == Join::kAny || kind == Join::kRace) return first_;
  for (std::size_t index = 0; index < count_; ++index) {
    const Member& member = *members_[index].member;
    if (member.failed_ && (member.required_ || kind == Join::kQuorum)) return &member;
  }
  return nullptr;
}

void GroupBase::stop(Stop how) noexcept {
  set_outcome(Outcome::kCancelled);
  for (std::size_t index = 0; index < count_; ++index) {
    Member& member = *members_[index].member;
    if (member.outcome() == Outcome::kRunning) {
      member.stop(how);
    } else if (member.outcome() == Outcome::kValue) {
      member.hide();
    }
  }
  result_ = kNotTaken;
}

void GroupBase::hide() noexcept {
  for (std::size_t index = 0; index < count_; ++index) {
    Member& member = *members_[index].member;
    if (member.outcome() == Outcome::kValue) member.hide();
  }
  result_ = kNotTaken;
  set_outcome(Outcome::kCancelled);
}

}  // namespace zerver::flow
