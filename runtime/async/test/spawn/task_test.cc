#include <zerver/async/task.h>
#include <zerver/core/arena.h>

#include <gtest/gtest.h>

#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>

namespace zerver::async {
namespace {

// Something to wait for that a test sets off.
struct Gate {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
  std::coroutine_handle<> waiter;
};

Task<int> answer(Arena&, int number) { co_return number; }

Task<int> sum(Arena& arena, int depth) {
  if (depth == 0) co_return 0;
  const int rest = co_await sum(arena, depth - 1);
  co_return rest + depth;
}

Task<void> keep(Arena& arena, int& out) { out = co_await answer(arena, 42); }

TEST(Task, YieldsItsValueToWhoeverAwaitsIt) {
  Arena arena;
  int out = 0;
  auto task = keep(arena, out);
  EXPECT_EQ(out, 0);
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(out, 42);
}

Task<void> add_up(Arena& arena, int depth, int& out) { out = co_await sum(arena, depth); }

TEST(Task, LivesInTheArena) {
  Arena arena;
  int out = 0;
  auto task = add_up(arena, 50, out);
  task.start();
  EXPECT_EQ(out, 50 * 51 / 2);
  EXPECT_GT(arena.peak(), 50 * sizeof(void*));
}

Task<int> wait_for(Arena&, Gate& gate) {
  co_await gate;
  co_return 7;
}

Task<void> wait_twice(Arena& arena, Gate& first, Gate& second, int& out) {
  out = co_await wait_for(arena, first);
  out += co_await wait_for(arena, second);
}

TEST(Task, GoesOnWhereItWaited) {
  Arena arena;
  Gate first, second;
  int out = 0;
  auto task = wait_twice(arena, first, second, out);
  task.start();
  first.waiter.resume();
  EXPECT_EQ(out, 7);
  EXPECT_FALSE(task.done());
  second.waiter.resume();
  EXPECT_EQ(out, 14);
  EXPECT_TRUE(task.done());
}

Task<int> fail(Arena&) {
  throw std::runtime_error("no");
  co_return 0;
}
Task<void> fail_quietly(Arena&) {
  throw std::runtime_error("neither");
  co_return;
}
Task<void> catch_both(Arena& arena, std::string& out) {
  try {
    co_await fail(arena);
  } catch (const std::runtime_error& error) {
    out = error.what();
  }
  try {
    co_await fail_quietly(arena);
  } catch (const std::runtime_error& error) {
    out += error.what();
  }
}

TEST(Task, PassesExceptionsOn) {
  Arena arena;
  std::string out;
  auto task = catch_both(arena, out);
  task.start();
  EXPECT_EQ(out, "noneither");
}

Task<std::unique_ptr<int>> make(Arena&) { co_return std::make_unique<int>(3); }
Task<void> take(Arena& arena, int& out) { out = *co_await make(arena); }

TEST(Task, MovesItsValue) {
  Arena arena;
  int out = 0;
  auto task = take(arena, out);
  auto moved = std::move(task);
  moved.start();
  EXPECT_EQ(out, 3);
}

Task<void> hold(Arena&, Gate& gate, std::shared_ptr<int>) { co_await gate; }

TEST(Task, CanBeDroppedWhileItWaits) {
  Arena arena;
  Gate gate;
  const auto kept = std::make_shared<int>(1);
  {
    auto task = hold(arena, gate, kept);
    task.start();
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace zerver::async
