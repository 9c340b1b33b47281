#include <zerver/flow/call/call.h>
#include <zerver/flow/exchange.h>

namespace zerver::flow {

void Exchange::cancel() noexcept {
  cancelled_ = true;
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

void Exchange::reset(std::size_t kept_body) noexcept {
  request = {};
  response.reset();
  body_.clear_and_shrink(kept_body);
  deadline_ = TimePoint::never();
  step_ = {};
  run_ = Run::kIdle;
  cancelled_ = false;
  given_up_ = false;
  arena_.reset();
}

}  // namespace zerver::flow
