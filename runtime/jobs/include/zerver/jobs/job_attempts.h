// What becomes of the attempts of one job.
#pragma once

#include <zerver/core/counter.h>
#include <zerver/core/latency_histogram.h>
#include <zerver/core/time.h>

#include <algorithm>
#include <cstdint>
#include <limits>
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
  // Of a durable job.
  Counter replayed;  // effects whose answers were read from the journal
  Counter written;   // to it
  // Of a cron.
  Counter missed;       // runs that were not over when the cron came again
  Counter passed_over;  // times at which the run before was not over

  // From the end of a run of a cron to when it comes again; negative when that was before.
  void note_slack(Duration slack) noexcept {
    if (slack < Duration{}) {
      missed.add();
    } else {
      slack_lost_.raise_to(kMuch - static_cast<std::uint64_t>(slack.nanoseconds));
    }
  }
  // max(): no run has been over in time yet.
  Duration least_slack() const noexcept {
    return Duration{static_cast<std::int64_t>(kMuch - slack_lost_.value())};
  }

 private:
  static constexpr std::uint64_t kMuch = std::numeric_limits<std::int64_t>::max();

  Counter slack_lost_;  // nanoseconds of kMuch that the least slack had not
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
  bool is_durable = false;
  std::uint64_t replayed = 0;  // of a durable job, as is what follows
  std::uint64_t written = 0;
  std::uint64_t missed = 0;  // of a cron, as is what follows
  std::uint64_t passed_over = 0;
  Duration least_slack = Duration::max();

  void add(const JobAttempts& counts) noexcept {
    running += counts.running.value();
    succeeded += counts.succeeded.value();
    failed += counts.failed.value();
    dead += counts.dead.value();
    given_back += counts.given_back.value();
    lost += counts.lost.value();
    counts.times.add_to(times);
    replayed += counts.replayed.value();
    written += counts.written.value();
    missed += counts.missed.value();
    passed_over += counts.passed_over.value();
    least_slack = std::min(least_slack, counts.least_slack());
  }
};

}  // namespace zerver::jobs
