// An even rate: what is admitted waits in line and leaves at equal distances.
#pragma once

#include <zerver/async/rate/limit.h>

namespace zerver::async {

// The bucket as a queue: each admission is given the next time to leave, `per / count` after the one before.
// Exact: `count` departures take `per`, whatever the division leaves over. At most `depth()` wait for their
// time; more are refused. An empty bucket lets the first one go at once.
class LeakyBucket {
 public:
  LeakyBucket(const RateLimit& limit, TimePoint now) noexcept;

  // `cost` is that many places in the line; whoever takes them leaves at the time of the last.
  Admission take(TimePoint now, std::uint32_t cost = 1) noexcept;
  bool idle(TimePoint now) const noexcept { return next_ < now || (next_ == now && fraction_ == 0); }
  const RateLimit& limit() const noexcept { return limit_; }

 private:
  RateLimit limit_;
  // In parts of a nanosecond: there are `flow_` of them in one, a place in the line takes `place_`.
  std::uint64_t place_;
  std::uint64_t flow_;
  std::uint64_t line_;          // parts that all places together take
  TimePoint next_;              // when the next one may leave, whole nanoseconds
  std::uint64_t fraction_ = 0;  // and parts
};

}  // namespace zerver::async
