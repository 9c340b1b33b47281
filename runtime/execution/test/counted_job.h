// Jobs that count what happens to them.
#pragma once

#include <zerver/core/time.h>
#include <zerver/execution/pool_job.h>

#include <atomic>
#include <functional>
#include <utility>

namespace zerver::execution {

inline constexpr Duration kLong = Duration::from_seconds(60);  // passing it is a failure

struct Counts {
  std::atomic<int> ran = 0;
  std::atomic<int> dropped = 0;
  int ended() const noexcept { return ran + dropped; }
};

// Runs a function, if there is one, and counts its end where it is told.
struct CountedJob final : PoolJob {
  explicit CountedJob(Counts& the_counts, std::function<void()> the_work = {})
      : PoolJob(perform_work, count_end), counts(the_counts), work(std::move(the_work)) {}
  CountedJob(Counts& the_counts, async::Loop& home, std::function<void()> the_work = {})
      : PoolJob(perform_work, home, count_end), counts(the_counts), work(std::move(the_work)) {}

  static void perform_work(PoolJob& job) noexcept {
    auto& self = static_cast<CountedJob&>(job);
    if (self.work) self.work();
  }
  static void count_end(async::Job& job) noexcept {
    auto& self = static_cast<CountedJob&>(job);
    ++(self.ran() ? self.counts.ran : self.counts.dropped);
  }

  Counts& counts;
  std::function<void()> work;
};

}  // namespace zerver::execution
