// An exchange whose parts are coroutines that a test resumes by hand.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/flow/block/branch.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <coroutine>
#include <cstddef>

namespace zerver::flow {

class PlainExchange final : public Exchange {
 public:
  explicit PlainExchange(Worker& worker) noexcept : Exchange(worker, [](Exchange&) noexcept {}) {}
};

// What a branch of a test waits for.
class Signal {
 public:
  void send() { std::exchange(waiter_, nullptr).resume(); }
  bool is_awaited() const noexcept { return static_cast<bool>(waiter_); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  void await_resume() const noexcept {}

 private:
  std::coroutine_handle<> waiter_;
};

class BlockTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kArena = std::size_t{64} << 10;

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker{{loop, loop.clock(), random, log}, {.arena_bytes = kArena}};
  PlainExchange exchange{worker};
};

// The flow that waits for its parts, as a coroutine that starts at once.
struct Waiting {
  struct promise_type {
    Waiting get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const { throw; }
  };
};

}  // namespace zerver::flow
