// What an operator asks a program about its jobs and crons: `--jobs`, `--crons` and so on.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/flow/service.h>
#include <zerver/server/settings.h>

#include <span>
#include <string>
#include <string_view>

namespace zerver::server {

// Each prints to standard output, and returns nothing or what is wrong. A service may run on the same store
// meanwhile.

// What waits, what runs, and what is dead.
[[nodiscard]] std::string print_jobs(const Settings& settings, const Clock& clock, bool as_json);
// What durable jobs have done that are not over.
[[nodiscard]] std::string print_journals(const Settings& settings, bool as_json);
// Forgets that of one job.
[[nodiscard]] std::string drop_journal(const Settings& settings, std::string_view id);
// Lets a dead letter wait again, or forgets it, and what it has done.
[[nodiscard]] std::string revive_job(const Settings& settings, const Clock& clock, std::string_view id,
                                     bool drop);
// The crons of the packages, and when each runs next.
[[nodiscard]] std::string print_crons(std::span<const flow::PackageInfo* const> packages, const Clock& clock,
                                      bool as_json);

}  // namespace zerver::server
