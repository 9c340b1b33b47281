// Running something under many seeds, and one of them again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::testing {

// The seed of the environment variable ZERVER_SEED; nothing when it is not set. Throws std::runtime_error
// when it is no number.
std::optional<std::uint64_t> seed_from_environment();

struct SeedFailure {
  std::uint64_t seed = 0;
  std::string why;
};

// Calls `run` for the seeds `first`, `first + 1` and so on, `count` in all, until one returns what is wrong
// with it. When ZERVER_SEED is set, for that one alone.
std::optional<SeedFailure> run_seeds(std::uint64_t first, std::uint64_t count,
                                     const std::function<std::string(std::uint64_t seed)>& run);

// What is printed of a failure: the seed, what is wrong, and the command that runs this seed again.
// `arguments` are those that the program needs to run only this test.
std::string describe(const SeedFailure& failure, std::string_view arguments);

}  // namespace zerver::testing
