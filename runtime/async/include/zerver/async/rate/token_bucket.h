// A rate with bursts: tokens drip into a bucket, and each admission takes some out.
#pragma once

#include <zerver/async/rate/limit.h>

namespace zerver::async {

// Begins full. Over any span of time at most `depth() + span * count / per` are admitted. Exact: the level is
// kept in fractions of a token, so nothing is lost to rounding however often it is asked.
class TokenBucket {
 public:
  TokenBucket(const RateLimit& limit, TimePoint now) noexcept;

  Admission take(TimePoint now, std::uint32_t cost = 1) noexcept;
  // Whole tokens in the bucket.
  std::uint32_t available(TimePoint now) const noexcept;
  bool idle(TimePoint now) const noexcept { return level(now) == full_; }
  const RateLimit& limit() const noexcept { return limit_; }

 private:
  std::uint64_t level(TimePoint now) const noexcept;

  RateLimit limit_;
  // In parts of a token: one token is `token_` parts, a nanosecond brings `flow_` of them.
  std::uint64_t token_;
  std::uint64_t flow_;
  std::uint64_t full_;
  std::uint64_t level_;
  TimePoint updated_;
};

}  // namespace zerver::async
