// How long to wait before the next attempt to connect.
#pragma once

#include "postgres/connection/options.h"
#include <zerver/core/random.h>
#include <zerver/core/time.h>

#include <algorithm>
#include <cstdint>

namespace zerver::effects::postgres {

// Doubled with each failure, with full jitter, so that workers and services do not come back all at once.
class Backoff {
 public:
  unsigned failures() const noexcept { return failures_; }
  void succeeded() noexcept { failures_ = 0; }
  Duration failed(const Options& options, Random& random) noexcept {
    const unsigned doublings = std::min(failures_++, 16U);
    const std::int64_t most =
        std::min(options.most_backoff.nanoseconds, options.least_backoff.nanoseconds << doublings);
    return Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most)) + 1)};
  }

 private:
  unsigned failures_ = 0;  // in a row
};

}  // namespace zerver::effects::postgres
