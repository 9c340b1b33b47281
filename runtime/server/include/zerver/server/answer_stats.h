// How requests were answered, and how fast.
#pragma once

#include <zerver/async/priority.h>
#include <zerver/core/latency_histogram.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::server {

// How often there was which status, by status. 0: those that there was no room for. 499: the client was gone
// before its answer, or the server stopped.
using StatusSums = std::vector<std::pair<std::uint16_t, std::uint64_t>>;

// Of one flow.
struct AnswerStats {
  std::string_view package;
  std::string_view flow;
  std::string_view method;  // empty: any
  std::string_view route;   // `/todos/{id}`
  StatusSums statuses;
  LatencyHistogram::Counts times;  // from when a request was there until its answer was ready to be sent
};

// Of one server, all workers together, since the start.
struct AnswersStats {
  std::vector<AnswerStats> flows;  // in the order of the packages
  // By class of priority: the times of its flows.
  std::array<LatencyHistogram::Counts, async::kPriorities> classes{};
  StatusSums unrouted;  // requests that no flow was found for, or that were malformed
};

}  // namespace zerver::server
