// Joins whose members end on four threads at once: each is to be decided exactly once, and by the right
// numbers.
#pragma once

#include <cstdint>

namespace zerver::flow::test {

struct JoinStormResult {
  std::uint64_t resumed = 0;  // verdicts "go on"
  std::uint64_t late = 0;     // members that were told that they are late
  std::uint64_t wrong = 0;    // joins that were resumed never or twice, or saw not all that decided them
};

// `joins` is rounded up to whole rounds.
JoinStormResult run_join_storm(std::uint64_t joins);

}  // namespace zerver::flow::test
