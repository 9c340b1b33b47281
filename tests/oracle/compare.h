// Holds the compiler's verdict against the oracle's, and makes what they disagree about small.

#pragma once

#include "tests/oracle/flows.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace oracle {

struct Comparison {
  bool is_skipped = false;                    // too many states
  std::vector<std::string> differences;       // one a line
  std::map<std::string, std::size_t> counts;  // of what was found, by fault
};

[[nodiscard]] Comparison compare(const Program& program, const std::string& prelude);

// The smallest program that can be made of it by leaving things out, and that still differs.
[[nodiscard]] Program shrink(Program program, const std::string& prelude);

}  // namespace oracle
