// A rate without bursts at the edges: at most so many in any window of time.
#pragma once

#include <zerver/async/rate/limit.h>

#include <cstddef>
#include <vector>

namespace zerver::async {

// Exact: at most `depth()` are admitted in any span (t, t + per], wherever it begins. Keeps the times of the
// last `depth()` admissions, which is its only allocation, made by the constructor.
class SlidingWindow {
 public:
  SlidingWindow(const RateLimit& limit, TimePoint now);

  Admission take(TimePoint now, std::uint32_t cost = 1) noexcept;
  // How many fall into the window that ends now.
  std::uint32_t used(TimePoint now) const noexcept;
  bool idle(TimePoint now) const noexcept { return used(now) == 0; }
  const RateLimit& limit() const noexcept { return limit_; }

 private:
  // Of the i-th oldest of `count_` admissions that are remembered.
  TimePoint time(std::size_t i) const noexcept { return times_[(first_ + i) % times_.size()]; }
  bool expired(TimePoint time, TimePoint now) const noexcept { return now - time >= limit_.per; }
  void forget_expired(TimePoint now) noexcept;

  RateLimit limit_;
  std::vector<TimePoint> times_;  // a ring
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace zerver::async
