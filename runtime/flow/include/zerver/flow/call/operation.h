// One effect in flight, and the interface of the systems that perform effects.
#pragma once

#include <zerver/core/arena.h>
#include <zerver/core/fault.h>
#include <zerver/core/result.h>
#include <zerver/core/time.h>
#include <zerver/flow/data/bulk_rows.h>
#include <zerver/flow/data/format.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/flow/data/row_source.h>
#include <zerver/flow/data/value.h>
#include <zerver/flow/request/trace_context.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace zerver::flow {

class JsonReader;
class Source;
class Transaction;
class Worker;
struct Target;

// A part of a stream of values.
struct ItemsRead {
  const void* list;   // a List<T>
  std::size_t count;  // of its elements
};
// JSON texts as a part, in the arena: those before the first one that is no `T`, or why that is none, as
// `unavailable`, when it is the first one at all. `first`: how many elements of the stream there were before.
// May throw ArenaFull.
using ReadItems = Result<ItemsRead> (*)(JsonReader& reader, Arena& arena, std::span<const Document> texts,
                                        std::uint64_t first);

// A `sql"..."`: the text, which is static, with a `?` for each `{x}`, and what is bound to them in that
// order.
struct Statement {
  std::string_view text;
  std::span<const Value> parameters;
  // Of one that inserts a list or a stream: what each row binds, instead of parameters. The text is
  // `insert into`, rows->into() and ` values (?, ?)`.
  BulkRows* rows = nullptr;
};

// What an `adapter` declaration says about one of its operations.
struct OperationInfo {
  enum class Access : std::uint8_t { kRead, kWrite, kByStatement };  // the last: its SQL decides

  std::string_view name;
  Access access = Access::kRead;
  bool idempotent = false;  // a write that done twice is done once
  bool stream = false;
  FaultKinds fails = {};
};

// One attempt to perform an operation of an adapter. Lives in the flow that waits for it: an adapter may use
// it, and whatever it refers to, until it has completed it or cancel() or let_go() has been called for it.
// Loop thread only.
class Operation {
 public:
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // The position of the operation in its `adapter` declaration.
  std::uint16_t index() const noexcept { return index_; }
  // Of the struct that was generated for that operation, such as SqlAdapter::OneArguments.
  const void* arguments() const noexcept { return arguments_; }
  // The name of the step that performs it.
  std::string_view step() const noexcept { return step_; }
  // With what its adapter's declaration lets it fail, less what its statement cannot fail with.
  FaultKinds fails() const noexcept { return fails_; }
  // The idempotency key of the step (`key expression`): the same for all attempts. Empty when it has none.
  std::string_view key() const noexcept { return key_; }
  // The `tx { }` that it is part of: it is performed on that transaction's connection, which the first
  // operation of a transaction opens. Null outside of one.
  Transaction* transaction() const noexcept { return transaction_; }
  // From 1.
  unsigned attempt() const noexcept { return attempt_; }
  // 0, or from 1 for copies that hedge the attempt.
  unsigned copy() const noexcept { return copy_; }
  // Past it, it is cancelled.
  TimePoint deadline() const noexcept { return deadline_; }
  // A stream that it opens goes on until then: with the flow, longer than the attempt.
  virtual TimePoint stream_deadline() const noexcept { return deadline_; }
  Arena& arena() const noexcept { return *arena_; }
  Worker& worker() const noexcept { return *worker_; }
  // Where the request that it is done for stands in a trace; null when it is done for none.
  virtual const TraceContext* trace_context() noexcept { return nullptr; }
  // Of one declared `-> json stream<T>`; null when nobody knows `T`.
  virtual ReadItems read_items() const noexcept { return nullptr; }
  // For the adapter: what the attempts of a call and their copies tell each other; 0 when the first one
  // begins. Null when there is nothing that they have in common.
  virtual std::uint64_t* call_data() noexcept { return nullptr; }

  // For the adapter: whatever it needs to find its own record of the operation.
  void* adapter_data = nullptr;

  // Either of them exactly once, also from within Adapter::start(); the flow may go on, and the operation be
  // gone, before they return. `reply` is of the type that the operation declares: typed by Reply, RowsReply
  // and JsonReply, which call this. What comes for an attempt that is over is dropped and counted, as long as
  // the flow is there.
  // `format`: of a text that is read as JSON says.
  void complete(const void* reply, Format format = Format::kJson) noexcept {
    reply_format_ = format;
    on_complete(reply);
  }
  // The fault's texts are copied when the flow keeps them.
  void fail(const Fault& fault) noexcept { on_fail(fault); }

 protected:
  Operation(std::uint16_t index, const void* arguments, std::string_view step, Arena& arena, Worker& worker,
            FaultKinds fails = {}, unsigned copy = 0) noexcept
      : arguments_(arguments),
        step_(step),
        arena_(&arena),
        worker_(&worker),
        copy_(copy),
        index_(index),
        fails_(fails) {}
  ~Operation() = default;

  void begin_attempt(unsigned attempt, TimePoint deadline, std::string_view key = {}) noexcept {
    attempt_ = attempt;
    deadline_ = deadline;
    key_ = key;
    ++generation_;
    adapter_data = nullptr;
  }
  void end_attempt() noexcept { ++generation_; }
  void set_transaction(Transaction* transaction) noexcept { transaction_ = transaction; }
  // Of what it has been completed with.
  Format reply_format() const noexcept { return reply_format_; }

 private:
  friend class ReplyBase;

  virtual void on_complete(const void* reply) noexcept = 0;
  virtual void on_fail(const Fault& fault) noexcept = 0;
  virtual void on_late() noexcept {}

  const void* arguments_;
  std::string_view step_;
  std::string_view key_;
  Transaction* transaction_ = nullptr;
  Arena* arena_;
  Worker* worker_;
  TimePoint deadline_ = TimePoint::never();
  std::uint32_t generation_ = 0;  // another one for each attempt, and between them
  unsigned attempt_ = 0;
  unsigned copy_;
  std::uint16_t index_;
  FaultKinds fails_;
  Format reply_format_ = Format::kJson;
};

// What an adapter's operations answer through. The generated interface of an adapter hands them out; they are
// values that refer to one attempt of the operation, which they tell from those behind it, and live no longer
// than the operation.
class ReplyBase {
 public:
  explicit ReplyBase(Operation& operation) noexcept
      : operation_(&operation), generation_(operation.generation_) {}
  Operation& operation() const noexcept { return *operation_; }
  void fail(const Fault& fault) const noexcept {
    if (is_awaited()) {
      operation_->fail(fault);
    } else {
      operation_->on_late();
    }
  }

 protected:
  void complete(const void* reply, Format format = Format::kJson) const noexcept {
    if (is_awaited()) {
      operation_->complete(reply, format);
    } else {
      operation_->on_late();
    }
  }

 private:
  bool is_awaited() const noexcept { return operation_->generation_ == generation_; }

  Operation* operation_;
  std::uint32_t generation_;
};

// For an operation declared `-> T`.
template <class T> class Reply : public ReplyBase {
 public:
  using ReplyBase::ReplyBase;
  void succeed(const T& value) const noexcept { complete(&value); }
};

// For an operation without a result.
template <> class Reply<void> : public ReplyBase {
 public:
  using ReplyBase::ReplyBase;
  void succeed() const noexcept { complete(nullptr); }
};

// For an operation declared `-> row T`; the rows are read before it returns, and stay the adapter's.
class RowsReply : public ReplyBase {
 public:
  using ReplyBase::ReplyBase;
  void rows(const RowSource& rows) const noexcept { complete(&rows); }
};

// For an operation declared `-> json T`: any text, which is checked and read before it returns.
class JsonReply : public ReplyBase {
 public:
  using ReplyBase::ReplyBase;
  void json(std::string_view text, Format format = Format::kJson) const noexcept { complete(&text, format); }
};

// What StreamReply answers with.
struct OpenedStream {
  Source& source;
  mutable bool is_taken = false;

  // Whoever takes it closes it.
  Source& take() const noexcept {
    is_taken = true;
    return source;
  }
};

// For an operation declared `-> row stream<T>`, `-> json stream<T>`, `-> stream<T>` or `-> stream<bytes>`.
class StreamReply : public ReplyBase {
 public:
  using ReplyBase::ReplyBase;
  // The flow's from now on, until it closes it; closed before this returns when nobody takes it.
  void open(Source& source) const noexcept;
};

// One system as one worker sees it. The interface that is generated for each `adapter` derives from it and is
// what one implements.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual void start(Operation& operation) = 0;
  // Forgets the operation: it is neither used nor completed after this. What it does out there may have
  // happened or not.
  virtual void cancel(Operation& operation) noexcept = 0;
  // Its result came too late for a join that does not cancel who loses. Forgets the operation as cancel()
  // does, but what it does out there is to go on where the adapter can do that without it.
  virtual void let_go(Operation& operation) noexcept { cancel(operation); }

  // The transaction is given up: nothing of it may stay. Called at most once for each, when it has something
  // open (Transaction::adapter_data) and no operation of it is in flight. Forgets it; the connection is used
  // again, or closed, when the rollback is through. An adapter whose declaration has no `@commit` is never
  // asked.
  virtual void roll_back(Transaction& transaction) noexcept { static_cast<void>(transaction); }
  // Of a database: which one it is, and as whom. Two that say the same can take part in each other's
  // transactions. Empty: nobody can.
  virtual std::string_view database() const noexcept { return {}; }
  // Of such a database: runs the statement as a part of the operation's transaction, and answers the
  // operation with nothing but that it went well. What the statement refers to stays until then.
  virtual void execute(const Statement& statement, Operation& operation);
  // Of a queue: whether its operations may be part of a transaction of that target, because it keeps its jobs
  // there. They happen behind its commit else.
  virtual bool joins(const Target& target) const noexcept {
    static_cast<void>(target);
    return false;
  }
};

}  // namespace zerver::flow
