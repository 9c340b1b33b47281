// A limit as whole numbers that can be multiplied.
#pragma once

#include <zerver/async/rate/limit.h>

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace zerver::async {

struct Ratio {
  std::uint64_t count;  // in every
  std::uint64_t per;    // nanoseconds, both without a common divisor
  std::uint64_t depth;
};

// `per * depth` stays below 2^62 in any case; only a limit beyond all reason (more than 50,000 at once, each
// of which takes a day) has its depth cut for that. The rate is kept.
inline Ratio ratio_of(const RateLimit& limit) noexcept {
  const auto per = static_cast<std::uint64_t>(limit.per.nanoseconds);
  const std::uint64_t common = std::gcd(per, std::uint64_t{limit.count});
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  const std::uint64_t place = per / common;
  return {limit.count / common, place,
          std::clamp<std::uint64_t>(limit.depth(), 1, std::max<std::uint64_t>(1, kMost / place))};
}

}  // namespace zerver::async
