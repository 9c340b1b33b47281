// How one step can end by docs/language.md: the errors that it fails with, and how long it keeps its flow
// waiting.

#pragma once

#include "tests/oracle/flows.h"

#include <set>

namespace oracle {

// As numbers that `error_name` knows.
[[nodiscard]] std::set<int> errors_of(const Step& step);
// Zero for a step that does not wait.
[[nodiscard]] Time time_of(const Step& step);
[[nodiscard]] bool waits(const Step& step);

}  // namespace oracle
