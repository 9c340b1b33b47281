#include <zerver/flow/call/call.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/transaction/transaction.h>

#include <cstring>
#include <memory>
#include <new>

namespace zerver::flow {

namespace {

constexpr Fault kLost{FaultKind::kCancelled, "another one was taken", {}};
constexpr Fault kLate{FaultKind::kCancelled, "it came too late", {}};

}  // namespace

CallBase::CallTimer::CallTimer(CallBase& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<CallTimer&>(timer).call.on_timer(); }), call(owner) {}

CallBase::CallBase(Exchange& exchange, const CallSite& site, const void* arguments, Shield shield) noexcept
    : Member(exchange),
      site_(&site),
      arguments_(arguments),
      machine_(site.policy, exchange.deadline(), exchange.target(site.target).timeout),
      timer_(*this),
      first_(*this, 0),
      shield_(shield) {
  exchange.enter_step(site.step);
}

CallBase::~CallBase() {
  // Only when the flow is destroyed while it waits.
  if (outcome() == Outcome::kRunning) {
    stop_copies(Stop::kCancel);
    settle();
  }
  for (Copy* copy = first_.next; copy != nullptr;) {
    Copy* const next = copy->next;
    std::destroy_at(copy);
    copy = next;
  }
}

// --- From its start to its end ---

void CallBase::start() noexcept {
  set_outcome(Outcome::kRunning);
  const TimePoint now = worker().loop().now();
  if (shield_ == Shield::kCleanup) {
    machine_ = CallMachine(site_->policy, now + worker().limits().cleanup);
  } else if (exchange().cancelled_) {
    return end_given_up("the client is gone");
  }
  Target& target = this->target();
  if (site_->rate != CallSite::kNoRate && !exchange().rate(site_->rate).take(now)) {
    ++target.counts.refused_rate;
    trace(trace::Kind::kRefused, site_->target);
    return end_failed({FaultKind::kUnavailable, "its rate is used up", {}});
  }
  if (target.retry_budget != nullptr) target.retry_budget->deposit();
  if (exchange().retry_budget_ != nullptr) exchange().retry_budget_->deposit();
  follow(machine_.attempt(now));
}

void CallBase::follow(const CallMachine::Next& next) noexcept {
  switch (next.action) {
    case CallMachine::Action::kAttempt:
      return begin_attempt(next);
    case CallMachine::Action::kWait:
      if (!withdraw_retry()) return end(Outcome::kError);
      ++worker().counters().retries;
      ++target().counts.retries;
      return wait_until(next.until);
    case CallMachine::Action::kGoOn:
      return;
    case CallMachine::Action::kFail:
      return end(Outcome::kError);
    case CallMachine::Action::kExpire:
      stop_copies(Stop::kCancel);
      if (shield_ == Shield::kCleanup)
        return end_failed({FaultKind::kTimeout, "the time for cleaning up is over", {}});
      return end_given_up("the deadline has passed");
  }
}

void CallBase::begin_attempt(const CallMachine::Next& next) noexcept {
  faulty_copy_ = kNoCopy;
  first_.until = next.until;
  if (!allowed_by_breaker(first_)) {
    return end_failed({FaultKind::kUnavailable, "the breaker of its target is open", {}});
  }
  // Before the attempt, which may end the call.
  if (next.hedge_at != TimePoint::never()) worker().loop().start(timer_, next.hedge_at);
  Target& target = this->target();
  // What holds a connection must not wait for those who wait for one.
  if (first_.transaction() != nullptr && first_.transaction()->is_open())
    return launch(first_, trace::Kind::kAttempt);
  switch (target.in_flight->enter(first_, target.room, worker().loop())) {
    case InFlight::Entry::kEntered:
      first_.has_place = true;
      return launch(first_, trace::Kind::kAttempt);
    case InFlight::Entry::kWaits:
      ++target.counts.waited;
      trace(trace::Kind::kQueued);
      first_.state = Copy::State::kQueued;
      if (next.until != TimePoint::never()) worker().loop().start(first_, next.until);
      return link();
    case InFlight::Entry::kRefused:
      ++worker().counters().refused;
      ++target.counts.refused;
      trace(trace::Kind::kRefused, site_->target);
      forget_permit(first_);
      return fail_copy(first_, {FaultKind::kUnavailable, "too much is in flight", {}});
  }
}

void CallBase::wait_until(TimePoint until) noexcept {
  trace(trace::Kind::kWait, (until - worker().loop().now()).nanoseconds);
  backing_off_ = true;
  worker().loop().start(timer_, until);
  link();
}

void CallBase::on_timer() noexcept {
  if (!backing_off_) return hedge();
  backing_off_ = false;
  follow(machine_.attempt(worker().loop().now()));
}

// A hedge is an extra: where anything speaks against it, there is none, and the call goes on without.
void CallBase::hedge() noexcept {
  const TimePoint now = worker().loop().now();
  const CallMachine::Next next = machine_.hedge(now);
  if (next.hedge_at != TimePoint::never()) worker().loop().start(timer_, next.hedge_at);
  Copy* const copy = next_hedge_copy();
  if (copy == nullptr || !allowed_by_breaker(*copy)) return machine_.hedge_skipped();
  Target& target = this->target();
  if (!target.in_flight->try_enter()) {
    forget_permit(*copy);
    return machine_.hedge_skipped();
  }
  if (!withdraw_retry()) {
    target.in_flight->leave();
    forget_permit(*copy);
    return machine_.hedge_skipped();
  }
  ++worker().counters().hedges;
  ++target.counts.hedges;
  copy->until = next.until;
  copy->has_place = true;
  launch(*copy, trace::Kind::kHedge);
}

// One that is idle, or a new one. Null when the arena is full.
CallBase::Copy* CallBase::next_hedge_copy() noexcept {
  Copy* last = &first_;
  while (last->next != nullptr) {
    last = last->next;
    if (last->state == Copy::State::kIdle) return last;
  }
  void* const memory = arena().try_allocate(sizeof(Copy), alignof(Copy));
  if (memory == nullptr) return nullptr;
  last->next = ::new (memory) Copy(*this, last->copy() + 1);
  return last->next;
}

// Both budgets, that of the target and that of the flow, allow it or neither pays.
bool CallBase::withdraw_retry() noexcept {
  RetryBudget* const of_target = target().retry_budget;
  RetryBudget* const of_flow = exchange().retry_budget_;
  if (of_target != nullptr && !of_target->withdraw()) {
    ++target().counts.refused_budget;
    return false;
  }
  if (of_flow != nullptr && !of_flow->withdraw()) {
    if (of_target != nullptr) of_target->put_back();
    ++target().counts.refused_budget;
    return false;
  }
  return true;
}

bool CallBase::may_have_happened() const noexcept {
  for (const Copy* copy = &first_; copy != nullptr; copy = copy->next) {
    if (copy->state == Copy::State::kInFlight) return true;
  }
  return may_have_happened_;
}

// --- Its end ---

void CallBase::cancel() noexcept {
  if (shield_ == Shield::kCleanup) return;
  stop_copies(Stop::kCancel);
  end_given_up("the client is gone");
}

void CallBase::stop(Stop how) noexcept {
  set_outcome(Outcome::kCancelled);
  stop_copies(how);
  settle();
  trace(how == Stop::kCancel ? trace::Kind::kGiveUp : trace::Kind::kLate);
  set_fault(how == Stop::kCancel ? kLost : kLate);
}

void CallBase::hide() noexcept {
  set_outcome(Outcome::kCancelled);
  ++target().counts.late;
  trace(trace::Kind::kLate);
  set_fault(kLost);
}

void CallBase::end_given_up(String why) noexcept {
  ++worker().counters().cancelled;
  trace(trace::Kind::kGiveUp);
  exchange().given_up_ = true;
  set_fault({FaultKind::kCancelled, why, {}});
  end(Outcome::kCancelled);
}

void CallBase::end_failed(const Fault& fault) noexcept {
  set_fault(with_cause(fault));
  end(Outcome::kError);
}

void CallBase::end(Outcome outcome) noexcept {
  settle();
  report(outcome);
}

// Nothing refers to it any more, but its group.
void CallBase::settle() noexcept {
  if (timer_.running()) worker().loop().stop(timer_);
  unlink();
}

// --- What it is made of ---

void CallBase::record(trace::Event event) noexcept {
  event.name = site_->step;
  event.attempt = static_cast<std::uint16_t>(machine_.attempts());
  exchange().trace(event);
}

// A copy in the arena, because an adapter's text may be gone when the flow reads it.
String CallBase::kept(String text) noexcept {
  if (text.empty()) return {};
  void* const memory = arena().try_allocate(text.size(), 1);
  if (memory == nullptr) return {};
  std::memcpy(memory, text.data(), text.size());
  return String::borrowed({static_cast<const char*>(memory), text.size()});
}

// The same, with what is known of how it came to it.
Fault CallBase::with_cause(const Fault& fault) noexcept {
  Exchange& exchange = this->exchange();
  if (exchange.causes_ == Exchange::kMostCauses) return fault;
  void* const memory = arena().try_allocate(sizeof(FaultCause), alignof(FaultCause));
  if (memory == nullptr) return fault;
  ++exchange.causes_;
  const Target& target = this->target();
  causes_ = ::new (memory) FaultCause{.step = site_->step,
                                      .target = target.name,
                                      .operation = site_->operation < target.operations.size()
                                                       ? target.operations[site_->operation].name
                                                       : std::string_view(),
                                      .kind = fault.kind,
                                      .attempt = static_cast<std::uint16_t>(machine_.attempts()),
                                      .status = fault.status,
                                      .why = fault.why,
                                      .before = causes_};
  Fault noted = fault;
  noted.cause = causes_;
  return noted;
}

CallBase* CallBase::first_unshielded(CallBase* first) noexcept {
  while (first != nullptr && first->shield_ != Shield::kNone)
    first = first->next_;
  return first;
}

void CallBase::link() noexcept {
  if (linked_) return;
  linked_ = true;
  next_ = exchange().calls_;
  previous_ = nullptr;
  if (next_ != nullptr) next_->previous_ = this;
  exchange().calls_ = this;
}

void CallBase::unlink() noexcept {
  if (!linked_) return;
  linked_ = false;
  (previous_ != nullptr ? previous_->next_ : exchange().calls_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace zerver::flow
