#include <zerver/core/fresh.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/service.h>
#include <zerver/flow/stream/source.h>
#include <zerver/flow/stream/streamed_answer.h>

#include <utility>

namespace zerver::flow {

Exchange::~Exchange() {
  if (answered_ != nullptr) close_answered();
}

void Exchange::cancel() noexcept {
  if (kept_waiters_ != nullptr) return;  // from within itself
  cancelled_ = true;
  trace({.kind = trace::Kind::kCancel});
  // First all calls end, then the coroutines go on that waited for them: one that went on in between could
  // start others, or leave frames with calls that are still to be ended. Ending one may end others, so the
  // list is looked at anew each time.
  Waiter* waiters = nullptr;
  kept_waiters_ = &waiters;
  while (CallBase* const call = CallBase::first_unshielded(calls_))
    call->cancel();
  if (streamed_ != nullptr) streamed_->cancel();
  kept_waiters_ = nullptr;
  // With the last of them the flow may go on to its end, and this exchange be in use again: it is not touched
  // behind that.
  while (waiters != nullptr)
    std::exchange(waiters, waiters->next)->handle.resume();
}

void Exchange::discard() noexcept {
  if (frame_) {
    std::exchange(frame_, nullptr).destroy();
  } else if (finisher_ != nullptr && run_ == Run::kDetached) {
    finisher_->discard();
  }
  run_ = Run::kIdle;
  close_sources();
}

void Exchange::move_to(Worker& worker) noexcept {
  worker_ = &worker;
  if (trace_ != nullptr) trace_ = worker.trace();
}

std::string Exchange::waits_for() const {
  std::string text;
  for (const CallBase* call = calls_; call != nullptr; call = call->next_) {
    if (!text.empty()) text += ", ";
    text.append(call->site_->step).append(" of ").append(target(call->site_->target).name);
  }
  if (streamed_ != nullptr) text += text.empty() ? "its client" : ", its client";
  return text;
}

void Exchange::reset(std::size_t kept_body) noexcept {
  if (answered_ != nullptr) [[unlikely]]
    close_answered();
  make_fresh(request);
  response.reset();
  body_.clear_and_shrink(kept_body);
  arrived_ = deadline_ = TimePoint::never();
  step_ = {};
  flow_ = nullptr;
  finisher_ = nullptr;
  retry_budget_ = nullptr;
  trace_ = nullptr;
  trace_id_ = 0;
  trace_context_.reset();
  run_ = Run::kIdle;
  answer_claimed_ = false;
  cancelled_ = false;
  given_up_ = false;
  overloaded_ = false;
  causes_ = 0;
  frames_.forget();
  arena_.reset();
}

// Out of line, so that generated code calls nothing through a table.
std::optional<Handled> Exchange::pass_gate() noexcept { return gate_->pass(*this); }

void Exchange::trace_begin() noexcept {
  trace_ = worker_->trace();
  trace_id_ = trace_->next_request();
  record({.name = flow_->name,
          .detail = static_cast<std::int64_t>(request.method),
          .kind = trace::Kind::kBegin});
}

// The effects of a step name it again.
void Exchange::trace_step(std::string_view name) noexcept {
  if (name != step_) record({.name = name, .kind = trace::Kind::kStep});
}

void Exchange::trace_end() noexcept {
  record({.name = flow_->name, .detail = response.status, .kind = trace::Kind::kEnd});
}

void Exchange::record(trace::Event event) noexcept {
  event.at = worker_->loop().now();
  event.request = trace_id_;
  trace_->record(event);
}

}  // namespace zerver::flow
