#include <zerver/flow/saga/saga.h>
#include <zerver/flow/worker.h>

#include <algorithm>
#include <exception>
#include <type_traits>
#include <utility>

namespace zerver::flow {

namespace {

constexpr std::string_view kLeft = "what the saga has done is left to the recovery";

// Why an undo has failed, as the journal keeps it.
std::string_view why_of(const Fault& fault) noexcept {
  return fault.why.empty() ? name_of(fault.kind) : std::string_view(fault.why);
}

}  // namespace

// --- Saga ---

Saga::~Saga() {
  if (state_ == State::kOver) return;
  if (root_ != this) {
    // The outer one is not over either.
    first_request_ = nullptr;
    pass_to_outer();
    return;
  }
  if (begun_) append(SagaRecordKind::kReleased);
}

void Saga::append(SagaRecordKind kind, std::uint32_t run, std::string_view name, std::string_view data,
                  bool is_last) noexcept {
  Worker& worker = exchange_->worker();
  worker.saga_log().append({.saga = root_->id_,
                            .kind = kind,
                            .is_last = is_last,
                            .run = run,
                            .name = name,
                            .data = data,
                            .at = worker.clock().wall()});
}

void Saga::append_captured(SagaRecordKind kind, const Run& run, bool is_last) noexcept {
  OutputBuffer& text = exchange_->worker().scratch();
  text.clear();
  try {
    JsonWriter json(text);
    run.info->write(json, run.captured);
  } catch (const std::bad_alloc&) {
    text.clear();  // what is captured cannot be read back: the run is one for the operator
  }
  append(kind, run.number, kind == SagaRecordKind::kIntended ? run.info->step : std::string_view(),
         text.view(), is_last);
}

bool Saga::has_something_to_undo() const noexcept {
  if (root_->pivot_passed_) return false;
  for (const Run* run = root_->last_; run != nullptr; run = run->before) {
    if (run->owner == this) return true;
  }
  return false;
}

// A write that has no undo is as good as a pivot.
bool Saga::can_be_undone() const noexcept {
  if (root_->pivot_passed_) return false;
  for (const Run* run = root_->last_; run != nullptr; run = run->before) {
    if (run->info->undo == nullptr) return false;
  }
  return true;
}

void Saga::pass_to_outer() noexcept {
  for (Run* run = root_->last_; run != nullptr; run = run->before) {
    if (run->owner == this) run->owner = outer_;
  }
  if (first_request_ == nullptr) return;
  (outer_->last_request_ == nullptr ? outer_->first_request_ : outer_->last_request_->next) = first_request_;
  outer_->last_request_ = last_request_;
}

// The journal keeps what is in doubt.
void Saga::close() noexcept {
  state_ = State::kOver;
  if (!begun_) return;
  append(has_doubts_ ? SagaRecordKind::kReleased : SagaRecordKind::kEnded);
  exchange_->trace({.name = flow_, .kind = trace::Kind::kSagaEnd});
}

// Another process may have it by then.
void Saga::leave_to_recovery() noexcept {
  root_->is_left_ = true;
  root_->has_doubts_ = true;
  state_ = State::kOver;
  if (root_ == this) close();
}

// --- Commit ---

void Saga::enqueue(const CallSite& site, const JobRequest& job, Shield shield) {
  static_assert(std::is_trivially_destructible_v<Request>);
  Request* const request =
      ::new (arena().allocate(sizeof(Request), alignof(Request))) Request{&site, job, shield};
  (last_request_ == nullptr ? first_request_ : last_request_->next) = request;
  last_request_ = request;
}

Saga::Commit Saga::commit() { return Commit(*this); }

Saga::Commit::Commit(Saga& saga) : saga_(&saga) {
  if (saga.root_ != &saga) {
    saga.pass_to_outer();
    saga.state_ = State::kOver;
    return;
  }
  if (saga.is_left_) return;
  if (saga.first_request_ != nullptr) {
    task_.emplace(run_commit(saga.arena(), saga));
    return;
  }
  if (!saga.begun_) {
    saga.state_ = State::kOver;
    return;
  }
  saga.append(SagaRecordKind::kCommitted);
  sync_.emplace(saga.exchange_->worker().saga_log(), saga.exchange_->worker().loop(), saga.id_);
}

Result<void> Saga::Commit::await_resume() noexcept {
  if (task_) return task_->await_resume();
  if (!sync_)
    return saga_->root_ == saga_ && saga_->is_left_
               ? Result<void>(Fault{FaultKind::kUnavailable, String::borrowed(kLeft), {}})
               : Result<void>();
  const Result<void> durable = sync_->await_resume();
  if (durable) saga_->close();
  return durable;
}

// The end is written down behind the enqueues: before it, one that is refused can still undo the saga.
SagaTask Saga::run_commit(Arena& /*of the frame*/, Saga& saga) {
  Exchange& exchange = *saga.exchange_;
  Worker& worker = exchange.worker();
  if (saga.begun_) {
    const std::string_view refusal = worker.saga_log().refuses();
    if (!refusal.empty()) co_return Fault{FaultKind::kUnavailable, String::borrowed(refusal), {}};
    if (worker.saga_log().can_be_taken_over()) {
      // Somebody else may be undoing it.
      const Result<void> durable = co_await LogSync(worker.saga_log(), worker.loop(), saga.id_);
      if (!durable) co_return durable;
    }
  }
  // A job that has been taken cannot be taken back: from then on there is no way back for the saga either.
  bool can_be_undone = saga.can_be_undone();
  Result<void> handed_over;
  for (const Request* request = saga.first_request_; request != nullptr && handed_over;
       request = request->next) {
    ValueCall<void> call(exchange, *request->site, &request->job,
                         can_be_undone ? request->shield : Shield::kCleanup);
    co_await call;
    handed_over = call.result();
    if (!handed_over && can_be_undone) co_return handed_over;
    can_be_undone = false;
  }
  if (saga.begun_) {
    saga.append(SagaRecordKind::kCommitted);
    const Result<void> durable = co_await LogSync(worker.saga_log(), worker.loop(), saga.id_);
    if (!durable) co_return durable;
  }
  saga.close();
  co_return handed_over;
}

// --- Unwinding ---

Saga::Unwind Saga::unwind() noexcept { return Unwind(*this); }

Saga::Unwind::Unwind(Saga& saga) noexcept {
  if (saga.state_ == State::kOver) return;
  Saga& root = *saga.root_;
  Exchange& exchange = *saga.exchange_;
  if (root.is_left_) {
    saga.leave_to_recovery();
    return;
  }
  // Somebody has to see to what stands behind the pivot.
  if (&saga == &root && root.pivot_passed_) root.has_doubts_ = true;
  if (!saga.has_something_to_undo()) {
    if (root.begun_) saga.append(SagaRecordKind::kUnwinding);
    saga.state_ = State::kOver;
    if (&saga == &root) saga.close();
    return;
  }
  Worker& worker = exchange.worker();
  try {
    exchange_ = std::make_unique<UndoExchange>(worker, exchange.targets(), exchange.rates(),
                                               worker.limits().unwinding);
    exchange_->trace_as(exchange);
    task_.emplace(run_unwinding(exchange_->arena(), saga, *exchange_));
  } catch (const std::bad_alloc&) {
    worker.log().write(LogLevel::kError, "no memory to unwind a saga with: it is left to the recovery");
    saga.leave_to_recovery();
  }
}

Saga::Unwind::~Unwind() = default;

async::Task<void> Saga::run_unwinding(Arena& arena, Saga& saga, Exchange& exchange) {
  Saga& root = *saga.root_;
  Worker& worker = exchange.worker();
  worker.counters().sagas_unwound.add();
  saga.append(SagaRecordKind::kUnwinding);
  {
    // Whether or not it is durable, what this process knows is undone now; unless others may do so as well.
    const Result<void> durable = co_await LogSync(worker.saga_log(), worker.loop(), root.id_);
    if (!durable) {
      worker.log().write(LogLevel::kError, durable.error().why);
      if (worker.saga_log().can_be_taken_over()) {
        saga.leave_to_recovery();
        co_return;
      }
    }
  }
  Run** link = &root.last_;
  while (*link != nullptr) {
    // Others may complete, or be undone, in other branches meanwhile.
    Run& run = **link;
    if (run.owner != &saga || run.info->undo == nullptr) {
      link = &run.before;
      continue;
    }
    *link = run.before;
    const Result<void> undone = co_await run_undo(arena, saga, exchange, run);
    if (undone) {
      saga.append(SagaRecordKind::kUndone, run.number);
      saga.exchange_->trace({.name = run.info->step, .detail = run.number, .kind = trace::Kind::kUndone});
    } else {
      worker.counters().undos_failed.add();
      root.has_doubts_ = true;
      saga.append(SagaRecordKind::kStuck, run.number, {}, why_of(undone.error()));
      saga.exchange_->trace({.name = run.info->step, .detail = run.number, .kind = trace::Kind::kUndoFailed});
    }
    link = &root.last_;
  }
  saga.state_ = State::kOver;
  if (&saga == &root) saga.close();
}

SagaTask Saga::run_undo(Arena& arena, Saga& saga, Exchange& exchange, const Run& run) {
  Worker& worker = exchange.worker();
  const bool can_be_taken_over = worker.saga_log().can_be_taken_over();
  if (!run.info->undo_repeatable) saga.append(SagaRecordKind::kUndoing, run.number);
  if (!run.info->undo_repeatable || can_be_taken_over) {
    const Result<void> durable = co_await LogSync(worker.saga_log(), worker.loop(), saga.root_->id_);
    if (!durable) {
      worker.log().write(LogLevel::kError, durable.error().why);
      if (can_be_taken_over) co_return durable;
    }
  }
  saga.exchange_->trace({.name = run.info->step, .detail = run.number, .kind = trace::Kind::kUndo});
  Result<void> result;
  try {
    result = co_await run.info->undo(arena, exchange, run.captured);
  } catch (const std::exception&) {
    result = Fault{FaultKind::kInternal, "the undo threw an exception", {}};
  }
  co_return result;
}

// --- Steps ---

SagaStepBase::SagaStepBase(Saga& saga, const SagaStepInfo& info, void* captured,
                           std::initializer_list<const CallBase*> calls, bool is_last)
    : saga_(&saga),
      run_(::new(saga.arena().allocate(sizeof(Saga::Run), alignof(Saga::Run)))
               Saga::Run{&info, captured, &saga, nullptr, 0}),
      calls_(saga.arena().make_array<const CallBase*>(calls.size())),
      is_last_(is_last) {
  std::ranges::copy(calls, calls_.begin());
}

SagaStepBase::~SagaStepBase() {
  if (state_ != State::kBegun) return;
  const bool doubtful =
      std::ranges::any_of(calls_, [](const CallBase* call) { return call->may_have_happened(); });
  if (doubtful) saga_->root_->has_doubts_ = true;
  saga_->append(doubtful ? SagaRecordKind::kDoubtful : SagaRecordKind::kFailed, run_->number);
}

SagaStepBase::Begin::Begin(SagaStepBase& step) noexcept {
  Saga& root = *step.saga_->root_;
  Exchange& exchange = *root.exchange_;
  SagaLog& log = exchange.worker().saga_log();
  refusal_ = root.is_left_ ? kLeft : log.refuses();
  if (!refusal_.empty()) return;
  if (!root.begun_) {
    root.begun_ = true;
    root.id_ = Uuid::generate(exchange.worker().random());
    exchange.worker().counters().sagas.add();
    root.append(SagaRecordKind::kBegan, 0, root.flow_);
    exchange.trace({.name = root.flow_, .kind = trace::Kind::kSaga});
  }
  step.run_->number = ++root.runs_;
  root.append_captured(SagaRecordKind::kIntended, *step.run_, step.is_last_);
  step.state_ = State::kBegun;
  sync_.emplace(log, exchange.worker().loop(), root.id_);
}

Result<void> SagaStepBase::Begin::await_resume() noexcept {
  if (!sync_) return Fault{FaultKind::kUnavailable, String::borrowed(refusal_), {}};
  return sync_->await_resume();
}

void SagaStepBase::complete() noexcept {
  Saga& root = *saga_->root_;
  state_ = State::kCompleted;
  root.append_captured(SagaRecordKind::kCompleted, *run_, false);
  run_->before = std::exchange(root.last_, run_);
  if (run_->info->role == SagaRole::kPivot) {
    root.pivot_passed_ = true;
    saga_->exchange_->trace({.name = run_->info->step, .detail = run_->number, .kind = trace::Kind::kPivot});
  }
}

}  // namespace zerver::flow
