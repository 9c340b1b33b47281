// Four threads that submit work to one loop.
#pragma once

#include <zerver/async/future/submit.h>
#include <zerver/async/sleep.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace zerver::async {

// From four threads at once, some cancelled at random moments: each future gets its value.
inline void submit_from_four_threads(int count) {
  testing::SimLoop loop;
  std::atomic<int> left = 4;
  std::atomic<std::int64_t> sum = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < count; ++i) {
        auto future = submit(
            loop,
            [](int number) -> Task<int> {
              (void)co_await yield_now();
              co_return number;
            },
            i);
        if (i % 3 == caller % 3) future.cancel();
        if (i % 5 == 0) {
          const auto dropped = std::move(future);
          continue;
        }
        sum += *future.get();
      }
      --left;
      // Wakes the loop, which then sees that it is over.
      submit(loop, [] {}).detach();
    });
  }
  loop.run_with_threads_until([&] { return left == 0; });
  for (std::thread& caller : callers)
    caller.join();
  loop.run();
  std::int64_t expected = 0;
  for (int i = 0; i < count; ++i)
    expected += i % 5 == 0 ? 0 : std::int64_t{4} * i;
  EXPECT_EQ(sum, expected);
}

}  // namespace zerver::async
