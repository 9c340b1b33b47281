// Makes up flows: mostly sensible ones, with a mistake here and there.

#pragma once

#include "tests/oracle/flows.h"

#include <cstddef>
#include <cstdint>
#include <random>

namespace oracle {

// The same numbers with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
  [[nodiscard]] bool percent(unsigned chance) { return below(100) < chance; }
  [[nodiscard]] int between(int least, int most) {
    return least + static_cast<int>(below(static_cast<std::size_t>(most - least + 1)));
  }
  template <typename Values> [[nodiscard]] const auto& one_of(const Values& values) {
    return values[below(values.size())];
  }

 private:
  std::mt19937_64 engine_;
};

[[nodiscard]] Program generate(Random& random, std::size_t flows);

}  // namespace oracle
