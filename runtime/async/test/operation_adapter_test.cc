// That the primitives do not depend on how they are awaited: the same operations under senders and receivers
// with the names of std::execution (P2300, C++26), which could so replace the coroutines around them.
#include <zerver/async/channel/channel.h>
#include <zerver/async/combine/select.h>
#include <zerver/async/future/future.h>
#include <zerver/async/sleep.h>
#include <zerver/async/sync/mutex.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <concepts>
#include <optional>
#include <type_traits>
#include <utility>

namespace zerver::async {
namespace {

using testing::SimLoop;

// A receiver has set_value(T), set_error(Fault), set_stopped(), and an environment: a loop and a token.
template <class Op, class Receiver> class OperationState final : private Waiter, private StopHook {
 public:
  OperationState(Op&& operation, Receiver receiver)
      : Waiter(tell), StopHook(stop), operation_(std::move(operation)), receiver_(std::move(receiver)) {}

  void start() {
    if (operation_.try_complete()) {
      finish();
      return;
    }
    const Context& environment = receiver_.get_env();
    if (environment.stop.stop_requested()) {
      receiver_.set_stopped();
      return;
    }
    set_loop(*environment.loop);
    environment.stop.link(*this);
    operation_.enqueue(*this);
  }

 private:
  static void tell(Waiter& waiter) noexcept {
    auto& self = static_cast<OperationState&>(waiter);
    self.unlink();
    self.finish();
  }
  static void stop(StopHook& hook) noexcept {
    auto& self = static_cast<OperationState&>(hook);
    self.operation_.cancel();
    self.receiver_.set_stopped();
  }
  void finish() {
    auto result = operation_.result();
    if (!result) {
      receiver_.set_error(result.error());
    } else if constexpr (std::is_void_v<typename Op::Value>) {
      receiver_.set_value();
    } else {
      receiver_.set_value(*std::move(result));
    }
  }

  Op operation_;
  Receiver receiver_;
};

template <Operation Op> struct Sender {
  using sender_concept = void;
  Op operation;
  template <class Receiver> OperationState<Op, Receiver> connect(Receiver receiver) && {
    return {std::move(operation), std::move(receiver)};
  }
};
template <class Op> Sender<Op> as_sender(Awaiting<Op> awaiting) { return {static_cast<Op&&>(awaiting)}; }

// Notes how it ended.
template <class T> struct Noted {
  std::optional<Something<T>> value;
  std::optional<FaultKind> error;
  bool stopped = false;
};
template <class T> struct NotingReceiver {
  template <class... Value> void set_value(Value&&... value) {
    noted->value.emplace(std::forward<Value>(value)...);
  }
  void set_error(const Fault& fault) { noted->error = fault.kind; }
  void set_stopped() { noted->stopped = true; }
  const Context& get_env() const { return *context; }
  Noted<T>* noted;
  const Context* context;
};

static_assert(Operation<Channel<int>::Send> && Operation<Channel<int>::Receive> && Operation<Mutex::Lock> &&
              Operation<Sleep> && Operation<Future<int>::Wait> && Operation<Select<Sleep, Mutex::Lock>>);

struct Environment {
  SimLoop loop;
  StopSource stop;
  Context context{&loop, stop.token()};
};

TEST(OperationAsSender, SetsTheValue) {
  Environment environment;
  Channel<int> channel(1);
  Noted<int> noted;
  auto state = as_sender(channel.receive()).connect(NotingReceiver<int>{&noted, &environment.context});
  state.start();
  EXPECT_FALSE(noted.value);
  EXPECT_TRUE(channel.try_send(4));
  EXPECT_EQ(noted.value, 4);
  Noted<void> slept;
  auto sleeping = as_sender(sleep_for(Duration::from_milliseconds(1)))
                      .connect(NotingReceiver<void>{&slept, &environment.context});
  sleeping.start();
  environment.loop.run();
  EXPECT_TRUE(slept.value);
}

TEST(OperationAsSender, SetsTheErrorAtOnceWhenThereIsNoWait) {
  Environment environment;
  Channel<int> channel(1);
  channel.close();
  Noted<int> noted;
  auto state = as_sender(channel.receive()).connect(NotingReceiver<int>{&noted, &environment.context});
  state.start();
  EXPECT_EQ(noted.error, FaultKind::kMissing);
}

TEST(OperationAsSender, IsStopped) {
  Environment environment;
  Channel<int> channel(1);
  Noted<std::variant<Result<int>, Result<void>>> noted;
  auto state =
      as_sender(select(channel.receive(), sleep_for(Duration::from_seconds(1))))
          .connect(NotingReceiver<std::variant<Result<int>, Result<void>>>{&noted, &environment.context});
  state.start();
  environment.stop.request_stop();
  EXPECT_TRUE(noted.stopped);
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_EQ(channel.size(), 1U);
}

}  // namespace
}  // namespace zerver::async
