// The figures of a service as metrics: which series there are, and what they are called.
#pragma once

#include "metrics/exposition.h"
#include "metrics/process_stats.h"
#include <zerver/core/output_buffer.h>
#include <zerver/server/snapshot.h>

#include <cstdint>
#include <string_view>

namespace zerver::server {

struct ServiceFigures {
  std::string_view program;
  std::string_view version;  // of Zerver
  Snapshot snapshot = {};
  ProcessStats process = {};
  std::uint64_t most_connections = 0;
  std::uint64_t audit_lost = 0;  // records
};

// Appends all of them; docs/metrics.md lists the series. Values of labels are what the `.flow` files declare,
// numbers of workers and statuses: never anything of a request.
void write_metrics(OutputBuffer& out, ExpositionFormat format, const ServiceFigures& figures);

}  // namespace zerver::server
