// The coroutine of a flow that waits for effects.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/request/problem.h>

#include <coroutine>
#include <cstddef>
#include <utility>

namespace zerver::flow {

// `FlowTask run_create(Exchange& exchange, ...)` runs at once, until it first has to wait; `return
// run_create(exchange).handled();` tells the server how it went. The frame lives in the exchange's arena and
// goes before the exchange is finished. An exception that leaves the coroutine is answered with a problem.
class FlowTask {
 public:
  class promise_type;

  Handled handled() const noexcept;
  // For the exchange's finisher: the response is final. The exchange may be in use again when this returns.
  static void end(Exchange& exchange) noexcept;

 private:
  explicit FlowTask(Exchange& exchange) noexcept : exchange_(&exchange) {}
  static void over(Exchange& exchange) noexcept;

  Exchange* exchange_;
};

class FlowTask::promise_type {
 public:
  template <class... Parameters>
  explicit promise_type(Exchange& exchange, const Parameters&...) noexcept : exchange_(&exchange) {
    exchange.run_ = Exchange::Run::kInline;
    exchange.frame_ = std::coroutine_handle<promise_type>::from_promise(*this);
  }

  template <class... Parameters>
  static void* operator new(std::size_t size, Exchange& exchange, const Parameters&...) {
    return exchange.arena().allocate(size);
  }
  // The arena is reset as a whole. Inline at once, because GCC 12 takes the pair for a mismatch otherwise.
  [[gnu::always_inline]] static void operator delete(void*) noexcept {}

  FlowTask get_return_object() noexcept { return FlowTask(*exchange_); }
  std::suspend_never initial_suspend() const noexcept { return {}; }

  struct Final {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
      Exchange& exchange = *self.promise().exchange_;
      exchange.frame_ = nullptr;
      self.destroy();
      FlowTask::over(exchange);
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }

  void return_void() const noexcept {}
  void unhandled_exception() noexcept { answer_exception(*exchange_); }

 private:
  Exchange* exchange_;
};

inline Handled FlowTask::handled() const noexcept {
  if (exchange_->run_ == Exchange::Run::kFinished) return Handled::kNow;
  exchange_->run_ = Exchange::Run::kDetached;
  return Handled::kLater;
}

inline void FlowTask::over(Exchange& exchange) noexcept {
  if (exchange.sources_ != nullptr) [[unlikely]]
    exchange.close_sources();
  if (exchange.finisher_ != nullptr) [[unlikely]]
    return exchange.finisher_->finish(exchange);
  end(exchange);
}

inline void FlowTask::end(Exchange& exchange) noexcept {
  const bool detached = exchange.run_ == Exchange::Run::kDetached;
  exchange.run_ = Exchange::Run::kFinished;
  if (detached) exchange.finish();
}

}  // namespace zerver::flow
