// Checks the schedules of crons.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <optional>
#include <string>

namespace zc::check {

// What is wrong with a schedule of five fields (POSIX crontab: `*`, numbers, ranges, lists, steps, names of
// months and days), none when it is good.
[[nodiscard]] std::optional<std::string> check_schedule(llvm::StringRef schedule);

}  // namespace zc::check
