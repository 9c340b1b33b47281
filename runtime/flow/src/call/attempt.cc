// The attempts of a call: from a place in flight to an answer.
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/operation_counts.h>
#include <zerver/flow/call/target.h>

#include <algorithm>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace zerver::flow {

namespace {

// The target has answered, and has done nothing. All other faults say something about its health, and nothing
// about what it has done.
constexpr FaultKinds kRefusals =
    FaultKinds::of(FaultKind::kInvalid, FaultKind::kMissing, FaultKind::kConflict, FaultKind::kRejected);

}  // namespace

CallBase::Copy::Copy(CallBase& owner, unsigned number) noexcept
    : Operation(owner.site_->operation, owner.arguments_, owner.site_->step, owner.arena(), owner.worker(),
                owner.site_->fails, number),
      Timer([](Timer& timer) noexcept {
        auto& copy = static_cast<Copy&>(timer);
        copy.call.on_copy_timer(copy);
      }),
      Place([](Place& place) noexcept {
        auto& copy = static_cast<Copy&>(place);
        copy.has_place = true;
        copy.call.launch(copy, trace::Kind::kAttempt);
      }),
      call(owner) {}

void CallBase::Copy::on_complete(const void* reply) noexcept {
  if (state == State::kInFlight) return call.on_reply(*this, reply);
  on_late();
}

void CallBase::Copy::on_fail(const Fault& fault) noexcept {
  if (state == State::kInFlight) return call.on_fault(*this, fault);
  on_late();
}

void CallBase::Copy::on_late() noexcept {
  ++call.target().counts.late;
  call.trace(trace::Kind::kLate);
}

bool CallBase::allowed_by_breaker(Copy& copy) noexcept {
  Target& target = this->target();
  if (target.breaker == nullptr) return true;
  copy.permit = target.breaker->allow(worker().loop().now());
  if (copy.permit.half_opened) [[unlikely]]
    trace(trace::Kind::kBreakerHalfOpen, site_->target);
  if (copy.permit) return true;
  ++target.counts.refused_open;
  trace(trace::Kind::kRefused, site_->target);
  return false;
}

// It has its place. The adapter may complete it at once, and this call be gone behind that.
void CallBase::launch(Copy& copy, trace::Kind kind) noexcept {
  Target& target = this->target();
  ++worker().counters().operations;
  ++target.counts.operations;
  if (target.by_operation != nullptr) [[unlikely]]
    copy.launched = worker().loop().now();
  copy.state = Copy::State::kInFlight;
  copy.begin(machine_.attempts());
  if (exchange().is_traced()) [[unlikely]]
    trace(kind, call_detail());
  bool ended = false;
  copy.ended_in_start = &ended;
  Log& log = worker().log();
  bool threw = true;
  try {
    target.adapter->start(copy);
    threw = false;
  } catch (const std::exception& error) {
    log.write(LogLevel::kError, error.what());
  } catch (...) {
    log.write(LogLevel::kError, "an adapter threw what is no std::exception");
  }
  if (ended) return;
  if (threw) return on_fault(copy, {FaultKind::kInternal, "the adapter threw an exception", {}});
  copy.ended_in_start = nullptr;
  if (exchange().cancelled_) [[unlikely]] {
    // From within that start; calls that are not in the list yet are not seen there.
    if (shield_ == Shield::kNone) return cancel();
  }
  // One that waited for its place has the timer already.
  if (copy.until != TimePoint::never() && !copy.running()) worker().loop().start(copy, copy.until);
  link();
}

// The adapter has nothing to do with it any more.
void CallBase::note_end(Copy& copy) noexcept {
  copy.state = Copy::State::kIdle;
  copy.end();
  if (copy.ended_in_start != nullptr) *std::exchange(copy.ended_in_start, nullptr) = true;
  if (copy.running()) worker().loop().stop(copy);
  if (std::exchange(copy.has_place, false)) target().in_flight->leave();
}

void CallBase::note_verdict(Copy& copy, bool failed) noexcept {
  Target& target = this->target();
  ++(failed ? target.counts.failed : target.counts.succeeded);
  if (target.breaker == nullptr) return;
  const std::optional<Breaker::State> changed =
      target.breaker->ended(copy.permit, failed, worker().loop().now());
  if (!changed) [[likely]]
    return;
  trace(*changed == Breaker::State::kOpen ? trace::Kind::kBreakerOpen : trace::Kind::kBreakerClosed,
        site_->target);
}

// One attempt of its operation has ended.
void CallBase::count(const Copy& copy, std::size_t outcome) noexcept {
  const Target& target = this->target();
  if (target.by_operation == nullptr || site_->operation >= target.operations.size()) [[likely]]
    return;
  target.by_operation[site_->operation].note(outcome, worker().loop().now() - copy.launched);
}

// What is in force for an attempt, wherever it comes from.
std::int64_t CallBase::call_detail() const noexcept {
  const Duration timeout = machine_.timeout();
  return trace::CallDetail{
      .target = site_->target,
      .attempts = static_cast<std::uint8_t>(std::min<std::uint32_t>(site_->policy.retries, 254) + 1),
      .timeout = timeout == Duration::max() ? Duration{} : timeout}
      .packed();
}

void CallBase::on_reply(Copy& copy, const void* reply) noexcept {
  note_end(copy);
  note_verdict(copy, false);
  // Of a copy that has failed before, whose fault may be the one that counts.
  Fault before;
  if (faulty_copy_ != kNoCopy) [[unlikely]]
    before = fault();
  bool is_read = false;
  try {
    is_read = read(reply, copy.reply_format());
  } catch (const std::bad_alloc&) {
    set_fault({FaultKind::kUnavailable, "the answer is larger than a request's arena", {}});
  }
  if (!is_read) [[unlikely]] {
    // `missing`, of a row that is not there, may be among the kinds that are retried.
    const Fault own = fault();
    count(copy, OperationCounts::failure(own.kind));
    if (own.kind != FaultKind::kMissing) may_have_happened_ = true;
    trace_fault(own.kind);
    if (faulty_copy_ != kNoCopy) set_fault(before);
    return fail_copy(copy, own);
  }
  may_have_happened_ = true;
  count(copy, OperationCounts::kSuccess);
  trace(trace::Kind::kComplete);
  stop_copies(Stop::kCancel);
  end(Outcome::kValue);
}

void CallBase::on_fault(Copy& copy, const Fault& fault) noexcept {
  note_end(copy);
  const bool failed = !kRefusals.contains(fault.kind);
  note_verdict(copy, failed);
  may_have_happened_ = may_have_happened_ || failed;
  count(copy, OperationCounts::failure(fault.kind));
  trace_fault(fault.kind);
  Fault own = fault;
  own.why = kept(fault.why);
  own.pointer = kept(fault.pointer);
  own.document = kept(fault.document);
  fail_copy(copy, own);
}

void CallBase::on_copy_timer(Copy& copy) noexcept {
  ++worker().counters().timeouts;
  ++target().counts.timeouts;
  trace(trace::Kind::kTimeout);
  if (detach(copy, Stop::kCancel)) {
    note_verdict(copy, true);
    count(copy, OperationCounts::failure(FaultKind::kTimeout));
  } else {
    forget_permit(copy);
  }
  fail_copy(copy, {FaultKind::kTimeout, "no answer in time", {}});
}

void CallBase::fail_copy(Copy& copy, const Fault& fault) noexcept {
  const Fault noted = with_cause(fault);
  if (copy.copy() < faulty_copy_) {
    faulty_copy_ = copy.copy();
    failure_ = Failure(noted);
    set_fault(noted);
  }
  follow(machine_.failed(failure_, worker().loop().now(), worker().random()));
}

// Takes it from the adapter, or out of the queue; true when it was in flight.
bool CallBase::detach(Copy& copy, Stop how) noexcept {
  Target& target = this->target();
  if (copy.state == Copy::State::kQueued) {
    copy.state = Copy::State::kIdle;
    if (copy.running()) worker().loop().stop(copy);
    target.in_flight->give_up(copy);
    return false;
  }
  may_have_happened_ = true;
  // Before the adapter is told, which then finds it ended, whatever it does.
  note_end(copy);
  if (how == Stop::kCancel) {
    target.adapter->cancel(copy);
  } else {
    target.adapter->let_go(copy);
  }
  return true;
}

void CallBase::forget_permit(const Copy& copy) noexcept {
  if (target().breaker != nullptr) target().breaker->forget(copy.permit);
}

void CallBase::stop_copies(Stop how) noexcept {
  for (Copy* copy = &first_; copy != nullptr; copy = copy->next) {
    if (copy->state == Copy::State::kIdle) continue;
    if (detach(*copy, how)) {
      const bool is_cancelled = how == Stop::kCancel;
      ++(is_cancelled ? target().counts.cancelled : target().counts.late);
      count(*copy, is_cancelled ? OperationCounts::failure(FaultKind::kCancelled) : OperationCounts::kLetGo);
    }
    forget_permit(*copy);
  }
}

}  // namespace zerver::flow
