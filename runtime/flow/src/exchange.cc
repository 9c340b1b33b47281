#include <zerver/flow/call/call.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/service.h>

namespace zerver::flow {

void Exchange::cancel() noexcept {
  cancelled_ = true;
  trace({.kind = trace::Kind::kCancel});
  // All of these calls belong to the one `co_await` that the flow waits at. With the last of them the flow
  // goes on to its end, for no further effect starts, and this exchange may be in use again: it is not
  // touched behind that.
  CallBase* call = calls_;
  while (call != nullptr) {
    CallBase* const next = call->next_;
    call->cancel();
    call = next;
  }
}

void Exchange::move_to(Worker& worker) noexcept {
  worker_ = &worker;
  if (trace_ != nullptr) trace_ = worker.trace();
}

void Exchange::reset(std::size_t kept_body) noexcept {
  request = {};
  response.reset();
  body_.clear_and_shrink(kept_body);
  arrived_ = deadline_ = TimePoint::never();
  step_ = {};
  flow_ = nullptr;
  trace_ = nullptr;
  trace_id_ = 0;
  run_ = Run::kIdle;
  cancelled_ = false;
  given_up_ = false;
  arena_.reset();
}

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
