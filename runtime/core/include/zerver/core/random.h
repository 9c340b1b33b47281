// Where randomness comes from: the system, or a seed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t u64() noexcept = 0;

  // Uniform in 0..bound - 1 without bias (Lemire, "Fast Random Integer Generation in an Interval", 2019); 0
  // for bound 0.
  std::uint64_t below(std::uint64_t bound) noexcept;
};

// Unpredictable: getrandom(2), read ahead in small batches. One thread at a time.
class SystemRandom final : public Random {
 public:
  std::uint64_t u64() noexcept override;

 private:
  std::array<std::uint64_t, 32> ahead_{};
  std::size_t left_ = 0;
};

// The same sequence for the same seed (splitmix64, Steele, Lea and Flood, 2014).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t u64() noexcept override;

 private:
  std::uint64_t state_;
};

}  // namespace zerver
