// When a cron is to run.
#pragma once

#include <zerver/core/time.h>
#include <zerver/flow/job/job.h>
#include <zerver/jobs/time_zone.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::jobs {

// The times of a schedule in a zone, as a pure function. A schedule for certain hours runs once for each
// local time: what the clocks skip runs when they have, what they repeat runs the first time. One for every
// hour goes on as time does.
class CronTimes {
 public:
  CronTimes(const flow::CronSchedule& schedule, TimeZone zone)
      : schedule_(schedule), zone_(std::move(zone)) {}

  // The first one after that time; null when there is none in 50 years.
  std::optional<Timestamp> next(Timestamp after) const;

 private:
  // The first local time from `from` on, in seconds.
  std::optional<std::int64_t> next_local(std::int64_t from, std::int64_t end) const;
  bool is_day(std::int64_t day) const noexcept;

  flow::CronSchedule schedule_;
  TimeZone zone_;
};

// The argument of a cron's run: the time that it is for, as a string of JSON. Null when the text is none.
std::string due_argument(Timestamp due);
std::optional<Timestamp> parse_due_argument(std::string_view text) noexcept;

}  // namespace zerver::jobs
