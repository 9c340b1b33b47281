// How requests were answered, and how fast: counted for whoever looks on.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/counter.h>
#include <zerver/core/latency_histogram.h>
#include <zerver/server/answer_stats.h>
#include <zerver/server/scheduling/bound_package.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace zerver::server {

// The client was gone before its answer, or the server stopped: the status that proxies log for it.
inline constexpr std::uint16_t kClientGone = 499;

// How often there was which status. A C++ step may answer with any: there is room for so many, and all others
// count as 0.
class StatusCounts {
 public:
  static constexpr std::size_t kMost = 16;

  void note(std::uint16_t status) noexcept;
  void add_to(StatusSums& sums) const;

 private:
  struct Entry {
    Counter status;  // 0: free
    Counter count;
  };
  std::array<Entry, kMost> entries_;
  Counter others_;
};

// Those of one worker: written by its thread, read by any.
class AnswerMetrics {
 public:
  explicit AnswerMetrics(const Clock& clock) noexcept : clock_(&clock) {}

  // Before it is used.
  void bind(std::span<const BoundPackage> packages);

  void note(const ServedExchange& exchange, std::uint16_t status) noexcept;
  void note_malformed(std::uint16_t status) noexcept { unrouted_.note(status); }

  // Adds its own to those of other workers; `stats` is empty for the first.
  void add_to(AnswersStats& stats) const;

 private:
  struct OfFlow {
    StatusCounts statuses;
    LatencyHistogram times;
  };

  const Clock* clock_;
  std::vector<const flow::PackageInfo*> packages_;
  std::vector<std::unique_ptr<OfFlow[]>> flows_;  // by package and flow
  StatusCounts unrouted_;
};

}  // namespace zerver::server
