#include <zerver/core/random.h>

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace zerver {
namespace {

TEST(SeededRandom, RepeatsItselfForASeed) {
  SeededRandom first(42);
  SeededRandom second(42);
  SeededRandom other(43);
  for (int draw = 0; draw < 100; ++draw) {
    const std::uint64_t number = first.u64();
    EXPECT_EQ(number, second.u64());
    EXPECT_NE(number, other.u64());
  }
}

TEST(SeededRandom, IsSplitmix64) {
  SeededRandom random(1234567);  // the reference implementation's first numbers
  EXPECT_EQ(random.u64(), 6457827717110365317U);
  EXPECT_EQ(random.u64(), 3203168211198807973U);
}

TEST(Random, DrawsEvenlyBelowABound) {
  SeededRandom random(7);
  std::array<int, 6> seen{};
  for (int draw = 0; draw < 60'000; ++draw)
    ++seen.at(random.below(seen.size()));
  for (const int count : seen)
    EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(0), 0U);
  EXPECT_EQ(random.below(1), 0U);
}

// Gives the same number again and again, then another one.
class Stubborn final : public Random {
 public:
  std::uint64_t u64() noexcept override { return draws_++ < 3 ? 0 : std::uint64_t{1} << 63U; }
  int draws() const noexcept { return draws_; }

 private:
  int draws_ = 0;
};

TEST(Random, RepeatsDrawsThatWouldBeBiased) {
  Stubborn random;
  EXPECT_EQ(random.below(3), 1U);
  EXPECT_EQ(random.draws(), 4);
}

TEST(SystemRandom, DoesNotRepeatItself) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int draw = 0; draw < 1'000; ++draw)
    seen.insert(random.u64());
  EXPECT_EQ(seen.size(), 1'000U);
}

}  // namespace
}  // namespace zerver
