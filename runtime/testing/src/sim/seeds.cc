#include <zerver/testing/seeds.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace zerver::testing {

std::optional<std::uint64_t> seed_from_environment() {
  const char* const text = std::getenv("ZERVER_SEED");
  if (text == nullptr) return std::nullopt;
  std::uint64_t seed = 0;
  const char* const end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, seed);
  if (error != std::errc() || rest != end) throw std::runtime_error("ZERVER_SEED is no number");
  return seed;
}

std::optional<SeedFailure> run_seeds(std::uint64_t first, std::uint64_t count,
                                     const std::function<std::string(std::uint64_t seed)>& run) {
  if (const std::optional<std::uint64_t> only = seed_from_environment()) {
    first = *only;
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (std::string why = run(seed); !why.empty()) return SeedFailure{seed, std::move(why)};
  }
  return std::nullopt;
}

std::string describe(const SeedFailure& failure, std::string_view arguments) {
  const std::string seed = std::to_string(failure.seed);
  return "seed " + seed + ": " + failure.why + "\nrun it again: ZERVER_SEED=" + seed + " " +
         program_invocation_name + " " + std::string(arguments);
}

}  // namespace zerver::testing
