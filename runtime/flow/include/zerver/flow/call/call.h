// Waiting for an effect: one operation under its policy, as an awaitable of the flow's coroutine.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/result.h>
#include <zerver/flow/call/breaker.h>
#include <zerver/flow/call/group.h>
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/call/member.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/policy.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/stream/json_items.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// What becomes of a failure with one of those kinds: an error, and the status when it reaches the client.
struct FailureAnswer {
  FaultKinds kinds;
  std::string_view error;    // qualified: `todo.v1.NotFound`
  std::uint16_t status = 0;  // 0: it has none
};

// What is known about an effect when it is compiled.
struct CallSite {
  static constexpr std::uint16_t kNoRate = 0xFFFF;

  std::string_view step;
  std::uint16_t target;     // position in PackageInfo::targets
  std::uint16_t operation;  // position in the adapter's declaration
  FaultKinds fails = {};    // with which that may fail, less what a statement cannot
  CallPolicy policy = {};
  std::uint16_t rate =
      kNoRate;  // position in PackageInfo::rates; a rate is shared by all who name its policy
  std::span<const FailureAnswer> answers = {};
  RowLayout rows = {};  // of its statement, read into its struct; empty where that is not known
};

// Whether a call ends with the request that it belongs to.
enum class Shield : bool {
  kNone,     // given up when the request is cancelled or its deadline passes
  kCleanup,  // neither; it fails as `timeout` when WorkerLimits::cleanup is over
};

// Runs attempts of one operation as its policy says, until one succeeds or it is given up. Lives in the
// flow's frame. A call that is destroyed while it is in flight cancels its operations. In the order in which
// they are asked: the rate, once a call; the budgets, once a retry and a hedge; the breaker and a place in
// flight, once for each attempt and hedge.
class CallBase : public Member {
 public:
  // `arguments` stay valid until the call has finished.
  CallBase(Exchange& exchange, const CallSite& site, const void* arguments,
           Shield shield = Shield::kNone) noexcept;

  // The idempotency key, which lives as long as the arguments. Before it starts.
  void set_key(std::string_view key) noexcept { key_ = key; }
  // Makes it part of the transaction, which outlives it. Before it starts.
  void set_transaction(Transaction& transaction) noexcept { first_.set_transaction(&transaction); }
  // Gives up, unless it is shielded: ends with the kind `cancelled`.
  void cancel() noexcept;

  // Whether the system may have done what it was asked for: it has said so, or some attempt is in flight or
  // has ended without a clear refusal.
  bool may_have_happened() const noexcept;
  const CallSite& site() const noexcept { return *site_; }

 protected:
  ~CallBase();

  // Keeps what the reply says; false when it cannot be read, and fault() says why. `format`: of a text. May
  // throw ArenaFull.
  virtual bool read(const void* reply, Format format) = 0;
  virtual void set_fault(const Fault& fault) noexcept = 0;
  virtual ReadItems read_items() const noexcept { return nullptr; }
  Arena& arena() const noexcept { return exchange().arena(); }
  Worker& worker() const noexcept { return exchange().worker(); }

 private:
  friend class Exchange;

  // One attempt, or a hedge of it; used again for the next attempt.
  class Copy final : public Operation, public async::Timer, public InFlight::Place {
   public:
    enum class State : std::uint8_t { kIdle, kQueued, kInFlight };

    Copy(CallBase& owner, unsigned number) noexcept;
    void begin(unsigned attempt) noexcept { begin_attempt(attempt, until, call.key_); }
    void end() noexcept { end_attempt(); }
    using Operation::reply_format;
    using Operation::set_transaction;

    CallBase& call;
    Copy* next = nullptr;            // the hedge behind this one
    bool* ended_in_start = nullptr;  // while Adapter::start() runs: whether the attempt ended within
    TimePoint until = TimePoint::never();
    TimePoint launched;  // set when attempts are counted by operation
    Breaker::Permit permit;
    State state = State::kIdle;
    bool has_place = false;  // in flight

   private:
    void on_complete(const void* reply) noexcept override;
    void on_fail(const Fault& fault) noexcept override;
    void on_late() noexcept override;
    const TraceContext* trace_context() noexcept override { return &call.exchange().trace_context(); }
    ReadItems read_items() const noexcept override { return call.read_items(); }
    std::uint64_t* call_data() noexcept override { return &call.adapter_data_; }
    TimePoint stream_deadline() const noexcept override { return call.exchange().deadline(); }
  };
  struct CallTimer final : async::Timer {
    explicit CallTimer(CallBase& owner) noexcept;
    CallBase& call;
  };

  static constexpr unsigned kNoCopy = ~0U;

  // In an exchange's list; null when there is none.
  static CallBase* first_unshielded(CallBase* first) noexcept;

  void start() noexcept final;
  void stop(Stop how) noexcept final;
  void hide() noexcept final;

  void follow(const CallMachine::Next& next) noexcept;
  void begin_attempt(const CallMachine::Next& next) noexcept;
  void wait_until(TimePoint until) noexcept;
  void on_timer() noexcept;
  void hedge() noexcept;
  Copy* next_hedge_copy() noexcept;
  bool withdraw_retry() noexcept;

  bool allowed_by_breaker(Copy& copy) noexcept;
  void launch(Copy& copy, trace::Kind kind) noexcept;
  void on_copy_timer(Copy& copy) noexcept;
  void on_reply(Copy& copy, const void* reply) noexcept;
  void on_fault(Copy& copy, const Fault& fault) noexcept;
  void note_end(Copy& copy) noexcept;
  void note_verdict(Copy& copy, bool failed) noexcept;
  void count(const Copy& copy, std::size_t outcome) noexcept;
  void fail_copy(Copy& copy, const Fault& fault) noexcept;
  bool detach(Copy& copy, Stop how) noexcept;
  void forget_permit(const Copy& copy) noexcept;
  void stop_copies(Stop how) noexcept;

  void end_given_up(String why) noexcept;
  void end_failed(const Fault& fault) noexcept;
  void end(Outcome outcome) noexcept;
  void settle() noexcept;

  // An event is made only when somebody records it.
  void trace(trace::Kind kind, std::int64_t detail = 0) noexcept {
    if (exchange().is_traced()) [[unlikely]]
      record({.detail = detail, .kind = kind});
  }
  void trace_fault(FaultKind fault) noexcept {
    if (exchange().is_traced()) [[unlikely]]
      record({.kind = trace::Kind::kFail, .failed = true, .fault = fault});
  }
  void record(trace::Event event) noexcept;
  std::int64_t call_detail() const noexcept;
  String kept(String text) noexcept;
  Fault with_cause(const Fault& fault) noexcept;
  Target& target() const noexcept { return exchange().target(site_->target); }
  void link() noexcept;
  void unlink() noexcept;

  const CallSite* site_;
  const void* arguments_;
  std::string_view key_;
  CallMachine machine_;
  CallTimer timer_;  // of the wait for the next attempt, or for the next hedge
  Copy first_;
  CallBase* previous_ = nullptr;  // in the exchange's list
  CallBase* next_ = nullptr;
  unsigned faulty_copy_ = kNoCopy;          // the first that failed in this attempt
  const FaultCause* causes_ = nullptr;      // the last failure
  Failure failure_ = FaultKind::kInternal;  // how
  bool linked_ = false;
  bool backing_off_ = false;
  bool may_have_happened_ = false;
  std::uint64_t adapter_data_ = 0;
  const Shield shield_;
};

// Rows of which there is one, with one column, which is a list.
struct ArrayRow;
// What JsonReply answers with: text that is read into the flow's type.
struct JsonText;
// A Source whose parts are lists of values.
struct TypedSource;
// The same, of values that come as JSON.
struct JsonSource;

// `T` is what the flow gets, `Reply` what the adapter answers with.
template <class T, class Reply> class Call final : public CallBase {
 public:
  using CallBase::CallBase;

  // `co_await call` yields the result; so does result() once it has finished, as after awaiting its group.
  const Result<T>& await_resume() const noexcept { return result_; }
  // A fault when it did not succeed, also when it was never started.
  const Result<T>& result() const noexcept { return result_; }
  // As if it had ended so, instead of being started.
  void restore(const Result<T>& result) {
    result_ = result;
    set_outcome(result.has_value() ? Outcome::kValue : Outcome::kError);
  }

 private:
  static constexpr bool kIsRows = std::is_same_v<Reply, Source>;
  static constexpr bool kIsValues = std::is_same_v<Reply, TypedSource> || std::is_same_v<Reply, JsonSource>;

  bool read(const void* reply, [[maybe_unused]] Format format) override {
    if constexpr (std::is_void_v<T>) {
      result_ = Result<void>();  // of no interest, whatever it is
    } else if constexpr (std::is_same_v<Reply, RowSource>) {
      result_ =
          read_rows<T>(*static_cast<const RowSource*>(reply), arena(), worker().json_reader(), site().rows);
    } else if constexpr (std::is_same_v<Reply, ArrayRow>) {
      result_ = read_array<typename T::value_type>(*static_cast<const RowSource*>(reply), arena(),
                                                   worker().json_reader());
    } else if constexpr (std::is_same_v<Reply, JsonText>) {
      const Document document{.text = *static_cast<const std::string_view*>(reply), .format = format};
      result_ = read_document<T>(worker().json_reader(), document, arena());
    } else if constexpr (kIsRows || kIsValues) {
      Source& source = static_cast<const OpenedStream*>(reply)->take();
      exchange().hold(source);
      result_ = T{&source, site().rows, kIsValues};
    } else {
      static_assert(std::is_same_v<T, Reply>);
      result_ = *static_cast<const T*>(reply);
    }
    return result_.has_value();
  }
  ReadItems read_items() const noexcept override {
    if constexpr (std::is_same_v<Reply, JsonSource>) return read_json_items<typename T::value_type>;
    return nullptr;
  }
  void set_fault(const Fault& fault) noexcept override { result_ = fault; }
  const Fault& fault() const noexcept override { return result_.error(); }

  Result<T> result_ = Fault{FaultKind::kCancelled, "it was never started", {}};
};

// For operations declared `-> row T`, also where `T` is a list, `-> json T` and `-> T`.
template <class T> using RowsCall = Call<T, RowSource>;
template <class T> using ArrayCall = Call<T, ArrayRow>;
template <class T> using JsonCall = Call<T, JsonText>;
template <class T> using ValueCall = Call<T, T>;
// For operations that yield a stream of rows or bytes, and for those that yield one of values, or of JSON;
// `T` is a Stream.
template <class T> using StreamCall = Call<T, Source>;
template <class T> using TypedStreamCall = Call<T, TypedSource>;
template <class T> using JsonStreamCall = Call<T, JsonSource>;

}  // namespace zerver::flow
