// A saga as its flow sees it: what has completed, and how it is undone.
#pragma once

#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/saga/log.h>
#include <zerver/flow/saga/step_info.h>

#include <coroutine>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace zerver::flow {

class SagaStepBase;
class UndoExchange;

// Lives in the frame of the flow or, nested, of what runs inside it. One that neither commits nor unwinds,
// because its flow ends by an exception, leaves what it has done to the recovery.
//
//   Saga saga(exchange, "orders.buy");
//   ... steps ...
//   commit() at its end, unwind() when it ends early
class Saga {
 public:
  // `flow` is static, and qualified.
  Saga(Exchange& exchange, std::string_view flow) noexcept : exchange_(&exchange), root_(this), flow_(flow) {}
  // One inside another: its steps are the other's when it commits.
  explicit Saga(Saga& outer) noexcept
      : exchange_(outer.exchange_), root_(outer.root_), outer_(&outer), flow_(outer.flow_) {}
  ~Saga();
  Saga(const Saga&) = delete;
  Saga& operator=(const Saga&) = delete;

  // Keeps it until the outermost saga commits; a saga that unwinds forgets it. What `job` refers to is static
  // or in the request's arena. Throws ArenaFull.
  void enqueue(const CallSite& site, const JobRequest& job, Shield shield = Shield::kNone);

  // `if (const Result<void> noted = co_await saga.commit(); !noted)`: hands over what was enqueued, in that
  // order; then nothing is undone any more. A failure says that the saga is to be unwound, which does nothing
  // where it is too late for that: `unavailable` when the end could not be made durable, else the fault of
  // the enqueue that was refused. Throws ArenaFull.
  class Commit;
  [[nodiscard]] Commit commit();

  // `co_await saga.unwind()`: undoes what has completed, the last one first, and ends the saga. It is not cut
  // off by the flow's deadline or the end of its client, but by WorkerLimits::unwinding. What could not be
  // undone is left to the recovery. Never fails.
  class Unwind;
  [[nodiscard]] Unwind unwind() noexcept;

  Arena& arena() const noexcept { return exchange_->arena(); }
  // Of the journal; only when a step has begun.
  const Uuid& id() const noexcept { return root_->id_; }

 private:
  friend class SagaStepBase;

  enum class State : std::uint8_t { kOpen, kOver };

  // One run of a step, in the request's arena.
  struct Run {
    const SagaStepInfo* info;
    void* captured;
    Saga* owner;
    Run* before;  // the one that completed before it
    std::uint32_t number;
  };

  // One `enqueue`, in the request's arena.
  struct Request {
    const CallSite* site;
    JobRequest job;
    Shield shield;
    Request* next = nullptr;
  };

  void append(SagaRecordKind kind, std::uint32_t run = 0, std::string_view name = {},
              std::string_view data = {}, bool is_last = false) noexcept;
  void append_captured(SagaRecordKind kind, const Run& run, bool is_last) noexcept;
  bool has_something_to_undo() const noexcept;
  bool can_be_undone() const noexcept;
  void pass_to_outer() noexcept;
  void close() noexcept;
  static SagaTask run_commit(Arena& arena, Saga& saga);
  void leave_to_recovery() noexcept;
  static async::Task<void> run_unwinding(Arena& arena, Saga& saga, Exchange& exchange);
  static SagaTask run_undo(Arena& arena, Saga& saga, Exchange& exchange, const Run& run);

  Exchange* exchange_;
  Saga* root_;
  Saga* outer_ = nullptr;
  std::string_view flow_;
  State state_ = State::kOpen;
  Request* first_request_ = nullptr;
  Request* last_request_ = nullptr;

  // Of the root.
  Uuid id_;
  Run* last_ = nullptr;  // that has completed and is not undone
  std::uint32_t runs_ = 0;
  bool begun_ = false;
  bool has_doubts_ = false;  // a run may have happened, or could not be undone
  bool pivot_passed_ = false;
  bool is_left_ = false;  // to the recovery: nothing more is done here
};

class [[nodiscard]] Saga::Commit {
 public:
  explicit Commit(Saga& saga);

  bool await_ready() noexcept { return !task_ && (!sync_ || sync_->await_ready()); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    if (task_) return task_->await_suspend(waiter);
    sync_->await_suspend(waiter);
    return std::noop_coroutine();
  }
  Result<void> await_resume() noexcept;

 private:
  Saga* saga_;
  std::optional<LogSync> sync_;
  std::optional<SagaTask> task_;  // when there is something to hand over
};

class [[nodiscard]] Saga::Unwind {
 public:
  explicit Unwind(Saga& saga) noexcept;
  ~Unwind();
  Unwind(const Unwind&) = delete;
  Unwind& operator=(const Unwind&) = delete;

  bool await_ready() const noexcept { return !task_; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    return task_->await_suspend(waiter);
  }
  void await_resume() const noexcept {}

 private:
  std::unique_ptr<UndoExchange> exchange_;
  std::optional<async::Task<void>> task_;
};

// One run of a step that writes, from before its effects begin until they have ended. When it goes without
// complete(), its calls say whether the step may have happened; they are declared before it.
class SagaStepBase {
 public:
  SagaStepBase(const SagaStepBase&) = delete;
  SagaStepBase& operator=(const SagaStepBase&) = delete;

  // `if (const Result<void> noted = co_await step.begin(); !noted)`: writes down that the step is about to
  // run. A failure, `unavailable`, says that this could not be made durable: its effects must not start.
  class [[nodiscard]] Begin {
   public:
    explicit Begin(SagaStepBase& step) noexcept;
    bool await_ready() noexcept { return !sync_ || sync_->await_ready(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { sync_->await_suspend(waiter); }
    Result<void> await_resume() noexcept;

   private:
    std::string_view refusal_;
    std::optional<LogSync> sync_;
  };
  Begin begin() noexcept { return Begin(*this); }

  // Its effects have done what they should, and what they wrote is captured.
  void complete() noexcept;

 protected:
  // Throws ArenaFull.
  SagaStepBase(Saga& saga, const SagaStepInfo& info, void* captured,
               std::initializer_list<const CallBase*> calls, bool is_last);
  ~SagaStepBase();

 private:
  enum class State : std::uint8_t { kIdle, kBegun, kCompleted };

  Saga* saga_;
  Saga::Run* run_;
  std::span<const CallBase*> calls_;
  bool is_last_;
  State state_ = State::kIdle;
};

// `is_last`: no other step of the saga that writes can come behind it.
template <class Captured> class SagaStep final : public SagaStepBase {
 public:
  SagaStep(Saga& saga, const SagaStepInfo& info, std::initializer_list<const CallBase*> calls,
           bool is_last = false)
      : SagaStep(saga, info, calls, is_last,
                 *::new(saga.arena().allocate(sizeof(Captured), alignof(Captured))) Captured()) {}

  Captured& captured;

 private:
  SagaStep(Saga& saga, const SagaStepInfo& info, std::initializer_list<const CallBase*> calls, bool is_last,
           Captured& place)
      : SagaStepBase(saga, info, &place, calls, is_last), captured(place) {}
};

// The request that undoes something of another one: without a client, with an end of its own.
class UndoExchange final : public Exchange {
 public:
  // Undoes for flows with these targets; nothing of it lasts longer than `span` from now on.
  UndoExchange(Worker& worker, std::span<Target* const> targets, std::span<Rate* const> rates,
               Duration span) noexcept
      : Exchange(worker, [](Exchange&) noexcept {}) {
    set_targets(targets, rates);
    set_deadline_in(span);
  }
};

}  // namespace zerver::flow
