// What becomes of the attempts of one operation of a target.
#pragma once

#include <zerver/core/counter.h>
#include <zerver/core/fault.h>
#include <zerver/core/latency_histogram.h>
#include <zerver/core/time.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::flow {

// Those of one worker since the start: written by its thread, read by any.
class OperationCounts {
 public:
  // Success; a failure of each kind, in their order, of which `cancelled` is also an attempt that was given
  // up; and one that was let go, whose answer would come too late.
  static constexpr std::size_t kSuccess = 0;
  static constexpr std::size_t kLetGo = 1 + kFaultKinds;
  static constexpr std::size_t kOutcomes = kLetGo + 1;
  static constexpr std::size_t failure(FaultKind kind) noexcept { return 1 + static_cast<std::size_t>(kind); }

  // What several of them have counted.
  struct Sum {
    std::array<std::uint64_t, kOutcomes> outcomes{};
    LatencyHistogram::Counts times;
  };

  void note(std::size_t outcome, Duration taken) noexcept {
    outcomes_[outcome].add();
    times_.record(taken);
  }
  void add_to(Sum& sum) const noexcept {
    for (std::size_t i = 0; i < kOutcomes; ++i)
      sum.outcomes[i] += outcomes_[i].value();
    times_.add_to(sum.times);
  }

 private:
  std::array<Counter, kOutcomes> outcomes_;
  LatencyHistogram times_;
};

}  // namespace zerver::flow
