#include "runtime/async/test/threads/submit_from_four_threads.h"
#include <zerver/async/combine/select.h>
#include <zerver/async/combine/timeout.h>
#include <zerver/async/future/future.h>
#include <zerver/async/future/submit.h>
#include <zerver/async/sleep.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace zerver::async {
namespace {

using testing::SimLoop;

constexpr Fault kBusy{FaultKind::kUnavailable, "busy", {}};

TEST(Future, IsPolledWithoutBlocking) {
  auto [promise, future] = make_promise<int>();
  EXPECT_FALSE(future.ready());
  EXPECT_EQ(future.poll(), std::nullopt);
  promise.set(4);
  EXPECT_TRUE(future.ready());
  EXPECT_EQ(**future.poll(), 4);
}

TEST(Future, GetBlocksUntilAnotherThreadGivesTheValue) {
  auto [promise, future] = make_promise<std::string>();
  std::thread giver([mine = std::move(promise)]() mutable { mine.set(std::string("hello")); });
  EXPECT_EQ(*future.get(), "hello");
  giver.join();
}

TEST(Future, GivesFailuresAndExceptions) {
  auto [failing, failed] = make_promise<int>();
  failing.set(kBusy);
  EXPECT_EQ(failed.get().error().kind, FaultKind::kUnavailable);
  auto [throwing, thrown] = make_promise<void>();
  throwing.set_exception(std::make_exception_ptr(std::runtime_error("no")));
  EXPECT_THROW((void)thrown.get(), std::runtime_error);
}

TEST(Future, OfADroppedPromiseIsInternal) {
  std::optional<Future<int>> kept;
  {
    auto [promise, future] = make_promise<int>();
    kept.emplace(std::move(future));
  }
  EXPECT_EQ(kept->get().error().kind, FaultKind::kInternal);
}

TEST(Future, CallsBackOnTheThreadThatGivesTheValueOrAtOnce) {
  auto [promise, future] = make_promise<int>();
  std::thread::id called_on;
  std::move(future).on_complete([&](Outcome<Result<int>>& outcome) {
    EXPECT_EQ(*outcome.value(), 3);
    called_on = std::this_thread::get_id();
  });
  std::thread::id giver_id;
  std::thread giver([&, mine = std::move(promise)]() mutable {
    giver_id = std::this_thread::get_id();
    mine.set(3);
  });
  giver.join();
  EXPECT_EQ(called_on, giver_id);

  auto [ready_promise, ready] = make_promise<int>();
  ready_promise.set(5);
  int got = 0;
  std::move(ready).on_complete([&](Outcome<Result<int>>& outcome) { got = *outcome.take(); });
  EXPECT_EQ(got, 5);
}

TEST(Future, ThenGoesOnWithTheValue) {
  auto [promise, future] = make_promise<int>();
  auto text = std::move(future)
                  .then([](int number) { return number + 1; })
                  .then([](int number) -> Result<std::string> { return std::to_string(number); })
                  .then([](const std::string& digits) { EXPECT_EQ(digits, "42"); })
                  .then([] { return std::string("end"); });
  static_assert(std::same_as<decltype(text), Future<std::string>>);
  promise.set(41);
  EXPECT_EQ(*text.get(), "end");
}

TEST(Future, FailuresAndExceptionsPassByThen) {
  bool called = false;
  auto [failing, failed] = make_promise<int>();
  auto after = std::move(failed).then([&](int) { called = true; });
  failing.set(kBusy);
  EXPECT_EQ(after.get().error().kind, FaultKind::kUnavailable);
  auto [throwing, thrown] = make_promise<int>();
  auto after_that = std::move(thrown).then([&](int) { called = true; });
  throwing.set_exception(std::make_exception_ptr(std::runtime_error("no")));
  EXPECT_THROW((void)after_that.get(), std::runtime_error);
  EXPECT_FALSE(called);
}

TEST(Future, ThenMayFailAndThrow) {
  auto [first, one] = make_promise<int>();
  auto failing = std::move(one).then([](int) -> Result<int> { return kBusy; });
  first.set(1);
  EXPECT_EQ(failing.get().error().kind, FaultKind::kUnavailable);
  auto [second, two] = make_promise<int>();
  auto throwing = std::move(two).then([](int) -> int { throw std::runtime_error("no"); });
  second.set(1);
  EXPECT_THROW((void)throwing.get(), std::runtime_error);
}

TEST(Future, OrElseStandsInForAFailureOnly) {
  auto [failing, failed] = make_promise<int>();
  auto instead =
      std::move(failed).or_else([](Fault fault) { return fault.kind == FaultKind::kUnavailable ? 7 : 8; });
  failing.set(kBusy);
  EXPECT_EQ(*instead.get(), 7);
  auto [giving, given] = make_promise<int>();
  auto same = std::move(given).or_else([](Fault) { return 9; });
  giving.set(1);
  EXPECT_EQ(*same.get(), 1);
  auto [throwing, thrown] = make_promise<int>();
  auto passed = std::move(thrown).or_else([](Fault) { return 9; });
  throwing.set_exception(std::make_exception_ptr(std::runtime_error("no")));
  EXPECT_THROW((void)passed.get(), std::runtime_error);
}

TEST(Future, CancelReachesThePromiseThroughAChain) {
  auto [promise, future] = make_promise<int>();
  int calls = 0;
  promise.on_cancel([&] { ++calls; });
  auto last = std::move(future).then([](int number) { return number; }).or_else([](Fault) { return 0; });
  EXPECT_FALSE(promise.cancel_requested());
  last.cancel();
  last.cancel();
  EXPECT_TRUE(promise.cancel_requested());
  EXPECT_EQ(calls, 1);
  promise.set(3);
  EXPECT_EQ(*last.get(), 3);
}

TEST(Future, OnCancelAfterACancelIsCalledAtOnceAndNeverAfterTheValue) {
  auto [promise, future] = make_promise<int>();
  future.cancel();
  int calls = 0;
  promise.on_cancel([&] { ++calls; });
  EXPECT_EQ(calls, 1);
  auto [giving, given] = make_promise<int>();
  giving.on_cancel([&] { ++calls; });
  giving.set(1);
  given.cancel();
  EXPECT_EQ(calls, 1);
}

TEST(Future, DroppedOneCancelsADetachedOneDoesNot) {
  auto [promise, future] = make_promise<int>();
  {
    const auto gone = std::move(future);
  }
  EXPECT_TRUE(promise.cancel_requested());
  auto [other, detached] = make_promise<int>();
  detached.detach();
  EXPECT_FALSE(other.cancel_requested());
  auto [third, replaced] = make_promise<int>();
  auto [fourth, kept] = make_promise<int>();
  replaced = std::move(kept);
  EXPECT_TRUE(third.cancel_requested());
  EXPECT_FALSE(fourth.cancel_requested());
}

TEST(Future, IsAwaitedOnTheLoopOfWhoeverAwaits) {
  SimLoop loop;
  auto [promise, future] = make_promise<int>();
  std::thread::id resumed_on;
  auto task = spawn(loop, [&, own = std::move(future)]() mutable -> Task<int> {
    const Result<int> value = co_await own;
    resumed_on = std::this_thread::get_id();
    co_return *value;
  });
  loop.run_ready();
  std::thread giver([mine = std::move(promise)]() mutable { mine.set(6); });
  loop.run_with_threads_until([&] { return task.done(); });
  giver.join();
  EXPECT_EQ(task.take(), 6);
  EXPECT_EQ(resumed_on, std::this_thread::get_id());
}

TEST(Future, WaitCanBeCancelledAndTriedAgain) {
  SimLoop loop;
  auto [promise, future] = make_promise<int>();
  auto task = spawn(loop, [own = &future]() -> Task<int> {
    const Result<int> first = co_await timeout(own->wait(), Duration::from_seconds(1));
    EXPECT_EQ(first.error().kind, FaultKind::kTimeout);
    const Result<int> second = co_await own->wait();
    co_return *second;
  });
  loop.run();
  EXPECT_FALSE(promise.cancel_requested());
  promise.set(8);
  loop.run();
  EXPECT_EQ(task.take(), 8);
}

TEST(Future, ValueThatComesWhileTheWaitIsCancelledIsKept) {
  SimLoop loop;
  auto [promise, future] = make_promise<int>();
  auto task = spawn(loop, [own = &future]() -> Task<bool> { co_return (co_await own->wait()).has_value(); });
  loop.run_ready();
  promise.set(8);
  // Its job is on its way.
  task.cancel();
  loop.run();
  EXPECT_FALSE(task.take());
  EXPECT_EQ(**future.poll(), 8);
}

// --- submit ---

Task<int> add_later(int left, int right) {
  (void)co_await sleep_for(Duration::from_milliseconds(1));
  co_return left + right;
}

TEST(Submit, RunsFunctionsAndCoroutinesOnTheLoopFromAnyThread) {
  SimLoop loop;
  std::atomic<int> got = 0;
  std::thread caller([&] {
    auto plain = submit(loop, [](int number) { return 2 * number; }, 4);
    auto coroutine = submit(loop, add_later, 3, 4);
    got = *plain.get() + *coroutine.get();
  });
  while (got == 0)
    loop.run();
  caller.join();
  EXPECT_EQ(got, 15);
}

TEST(Submit, PassesFailuresAndExceptionsOn) {
  SimLoop loop;
  auto failing = submit(loop, []() -> Result<int> { return kBusy; });
  auto throwing = submit(loop, []() -> Task<int> {
    throw std::runtime_error("no");
    co_return 1;
  });
  auto nothing = submit(loop, [] {});
  static_assert(std::same_as<decltype(failing), Future<int>>);
  loop.run();
  EXPECT_EQ(failing.get().error().kind, FaultKind::kUnavailable);
  EXPECT_THROW((void)throwing.get(), std::runtime_error);
  EXPECT_TRUE(nothing.get());
}

TEST(Submit, CancelOfTheFutureStopsTheTask) {
  SimLoop loop;
  auto future = submit(loop, []() -> Task<Result<int>> {
    const Result<void> slept = co_await sleep_for(Duration::from_seconds(1000));
    if (!slept) co_return slept.error();
    co_return 1;
  });
  loop.run_ready();
  std::thread canceller([&] { future.cancel(); });
  loop.run_with_threads_until([&] { return future.ready(); });
  canceller.join();
  EXPECT_EQ(future.get().error().kind, FaultKind::kCancelled);
  EXPECT_EQ(loop.now(), TimePoint{});
}

TEST(Submit, KeepsAndFreesWhatItWasGiven) {
  SimLoop loop;
  auto kept = std::make_shared<int>(5);
  auto future = submit(loop, [](std::shared_ptr<int> mine) { return *mine; }, kept);
  EXPECT_EQ(kept.use_count(), 2);
  loop.run();
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(*future.get(), 5);
}

TEST(Submit, FromFourThreadsAtOnce) { submit_from_four_threads(2'000); }

}  // namespace
}  // namespace zerver::async
