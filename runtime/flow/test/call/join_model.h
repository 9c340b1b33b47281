// Random joins within joins, and random ends of their members, against a reference that counts nothing.
#pragma once

#include <cstdint>
#include <string>

namespace zerver::flow::test {

struct JoinModelResult {
  std::uint64_t operations = 0;
  std::uint64_t joins = 0;   // that were decided
  std::string disagreement;  // empty: none
};

// Runs at least so many operations: the start of a join, or the end of one of its members.
JoinModelResult run_join_model(std::uint64_t seed, std::uint64_t operations);

}  // namespace zerver::flow::test
