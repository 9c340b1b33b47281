#include "rate/ratio.h"
#include <zerver/async/rate/leaky_bucket.h>

namespace zerver::async {

LeakyBucket::LeakyBucket(const RateLimit& limit, TimePoint now) noexcept : limit_(limit), next_(now) {
  const Ratio ratio = ratio_of(limit);
  place_ = ratio.per;
  flow_ = ratio.count;
  line_ = place_ * ratio.depth;
}

Admission LeakyBucket::take(TimePoint now, std::uint32_t cost) noexcept {
  if (cost == 0) return {true, {}};
  if (cost > line_ / place_) return {false, Duration::max()};
  if (idle(now)) {
    next_ = now;
    fraction_ = 0;
  }
  const std::uint64_t ahead = static_cast<std::uint64_t>((next_ - now).nanoseconds) * flow_ + fraction_;
  const std::uint64_t wait = ahead + (cost - 1) * place_;
  if (wait > line_) return {false, {static_cast<std::int64_t>((wait - line_ + flow_ - 1) / flow_)}};
  const std::uint64_t next = wait + place_;
  next_ = now + Duration{static_cast<std::int64_t>(next / flow_)};
  fraction_ = next % flow_;
  return {true, {static_cast<std::int64_t>(wait / flow_)}};
}

}  // namespace zerver::async
