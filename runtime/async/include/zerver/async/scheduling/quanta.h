// How long work of each class may hold a thread, and what its recorded run times say about that.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/core/time.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::async {

// The time after which a thread looks for new input, by the class of what runs. One run that takes longer
// than its quantum is an overrun.
struct Quanta {
  std::array<Duration, kPriorities> of;

  constexpr Duration operator[](Priority priority) const noexcept {
    return of[static_cast<std::size_t>(priority)];
  }
  friend constexpr bool operator==(const Quanta&, const Quanta&) noexcept = default;
};

// The two profiles: for services whose clients wait, and for those that mostly work through queues.
inline constexpr Quanta kInteractiveQuanta{
    {Duration::from_milliseconds(2), Duration::from_milliseconds(5), Duration::from_milliseconds(10)}};
inline constexpr Quanta kBatchQuanta{
    {Duration::from_milliseconds(5), Duration::from_milliseconds(10), Duration::from_milliseconds(20)}};

// How often runs took how long, with a relative error of at most 1/8: eight buckets for each power of two, as
// in HdrHistogram. From 0 to 137 s; what is longer counts as that. A value; recording costs a few
// nanoseconds.
class RunTimes {
 public:
  void record(Duration time) noexcept;
  std::uint64_t count() const noexcept { return count_; }
  // The shortest time that at least `percent` of the runs did not exceed, rounded up to its bucket; zero when
  // nothing is recorded.
  Duration percentile(double percent) const noexcept;
  void merge(const RunTimes& other) noexcept;

 private:
  static constexpr unsigned kSubBits = 3;
  static constexpr unsigned kLargestBit = 37;
  static constexpr std::size_t kBuckets = std::size_t{kLargestBit - kSubBits + 1} << kSubBits;

  static std::size_t bucket_of(std::uint64_t nanoseconds) noexcept;
  static Duration end_of(std::size_t bucket) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
};

// New quanta from what was recorded: as long as 99 % of the runs take, so that one run in a hundred overruns,
// but no longer than four times what 95 % take (a rare slow run is the program's fault, and no reason to let
// all wait), in whole 100 us, and inside the bounds of the two profiles. A class with fewer than 100 runs
// keeps its quantum.
Quanta propose_quanta(const std::array<RunTimes, kPriorities>& recorded, const Quanta& current) noexcept;

}  // namespace zerver::async
