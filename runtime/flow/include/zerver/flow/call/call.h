// Waiting for an effect: one operation under its policy, as an awaitable of the flow's coroutine.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/list.h>
#include <zerver/core/result.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/policy.h>
#include <zerver/flow/data/json_codec.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/flow/exchange.h>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace zerver::flow {

// What is known about an effect when it is compiled.
struct CallSite {
  static constexpr std::uint16_t kNoRate = 0xFFFF;

  std::string_view step;
  std::uint16_t target;     // position in PackageInfo::targets
  std::uint16_t operation;  // position in the adapter's declaration
  FaultKinds fails = {};    // with which that declares the operation to fail
  CallPolicy policy = {};
  std::uint16_t rate =
      kNoRate;  // position in PackageInfo::rates; a rate is shared by all who name its policy
};

// The calls that one `co_await` waits for, and the coroutine to go on with when the last has finished.
class Join {
 public:
  void add() noexcept { ++pending_; }
  // One call has finished.
  void finished() noexcept {
    if (--pending_ == 0 && waiter_) waiter_.resume();
  }
  // False when nothing is pending any more.
  bool wait(std::coroutine_handle<> waiter) noexcept {
    if (pending_ == 0) return false;
    waiter_ = waiter;
    return true;
  }

 private:
  std::uint32_t pending_ = 0;
  std::coroutine_handle<> waiter_;
};

// Runs attempts of one operation as its policy says, until one succeeds or it is given up. Lives in the
// flow's frame. A call that is destroyed while it is in flight cancels its operation.
class CallBase : public Operation {
 public:
  // `arguments` stay valid until the call has finished.
  CallBase(Exchange& exchange, const CallSite& site, const void* arguments) noexcept;

  // Begins; `join` is told of the end, perhaps before this returns.
  void start(Join& join) noexcept;
  // Gives up: ends with the kind `cancelled`.
  void cancel() noexcept;

  // Whether the system may have done what it was asked for: it has said so, or some attempt has ended without
  // a clear refusal.
  bool may_have_happened() const noexcept { return may_have_happened_ || state_ == State::kInFlight; }

 protected:
  ~CallBase();

  // Keeps what the reply says, or tells why it cannot be read. May throw ArenaFull.
  virtual Result<void> read(const void* reply) = 0;
  virtual void set_fault(const Fault& fault) noexcept = 0;
  Exchange& exchange() const noexcept { return *exchange_; }

 private:
  friend class Exchange;

  struct AttemptTimer final : async::Timer {
    explicit AttemptTimer(CallBase& owner) noexcept;
    CallBase& call;
  };
  // Waiting: for the next attempt, or for nothing on the way from one state to another.
  enum class State : std::uint8_t { kIdle, kInFlight, kWaiting, kDone };

  void on_complete(const void* reply) noexcept final;
  void on_fail(const Fault& fault) noexcept final;
  void on_timer() noexcept;

  void follow(const CallMachine::Next& next, const Fault& fault) noexcept;
  void begin_attempt_until(TimePoint until) noexcept;
  void fail_attempt(const Fault& fault) noexcept;
  void end_given_up(String why) noexcept;
  void end() noexcept;

  // With the step and the attempt filled in.
  void trace(trace::Kind kind, trace::Event event = {}) noexcept;
  String kept(String text) noexcept;
  void note_end_of_attempt() noexcept;
  void leave_target() noexcept;
  void enter_list() noexcept;
  void leave_list() noexcept;

  Exchange* exchange_;
  const CallSite* site_;
  CallMachine machine_;
  AttemptTimer timer_;
  Join* join_ = nullptr;
  bool* ended_in_start_ = nullptr;  // while Adapter::start() runs: whether the attempt ended within
  CallBase* previous_ = nullptr;    // in the exchange's list
  CallBase* next_ = nullptr;
  State state_ = State::kIdle;
  bool may_have_happened_ = false;
};

// What JsonReply answers with: text that is read into the flow's type.
struct JsonText;

// `T` is what the flow gets, `Reply` what the adapter answers with.
template <class T, class Reply> class Call final : public CallBase {
 public:
  using CallBase::CallBase;

  // `co_await call` yields the result; so does result() once it has finished, as after `co_await all(...)`.
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept {
    start(join_);
    return join_.wait(waiter);
  }
  const Result<T>& await_resume() const noexcept { return result_; }
  const Result<T>& result() const noexcept { return result_; }

 private:
  Result<void> read(const void* reply) override {
    if constexpr (std::is_same_v<Reply, RowSet>) {
      result_ = read_rows<T>(*static_cast<const RowSet*>(reply), arena(), worker().json_reader());
    } else if constexpr (std::is_same_v<Reply, JsonText>) {
      result_ =
          read_json_text<T>(worker().json_reader(), *static_cast<const std::string_view*>(reply), 0, arena());
    } else if constexpr (std::is_void_v<T>) {
      result_ = Result<void>();
    } else {
      static_assert(std::is_same_v<T, Reply>);
      result_ = *static_cast<const T*>(reply);
    }
    if (!result_) return result_.error();
    return {};
  }
  void set_fault(const Fault& fault) noexcept override { result_ = fault; }

  Join join_;
  Result<T> result_ = Fault{};
};

// For operations declared `-> row T`, `-> json T` and `-> T`.
template <class T> using RowsCall = Call<T, RowSet>;
template <class T> using JsonCall = Call<T, JsonText>;
template <class T> using ValueCall = Call<T, T>;

// The join `all`: goes on when every call has finished, however it went. They start in the order in which
// they are given; their results are read from the calls.
template <std::size_t N> class [[nodiscard]] All {
 public:
  explicit All(std::array<CallBase*, N> calls) noexcept : calls_(calls) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept {
    join_.add();  // so that it is not over before the last has started
    for (CallBase* const call : calls_)
      call->start(join_);
    join_.finished();
    return join_.wait(waiter);
  }
  void await_resume() const noexcept {}

 private:
  std::array<CallBase*, N> calls_;
  Join join_;
};

template <class... Calls> All<sizeof...(Calls)> all(Calls&... calls) noexcept {
  return All<sizeof...(Calls)>({&calls...});
}

}  // namespace zerver::flow
