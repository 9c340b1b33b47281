#include <zerver/flow/call/target.h>
#include <zerver/flow/transaction/transaction.h>

#include <new>
#include <type_traits>
#include <utility>

namespace zerver::flow {

void Adapter::execute(const Statement& /*statement*/, Operation& operation) {
  operation.fail({FaultKind::kInternal, "it is no database, and has no transactions", {}});
}

Adapter& Transaction::adapter() const noexcept { return *exchange_->target(target_).adapter; }

void Transaction::roll_back() noexcept {
  if (is_open()) adapter().roll_back(*this);
  adapter_data = nullptr;
}

bool Transaction::again() noexcept {
  roll_back();
  first_request_ = last_request_ = nullptr;
  if (!std::exchange(met_another_, false) || retries_ == 0 || exchange_->cancelled()) return false;
  --retries_;
  return true;
}

void Transaction::enqueue(const CallSite& site, const JobRequest& job, Shield shield) {
  static_assert(std::is_trivially_destructible_v<Request>);
  Request* const request =
      ::new (exchange_->arena().allocate(sizeof(Request), alignof(Request))) Request{&site, job, shield};
  (last_request_ == nullptr ? first_request_ : last_request_->next) = request;
  last_request_ = request;
}

Transaction::Commit Transaction::commit(ValueCall<void>& call) { return {*this, call}; }

Transaction::Commit::Commit(Transaction& transaction, ValueCall<void>& call) : transaction_(&transaction) {
  if (transaction.first_request_ != nullptr) {
    task_.emplace(run_commit(transaction.exchange_->arena(), transaction, call));
  } else if (transaction.is_open()) {
    call_ = &call;
  }
}

std::coroutine_handle<> Transaction::Commit::await_suspend(std::coroutine_handle<> waiter) noexcept {
  if (task_) return task_->await_suspend(waiter);
  return call_->await_suspend(waiter) ? std::coroutine_handle<>(std::noop_coroutine()) : waiter;
}

void Transaction::Commit::await_resume() noexcept {
  Result<void>& committed = transaction_->committed_;
  if (task_) {
    committed = task_->await_resume();
  } else if (call_ != nullptr) {
    committed = call_->result();
  } else {
    committed = Result<void>();
  }
}

async::Task<Result<void>> Transaction::run_commit(Arena& arena, Transaction& transaction,
                                                  ValueCall<void>& call) {
  const Result<void> joined = co_await run_enqueues(arena, transaction, true);
  if (!joined) co_return joined;
  if (transaction.is_open()) {
    co_await call;
    if (!call.result()) co_return call.result();
  }
  co_return co_await run_enqueues(arena, transaction, false);
}

// Those that are part of the transaction, or the others: behind the commit nothing may give them up any more.
async::Task<Result<void>> Transaction::run_enqueues(Arena& /*of the frame*/, Transaction& transaction,
                                                    bool join) {
  Exchange& exchange = *transaction.exchange_;
  Result<void> result;
  for (const Request* request = transaction.first_request_; request != nullptr; request = request->next) {
    const Adapter& jobs = *exchange.target(request->site->target).adapter;
    if (jobs.joins(exchange.target(transaction.target_)) != join) continue;
    ValueCall<void> call(exchange, *request->site, &request->job, join ? request->shield : Shield::kCleanup);
    if (join) call.set_transaction(transaction);
    co_await call;
    if (call.result()) continue;
    result = call.result();
    if (join) co_return result;
  }
  co_return result;
}

}  // namespace zerver::flow
