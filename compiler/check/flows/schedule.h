// Reads the schedules of crons.

#pragma once

#include "compiler/model/flow.h"

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>

namespace zc::check {

// `error` goes on from "this is no schedule: "; none when it is good.
struct ScheduleReading {
  model::Schedule schedule;
  std::optional<std::string> error;
};

// Five fields as POSIX crontab has them (`*`, numbers, ranges, lists, steps, names of months and days), or
// six, with seconds first.
[[nodiscard]] ScheduleReading read_schedule(llvm::StringRef text);

// Whether a name can stand in the time zone database. Which ones there are is known when the service starts.
[[nodiscard]] bool is_time_zone(llvm::StringRef name);

}  // namespace zc::check
