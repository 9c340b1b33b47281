#include <zerver/flow/call/call.h>
#include <zerver/flow/call/target.h>

#include <cstring>
#include <exception>
#include <new>
#include <utility>

namespace zerver::flow {

namespace {

// Behind these nothing has happened: the system has said so.
constexpr FaultKinds kRefusals =
    FaultKinds::of(FaultKind::kInvalid, FaultKind::kMissing, FaultKind::kConflict, FaultKind::kRejected);

}  // namespace

CallBase::AttemptTimer::AttemptTimer(CallBase& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<AttemptTimer&>(timer).call.on_timer(); }), call(owner) {}

CallBase::CallBase(Exchange& exchange, const CallSite& site, const void* arguments) noexcept
    : Operation(site.operation, arguments, site.step, exchange.arena(), exchange.worker(), site.fails),
      exchange_(&exchange),
      site_(&site),
      machine_(site.policy, exchange.deadline()),
      timer_(*this) {
  exchange.enter_step(site.step);
}

CallBase::~CallBase() {
  // Only when the flow is destroyed while it waits.
  if (state_ == State::kInFlight) {
    exchange_->target(site_->target).adapter->cancel(*this);
    leave_target();
  }
  if (state_ == State::kInFlight || state_ == State::kWaiting) {
    worker().loop().stop(timer_);
    leave_list();
  }
}

void CallBase::start(Join& join) noexcept {
  join_ = &join;
  join.add();
  enter_list();
  state_ = State::kWaiting;
  if (exchange_->cancelled_) return end_given_up("the client is gone");
  follow(machine_.attempt(worker().loop().now()), {});
}

void CallBase::cancel() noexcept {
  if (state_ == State::kInFlight) {
    may_have_happened_ = true;
    exchange_->target(site_->target).adapter->cancel(*this);
    leave_target();
  }
  worker().loop().stop(timer_);
  end_given_up("the client is gone");
}

void CallBase::follow(const CallMachine::Next& next, const Fault& fault) noexcept {
  switch (next.action) {
    case CallMachine::Action::kAttempt:
      return begin_attempt_until(next.until);
    case CallMachine::Action::kWait:
      ++worker().counters().retries;
      trace(trace::Kind::kWait, {.detail = (next.until - worker().loop().now()).nanoseconds});
      state_ = State::kWaiting;
      return worker().loop().start(timer_, next.until);
    case CallMachine::Action::kFail:
      set_fault(fault);
      return end();
    case CallMachine::Action::kExpire:
      return end_given_up("the deadline has passed");
  }
}

void CallBase::begin_attempt_until(TimePoint until) noexcept {
  Target& target = exchange_->target(site_->target);
  if (!target.in_flight->try_enter()) {
    ++worker().counters().refused;
    trace(trace::Kind::kRefused, {.detail = site_->target});
    return fail_attempt({FaultKind::kUnavailable, "too much is in flight", {}});
  }
  ++worker().counters().operations;
  state_ = State::kInFlight;
  if (until != TimePoint::never()) worker().loop().start(timer_, until);
  begin_attempt(machine_.attempts(), until);
  trace(trace::Kind::kAttempt, {.detail = site_->target});
  // The adapter may complete the operation at once, and this call be gone behind that.
  bool ended = false;
  ended_in_start_ = &ended;
  Log& log = worker().log();
  bool threw = true;
  try {
    target.adapter->start(*this);
    threw = false;
  } catch (const std::exception& error) {
    log.write(LogLevel::kError, error.what());
  } catch (...) {
    log.write(LogLevel::kError, "an adapter threw what is no std::exception");
  }
  if (ended) return;
  if (threw) return on_fail({FaultKind::kInternal, "the adapter threw an exception", {}});
  ended_in_start_ = nullptr;
}

void CallBase::trace(trace::Kind kind, trace::Event event) noexcept {
  event.name = step();
  event.kind = kind;
  event.attempt = static_cast<std::uint16_t>(machine_.attempts());
  exchange_->trace(event);
}

void CallBase::note_end_of_attempt() noexcept {
  if (ended_in_start_ != nullptr) *std::exchange(ended_in_start_, nullptr) = true;
  leave_target();
  worker().loop().stop(timer_);
}

void CallBase::fail_attempt(const Fault& fault) noexcept {
  follow(machine_.failed(fault.kind, worker().loop().now(), worker().random()), fault);
}

void CallBase::on_complete(const void* reply) noexcept {
  note_end_of_attempt();
  Result<void> outcome;
  try {
    outcome = read(reply);
  } catch (const std::bad_alloc&) {
    outcome = Fault{FaultKind::kUnavailable, "the answer is larger than a request's arena", {}};
  }
  if (!outcome) {
    trace(trace::Kind::kFail, {.failed = true, .fault = outcome.error().kind});
    if (!kRefusals.contains(outcome.error().kind)) may_have_happened_ = true;
    // `missing`, of a row that is not there, may be among the kinds that are retried.
    return fail_attempt(outcome.error());
  }
  trace(trace::Kind::kComplete);
  may_have_happened_ = true;
  end();
}

void CallBase::on_fail(const Fault& fault) noexcept {
  note_end_of_attempt();
  trace(trace::Kind::kFail, {.failed = true, .fault = fault.kind});
  if (!kRefusals.contains(fault.kind)) may_have_happened_ = true;
  fail_attempt({fault.kind, kept(fault.why), kept(fault.pointer)});
}

// A copy in the arena, because an adapter's text may be gone when the flow reads it.
String CallBase::kept(String text) noexcept {
  if (text.empty()) return {};
  void* const memory = arena().try_allocate(text.size(), 1);
  if (memory == nullptr) return {};
  std::memcpy(memory, text.data(), text.size());
  return String::borrowed({static_cast<const char*>(memory), text.size()});
}

void CallBase::on_timer() noexcept {
  const TimePoint now = worker().loop().now();
  if (state_ == State::kWaiting) return follow(machine_.attempt(now), {});
  ++worker().counters().timeouts;
  may_have_happened_ = true;
  trace(trace::Kind::kTimeout);
  exchange_->target(site_->target).adapter->cancel(*this);
  leave_target();
  follow(machine_.timed_out(now, worker().random()), {FaultKind::kTimeout, "no answer in time", {}});
}

void CallBase::end_given_up(String why) noexcept {
  ++worker().counters().cancelled;
  trace(trace::Kind::kGiveUp);
  exchange_->given_up_ = true;
  set_fault({FaultKind::kCancelled, why, {}});
  end();
}

void CallBase::end() noexcept {
  state_ = State::kDone;
  leave_list();
  // The flow may go on, and this call be gone, before it returns.
  join_->finished();
}

void CallBase::leave_target() noexcept {
  exchange_->target(site_->target).in_flight->leave();
  state_ = State::kWaiting;
}

void CallBase::enter_list() noexcept {
  next_ = exchange_->calls_;
  previous_ = nullptr;
  if (next_ != nullptr) next_->previous_ = this;
  exchange_->calls_ = this;
}

void CallBase::leave_list() noexcept {
  (previous_ != nullptr ? previous_->next_ : exchange_->calls_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace zerver::flow
