#include <zerver/async/scheduling/quanta.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace zerver::async {

// Below 2^kSubBits each nanosecond has its bucket; above, the leading bits choose it.
std::size_t RunTimes::bucket_of(std::uint64_t nanoseconds) noexcept {
  constexpr std::uint64_t kSub = std::uint64_t{1} << kSubBits;
  if (nanoseconds < kSub) return static_cast<std::size_t>(nanoseconds);
  nanoseconds = std::min(nanoseconds, (std::uint64_t{1} << kLargestBit) - 1);
  const unsigned shift = static_cast<unsigned>(std::bit_width(nanoseconds)) - 1 - kSubBits;
  return (std::size_t{shift} << kSubBits) + static_cast<std::size_t>(nanoseconds >> shift);
}

// The largest time in the bucket.
Duration RunTimes::end_of(std::size_t bucket) noexcept {
  constexpr std::size_t kSub = std::size_t{1} << kSubBits;
  if (bucket < 2 * kSub) return Duration{static_cast<std::int64_t>(bucket)};
  const std::size_t shift = (bucket >> kSubBits) - 1;
  const std::uint64_t leading = (bucket & (kSub - 1)) + kSub;
  return Duration{static_cast<std::int64_t>(((leading + 1) << shift) - 1)};
}

void RunTimes::record(Duration time) noexcept {
  ++counts_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.nanoseconds)))];
  ++count_;
}

Duration RunTimes::percentile(double percent) const noexcept {
  if (count_ == 0) return {};
  const double share = std::clamp(percent, 0.0, 100.0) / 100.0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return end_of(bucket);
  }
  return end_of(kBuckets - 1);
}

void RunTimes::merge(const RunTimes& other) noexcept {
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
    counts_[bucket] += other.counts_[bucket];
  count_ += other.count_;
}

Quanta propose_quanta(const std::array<RunTimes, kPriorities>& recorded, const Quanta& current) noexcept {
  constexpr std::uint64_t kEnough = 100;
  constexpr std::int64_t kStep = 100'000;
  Quanta proposed = current;
  for (std::size_t index = 0; index < kPriorities; ++index) {
    const RunTimes& times = recorded[index];
    if (times.count() < kEnough) continue;
    const std::int64_t wanted =
        std::min(times.percentile(99).nanoseconds, 4 * times.percentile(95).nanoseconds);
    const std::int64_t rounded = (wanted + kStep - 1) / kStep * kStep;
    proposed.of[index] = std::clamp(Duration{rounded}, kInteractiveQuanta.of[index], kBatchQuanta.of[index]);
  }
  return proposed;
}

}  // namespace zerver::async
