// Compares the compiler with the oracle on random flows.

#include "tests/oracle/compare.h"
#include "tests/oracle/generate.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

namespace {

constexpr const char* kUsage =
    "usage: flow_oracle [--count N] [--seed N] [--flows-per-file N] [--failures N] [--print]\n"
    "  --count N           so many flows (5000)\n"
    "  --seed N            of the first file; the others follow (1)\n"
    "  --flows-per-file N  (10)\n"
    "  --failures N        stop after so many files that differ (3)\n"
    "  --print             show the first file, and do nothing else\n";

struct Options {
  std::size_t count = 5000;
  std::uint64_t seed = 1;
  std::size_t flows_per_file = 10;
  std::size_t failures = 3;
  bool print = false;
};

template <typename Number> bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--print") {
      options.print = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string_view value = argv[++i];
    const bool good =
        (word == "--count" && read(value, options.count)) ||
        (word == "--seed" && read(value, options.seed)) ||
        (word == "--flows-per-file" && read(value, options.flows_per_file) && options.flows_per_file > 0) ||
        (word == "--failures" && read(value, options.failures));
    if (!good) return false;
  }
  return true;
}

void report(const oracle::Program& program, std::uint64_t seed, const std::string& prelude) {
  const oracle::Program small = oracle::shrink(program, prelude);
  std::cout << "they disagree, seed " << seed << ":\n";
  for (const std::string& line : oracle::compare(small, prelude).differences)
    std::cout << "  " << line << '\n';
  std::cout << oracle::print(small).text << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  const std::string prelude = ZERVER_SOURCE_DIR "/runtime/std/zerver.flow";
  const auto begin = std::chrono::steady_clock::now();
  std::map<std::string, std::size_t> counts;
  std::size_t flows = 0, skipped = 0, failures = 0;
  for (std::uint64_t seed = options.seed; flows < options.count && failures < options.failures; ++seed) {
    oracle::Random random(seed);
    const oracle::Program program = oracle::generate(random, options.flows_per_file);
    if (options.print) {
      std::cout << oracle::print(program).text;
      return 0;
    }
    const oracle::Comparison comparison = oracle::compare(program, prelude);
    if (comparison.is_skipped) {
      skipped += options.flows_per_file;
      continue;
    }
    flows += options.flows_per_file;
    for (const auto& [fault, count] : comparison.counts)
      counts[fault] += count;
    if (comparison.differences.empty()) continue;
    ++failures;
    report(program, seed, prelude);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::cout << flows << " flows from seed " << options.seed << ", " << failures << " files that differ, "
            << skipped << " flows left out for their size, " << seconds.count() << " s\n";
  for (const auto& [fault, count] : counts)
    std::cout << "  " << fault << ": " << count << '\n';
  return failures == 0 ? 0 : 1;
}
