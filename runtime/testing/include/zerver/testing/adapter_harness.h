// One adapter, opened as a service opens it, and its operations performed without a flow around them.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/arena.h>
#include <zerver/core/fault.h>
#include <zerver/core/time.h>
#include <zerver/effects/registry.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/flow/stream/json_items.h>
#include <zerver/flow/worker.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace zerver::testing {

// What is kept of an answer: `T` of Reply<T>, with its texts as long as the answer lives; the rows; the text
// of a JSON document; what has been opened, which is the test's to close, and whose elements are a List<Json>
// where the operation is declared `-> json stream<T>`; nothing.
template <class Reply> struct AnswerValue;
template <class T> struct AnswerValue<flow::Reply<T>> {
  using Type = T;
  static void keep(const void* reply, Type& out) { out = *static_cast<const T*>(reply); }
};
template <> struct AnswerValue<flow::Reply<void>> {
  using Type = std::monostate;
  static void keep(const void*, Type&) {}
};
template <> struct AnswerValue<flow::RowsReply> {
  using Type = flow::RowSet;
  static void keep(const void* reply, Type& out);
};
template <> struct AnswerValue<flow::JsonReply> {
  using Type = std::string;
  static void keep(const void* reply, Type& out) { out = *static_cast<const std::string_view*>(reply); }
};

template <> struct AnswerValue<flow::StreamReply> {
  using Type = flow::Source*;
  static void keep(const void* reply, Type& out) {
    out = &static_cast<const flow::OpenedStream*>(reply)->take();
  }
};

struct PerformOptions {
  // Then it is cancelled, as by its flow, and ends as `timeout`.
  Duration patience = Duration::from_seconds(10);
  std::string key = {};  // of idempotency
  unsigned attempt = 1;
  flow::Transaction* transaction = nullptr;  // that it is part of
  std::uint64_t* call_data = nullptr;        // that it has in common with other attempts
};

// An operation that has been started. One that has not ended is cancelled when this is destroyed.
class StartedOperation : public flow::Operation {
 public:
  ~StartedOperation();

  bool ended() const noexcept { return ended_; }
  // When it has ended: whether the adapter has succeeded, and if not, how it failed.
  bool ok() const noexcept { return ended_ && !fault_; }
  explicit operator bool() const noexcept { return ok(); }
  std::optional<FaultKind> fault() const noexcept { return fault_; }
  const std::string& why() const noexcept { return why_; }
  // Of the fault, as Fault has them.
  std::uint16_t status() const noexcept { return status_; }
  Duration retry_after() const noexcept { return retry_after_; }
  // From its start to its end.
  Duration took() const noexcept { return end_ - begin_; }
  // Answers that came behind its end.
  unsigned late() const noexcept { return late_; }

  // As a flow that gives it up, or a join that goes on without it: it ends as `cancelled`.
  void cancel() noexcept;
  void let_go() noexcept;

 protected:
  StartedOperation(flow::Adapter& adapter, flow::Worker& worker, std::uint16_t index, const void* arguments,
                   const PerformOptions& options, std::unique_ptr<Arena> arena);
  // Behind the constructor of the class that knows the reply.
  void begin();

 private:
  struct Deadline final : async::Timer {
    explicit Deadline(StartedOperation& owner) noexcept;
    StartedOperation& operation;
  };

  virtual void keep(const void* reply) = 0;
  void on_complete(const void* reply) noexcept override;
  void on_fail(const Fault& fault) noexcept override;
  void on_late() noexcept override { ++late_; }
  flow::ReadItems read_items() const noexcept override { return flow::read_json_items<Json>; }
  std::uint64_t* call_data() noexcept override { return options_.call_data; }
  void end() noexcept;
  void end_with(FaultKind kind, std::string_view why) noexcept;

  flow::Adapter* adapter_;
  std::unique_ptr<Arena> arena_;
  PerformOptions options_;
  Deadline deadline_;
  TimePoint begin_;
  TimePoint end_;
  std::optional<FaultKind> fault_;
  std::string why_;
  std::uint16_t status_ = 0;
  Duration retry_after_;
  bool ended_ = false;
  unsigned late_ = 0;
};

// `Arguments` is generated for the operation, such as KvAdapter::GetArguments. What its texts refer to lives
// as long as this.
template <class Arguments> class Performed final : public StartedOperation {
 public:
  using Kept = AnswerValue<typename Arguments::Reply>;

  Performed(flow::Adapter& adapter, flow::Worker& worker, const Arguments& arguments,
            const PerformOptions& options)
      : StartedOperation(adapter, worker, Arguments::kOperation, &arguments_, options,
                         std::make_unique<Arena>()),
        arguments_(arguments) {
    begin();
  }

  // When it has succeeded.
  const typename Kept::Type& value() const noexcept { return value_; }

 private:
  void keep(const void* reply) override { Kept::keep(reply, value_); }

  Arguments arguments_;
  typename Kept::Type value_{};
};

struct HarnessOptions {
  enum class Time : std::uint8_t {
    kReal,       // the loop of a production worker, with sockets
    kSimulated,  // SimLoop
  };

  Time time = Time::kReal;
  std::string target = "test.target";
  // Of the target, by the names of the adapter's parameters; a default of the declaration is not filled in.
  std::vector<std::pair<std::string, std::string>> arguments = {};
  std::string schema = {};
  std::uint32_t pool = 0;
  // Of an adapter with `@grpc`: `PeopleAdapter::kOperations` and `PeopleAdapter::kRpcs`.
  std::span<const flow::OperationInfo> operations = {};
  std::span<const flow::Rpc> rpcs = {};
  std::uint64_t seed = 1;
  flow::WorkerLimits limits = {};
  std::optional<std::uint64_t> compress_over = {};
};

// One thread, that of the test: the adapter's worker runs within run_until() and perform().
class AdapterHarness {
 public:
  AdapterHarness(const effects::Registry& registry, std::string_view adapter, HarnessOptions options = {});
  ~AdapterHarness();
  AdapterHarness(const AdapterHarness&) = delete;
  AdapterHarness& operator=(const AdapterHarness&) = delete;

  // Why the system could not be opened; empty when it is. Nothing else may be called then.
  const std::string& error() const noexcept;

  // Performs it to its end.
  template <class Arguments>
  std::unique_ptr<Performed<Arguments>> perform(const Arguments& arguments,
                                                const PerformOptions& options = {}) {
    auto performed = start(arguments, options);
    run_until([&performed] { return performed->ended(); });
    return performed;
  }
  // Begins it; run_until() goes on.
  template <class Arguments>
  std::unique_ptr<Performed<Arguments>> start(const Arguments& arguments,
                                              const PerformOptions& options = {}) {
    return std::make_unique<Performed<Arguments>>(adapter(), worker(), arguments, options);
  }
  // Runs the worker's loop until the condition holds, at most so long; returns whether it holds.
  bool run_until(const std::function<bool()>& condition, Duration most = Duration::from_seconds(30));
  // What System::probe() says; `starting` when it says nothing in that time.
  effects::Health probe(Duration most = Duration::from_seconds(10));

  effects::System& system() noexcept;
  flow::Adapter& adapter() noexcept;
  flow::Worker& worker() noexcept;
  async::Loop& loop() noexcept;
  const std::vector<std::string>& log() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zerver::testing
