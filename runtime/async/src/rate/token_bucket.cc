#include "rate/ratio.h"
#include <zerver/async/rate/token_bucket.h>

#include <algorithm>

namespace zerver::async {

TokenBucket::TokenBucket(const RateLimit& limit, TimePoint now) noexcept : limit_(limit), updated_(now) {
  const Ratio ratio = ratio_of(limit);
  token_ = ratio.per;
  flow_ = ratio.count;
  full_ = token_ * ratio.depth;
  level_ = full_;
}

std::uint64_t TokenBucket::level(TimePoint now) const noexcept {
  if (now <= updated_) return level_;
  const auto elapsed = static_cast<std::uint64_t>((now - updated_).nanoseconds);
  const bool fills = elapsed > (full_ - level_) / flow_;
  return fills ? full_ : level_ + elapsed * flow_;
}

Admission TokenBucket::take(TimePoint now, std::uint32_t cost) noexcept {
  if (cost > full_ / token_) return {false, Duration::max()};
  const std::uint64_t price = cost * token_;
  level_ = level(now);
  updated_ = std::max(updated_, now);
  if (level_ >= price) {
    level_ -= price;
    return {true, {}};
  }
  return {false, {static_cast<std::int64_t>((price - level_ + flow_ - 1) / flow_)}};
}

std::uint32_t TokenBucket::available(TimePoint now) const noexcept {
  return static_cast<std::uint32_t>(level(now) / token_);
}

}  // namespace zerver::async
