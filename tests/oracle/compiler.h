// What the compiler says about generated flows, in the oracle's words.

#pragma once

#include "tests/oracle/enumerate.h"

#include <string>
#include <vector>

namespace oracle {

struct Compiled {
  Verdict verdict;
  // Errors that the flows should not have: the generator and the compiler disagree about what is a .flow
  // file.
  std::vector<std::string> unexpected;
};

// Checks the text in this process. `prelude` is the path of zerver.flow.
[[nodiscard]] Compiled compile(const Program& program, const Printed& printed, const std::string& prelude);

}  // namespace oracle
