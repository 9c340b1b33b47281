// How often something took how long, counted by one thread and read by any.
#pragma once

#include <zerver/core/counter.h>
#include <zerver/core/time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver {

// Buckets with fixed bounds, from 100 us to a minute, so that those of several threads, and of several
// processes, can be added up. Recording takes a few nanoseconds and allocates nothing.
class LatencyHistogram {
 public:
  // The longest time of each bucket but the last one, which has none.
  static constexpr std::array kBounds = {
      Duration::from_microseconds(100), Duration::from_microseconds(250),  Duration::from_microseconds(500),
      Duration::from_milliseconds(1),   Duration::from_microseconds(2500), Duration::from_milliseconds(5),
      Duration::from_milliseconds(10),  Duration::from_milliseconds(25),   Duration::from_milliseconds(50),
      Duration::from_milliseconds(100), Duration::from_milliseconds(250),  Duration::from_milliseconds(500),
      Duration::from_seconds(1),        Duration::from_milliseconds(2500), Duration::from_seconds(5),
      Duration::from_seconds(10),       Duration::from_seconds(30),        Duration::from_seconds(60)};
  static constexpr std::size_t kBuckets = kBounds.size() + 1;

  // What several of them have counted.
  struct Counts {
    std::array<std::uint64_t, kBuckets> buckets{};
    std::uint64_t nanoseconds = 0;  // of all together

    std::uint64_t count() const noexcept {
      std::uint64_t sum = 0;
      for (const std::uint64_t bucket : buckets)
        sum += bucket;
      return sum;
    }
    friend bool operator==(const Counts&, const Counts&) noexcept = default;
  };

  // Less than nothing counts as nothing.
  void record(Duration time) noexcept {
    const Duration taken = std::max(time, Duration{});
    const auto bound = std::ranges::lower_bound(kBounds, taken);
    buckets_[static_cast<std::size_t>(bound - kBounds.begin())].add();
    nanoseconds_.add(static_cast<std::uint64_t>(taken.nanoseconds));
  }
  void add_to(Counts& counts) const noexcept {
    for (std::size_t i = 0; i < kBuckets; ++i)
      counts.buckets[i] += buckets_[i].value();
    counts.nanoseconds += nanoseconds_.value();
  }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter nanoseconds_;
};

}  // namespace zerver
