// One request and the response to it, as the server, generated code and effects share it.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/message.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/time.h>
#include <zerver/flow/block/frame_cache.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/request/patience.h>
#include <zerver/flow/request/trace_context.h>
#include <zerver/flow/worker.h>

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::flow {

class CallBase;
class Exchange;
class Rate;
class RetryBudget;
class Source;
class StreamedAnswer;
struct FlowInfo;
struct Target;

// Says whether the response is final when a flow's function returns.
enum class Handled : bool {
  kNow,    // it is
  kLater,  // the flow waits for an effect; finish() will be called once, later, on the same thread
};

// A coroutine of a flow that waits, kept where it waits.
struct Waiter {
  std::coroutine_handle<> handle;
  Waiter* next = nullptr;  // while the exchange keeps it
};

// Decides about each request that has been routed, before its flow begins: the server's scheduler.
class Gate {
 public:
  // Nothing: the flow begins now, or its `on overload` after Exchange::set_overloaded(). kNow: it does not,
  // the exchange has its answer. kLater: PackageInfo::handle is called again when its turn has come, or
  // finish() follows.
  virtual std::optional<Handled> pass(Exchange& exchange) noexcept = 0;

 protected:
  ~Gate() = default;
};

// What is done between a flow's end and its response being final; lives as long as the request.
class Finisher {
 public:
  // Once, on the thread of the flow, whose response stays as it is. Calls FlowTask::end() when it is done,
  // also from within.
  virtual void finish(Exchange& exchange) noexcept = 0;
  // finish() has been called, and nothing more is done: what waits is destroyed.
  virtual void discard() noexcept = 0;

 protected:
  ~Finisher() = default;
};

// Sends a body while its flow still makes it: the server's connection.
class PartSink {
 public:
  // The body buffer holds the next part, which is not empty, and the response everything else. Exchange::
  // part_sent() follows, never from within, unless the request is cancelled; the buffer stays as it is until
  // then.
  virtual void send_part(Exchange& exchange) noexcept = 0;

 protected:
  ~PartSink() = default;
};

// Pooled by its owner, a connection, which knows it by a class derived from this one. Used by one thread
// only, the worker's.
class Exchange {
 public:
  // Called once for each request that was handled kLater, when its response is final. The flow is gone by
  // then: the exchange may be reset.
  using OnFinish = void (*)(Exchange&) noexcept;

  Exchange(Worker& worker, OnFinish on_finish) noexcept
      : worker_(&worker), on_finish_(on_finish), arena_(worker.limits().arena_bytes) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Request request;
  Response response;

  Worker& worker() const noexcept { return *worker_; }
  Arena& arena() noexcept { return arena_; }
  // Where the body is written when it is not static or in the arena; Response::body must then be set from its
  // view().
  OutputBuffer& body_buffer() noexcept { return body_; }
  JsonWriter json() noexcept { return JsonWriter(body_); }

  // --- For generated code ---

  // Nothing the flow waits for goes on after this time.
  TimePoint deadline() const noexcept { return deadline_; }
  // From the arrival of the request, so that the wait for its turn counts. Earlier when whoever sent it says
  // that it does not wait so long.
  void set_deadline_in(Duration span) noexcept {
    deadline_ = (arrived_ == TimePoint::never() ? worker_->loop().now() : arrived_) +
                std::min(span, patience_of(request));
  }
  // Routed: this flow is to run, now unless a value is returned, which is then returned by
  // PackageInfo::handle.
  std::optional<Handled> begin(const FlowInfo& flow) noexcept {
    if (flow_ != nullptr) return std::nullopt;  // has passed the gate
    flow_ = &flow;
    if (worker_->trace() != nullptr) [[unlikely]]
      trace_begin();
    return gate_ == nullptr ? std::nullopt : pass_gate();
  }
  // Names the step that runs, for the log, should it throw. `name` is static.
  void enter_step(std::string_view name) noexcept {
    if (trace_ != nullptr) [[unlikely]]
      trace_step(name);
    step_ = name;
  }
  // Control goes on behind `name`, which has failed before others began.
  void return_to_step(std::string_view name) noexcept { step_ = name; }
  std::string_view step() const noexcept { return step_; }
  // That of the request, or a new one. It stays the same for the whole request.
  const TraceContext& trace_context() noexcept {
    if (!trace_context_) {
      trace_context_ = TraceContext::of(request);
      if (!trace_context_) trace_context_ = TraceContext::make(worker_->random());
    }
    return *trace_context_;
  }
  // The flow is to answer by its `on overload`.
  bool overloaded() const noexcept { return overloaded_; }
  // An effect ended as `cancelled`: whatever the flow makes of that, it is to answer with answer_cancelled().
  bool given_up() const noexcept { return given_up_; }
  // Whether somebody records what happens to this request.
  bool is_traced() const noexcept { return trace_ != nullptr; }
  // Records an event of this request, with the time and the request filled in; next to nothing when nobody
  // records.
  void trace(trace::Event event) noexcept {
    if (trace_ != nullptr) [[unlikely]]
      record(event);
  }
  // What this one does is recorded as that other request's.
  void trace_as(const Exchange& other) noexcept {
    trace_ = other.trace_;
    trace_id_ = other.trace_id_;
    trace_context_ = other.trace_context_;
  }
  // For coroutines that end before the flow does.
  FrameCache& frames() noexcept { return frames_; }
  // Before an answer from within a loop, whose elements may answer side by side: the first one does.
  bool claim_answer() noexcept { return !std::exchange(answer_claimed_, true); }
  // The systems that the package of the flow talks to, in the order of PackageInfo::targets.
  Target& target(std::size_t index) const noexcept { return *targets_[index]; }
  // In the order of PackageInfo::rates.
  Rate& rate(std::size_t index) const noexcept { return *rates_[index]; }
  // What the waiter waited for has come: its coroutine goes on, at once unless the request is being
  // cancelled. Once for each wait; the waiter, and this exchange, may be gone before it returns.
  void resume(Waiter& waiter) noexcept {
    if (kept_waiters_ == nullptr) [[likely]]
      return waiter.handle.resume();
    waiter.next = nullptr;
    *kept_waiters_ = &waiter;
    kept_waiters_ = &waiter.next;
  }

  // What an operation has opened: closed when the flow ends, unless somebody has closed it before.
  void hold(Source& source) noexcept;
  void close(Source& source) noexcept;
  // The response refers to it: closed when the exchange is reset.
  void keep_for_response(Source& source) noexcept;

  // For a flow that is a coroutine. At most one.
  void set_finisher(Finisher& finisher) noexcept { finisher_ = &finisher; }

  // --- For the server ---

  // Asked before each flow; lives as long as the exchange. Null: flows begin at once.
  void set_gate(Gate* gate) noexcept { gate_ = gate; }
  // Who takes parts of a body; lives as long as the exchange. Null: bodies are complete when the flow ends.
  void set_part_sink(PartSink* sink) noexcept { part_sink_ = sink; }
  PartSink* part_sink() const noexcept { return part_sink_; }
  // The sink has taken what is in the body buffer.
  void part_sent() noexcept;
  // When the request was there; without it, its flow's deadline counts from the flow's beginning.
  void set_arrival(TimePoint when) noexcept { arrived_ = when; }
  // There is no time for the flow, which has an `on overload`; before it begins.
  void set_overloaded() noexcept { overloaded_ = true; }
  TimePoint arrived() const noexcept { return arrived_; }
  // Another worker runs the flow, from its thread. Before the flow has begun, or when the response is final.
  void move_to(Worker& worker) noexcept;
  // To be set before PackageInfo::handle is called; they live as long as the worker.
  void set_targets(std::span<Target* const> targets, std::span<Rate* const> rates = {}) noexcept {
    targets_ = targets;
    rates_ = rates;
  }
  std::span<Target* const> targets() const noexcept { return targets_; }
  std::span<Rate* const> rates() const noexcept { return rates_; }
  // That of the flow, which all its requests share; lives as long as the worker. Null: unbounded.
  void set_retry_budget(RetryBudget* budget) noexcept { retry_budget_ = budget; }
  // The client is gone, or the server stops: whatever is in flight is given up, and no effect starts any
  // more. A flow that waits is finished before this returns, OnFinish included, unless it undoes a saga
  // first or waits for calls that are shielded.
  void cancel() noexcept;
  bool cancelled() const noexcept { return cancelled_; }
  // As if the process died: what waits is destroyed, its operations are cancelled, no step runs any more, and
  // OnFinish is not called. From outside of the flow; the exchange may be reset then.
  void discard() noexcept;
  // The response is final; called by whoever runs a flow that was handled kNow. The flow that runs last says
  // so itself.
  void note_end() noexcept {
    if (trace_ != nullptr) [[unlikely]]
      trace_end();
  }
  // The flow that was routed to; null before that.
  const FlowInfo* flow() const noexcept { return flow_; }
  // The effects in flight, for people: `load of todo.v1.db, check of quota`. On the thread that runs the
  // flow.
  std::string waits_for() const;
  // The number of the request in the worker's trace; 0 when nobody records.
  std::uint64_t trace_id() const noexcept { return trace_id_; }
  // Ready for the next request. `kept_body` bytes of body memory stay.
  void reset(std::size_t kept_body = std::size_t{64} << 10) noexcept;

 protected:
  ~Exchange();

 private:
  friend class CallBase;
  friend class FlowTask;
  friend class StreamedAnswer;

  // Of one request: a loop whose calls all fail does not fill the arena with them.
  static constexpr std::uint8_t kMostCauses = 64;

  enum class Run : std::uint8_t { kIdle, kInline, kDetached, kFinished };

  void finish() noexcept {
    note_end();
    on_finish_(*this);
  }
  std::optional<Handled> pass_gate() noexcept;
  void close_sources() noexcept;
  void close_answered() noexcept;
  void trace_begin() noexcept;
  void trace_step(std::string_view name) noexcept;
  void trace_end() noexcept;
  void record(trace::Event event) noexcept;

  Worker* worker_;
  OnFinish on_finish_;
  Arena arena_;
  FrameCache frames_;
  OutputBuffer body_;
  Gate* gate_ = nullptr;
  TimePoint arrived_ = TimePoint::never();
  TimePoint deadline_ = TimePoint::never();
  std::string_view step_;
  std::span<Target* const> targets_;
  std::span<Rate* const> rates_;
  RetryBudget* retry_budget_ = nullptr;
  CallBase* calls_ = nullptr;        // that wait for something
  Waiter** kept_waiters_ = nullptr;  // the end of their list; null: nobody keeps any
  std::coroutine_handle<> frame_;    // of the flow, while there is one
  Finisher* finisher_ = nullptr;
  PartSink* part_sink_ = nullptr;
  StreamedAnswer* streamed_ = nullptr;  // that is being made
  Source* sources_ = nullptr;           // that are open
  Source* answered_ = nullptr;          // that the response refers to
  const FlowInfo* flow_ = nullptr;
  trace::Ring* trace_ = nullptr;  // of the worker, while this request is recorded
  std::uint64_t trace_id_ = 0;
  std::optional<TraceContext> trace_context_;  // when somebody has asked
  Run run_ = Run::kIdle;
  bool answer_claimed_ = false;
  bool cancelled_ = false;
  bool given_up_ = false;
  bool overloaded_ = false;
  std::uint8_t causes_ = 0;  // FaultCauses in the arena
};

}  // namespace zerver::flow
