// What becomes of the attempts of one job.
#pragma once

#include <zerver/core/counter.h>
#include <zerver/core/latency_histogram.h>

#include <cstdint>
#include <string_view>

namespace zerver::jobs {

// Those of one worker since the start: written by its thread, read by any.
struct JobAttempts {
  Counter running;  // now
  Counter succeeded;
  Counter failed;      // and come again
  Counter dead;        // failed for the last time
  Counter given_back;  // without a word about how they went: the program stops, or had no place
  Counter lost;        // their lease ended first: somebody else has the job
  LatencyHistogram times;
};

// Those of all workers of a process.
struct JobStats {
  std::string_view name;  // qualified: `shop.confirm`
  bool is_cron = false;
  std::uint64_t running = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t dead = 0;
  std::uint64_t given_back = 0;
  std::uint64_t lost = 0;
  LatencyHistogram::Counts times;

  void add(const JobAttempts& counts) noexcept {
    running += counts.running.value();
    succeeded += counts.succeeded.value();
    failed += counts.failed.value();
    dead += counts.dead.value();
    given_back += counts.given_back.value();
    lost += counts.lost.value();
    counts.times.add_to(times);
  }
};

}  // namespace zerver::jobs
