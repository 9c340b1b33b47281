#include <zerver/testing/seeds.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace zerver::testing {
namespace {

class Seeds : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("ZERVER_SEED"); }
  void TearDown() override { unsetenv("ZERVER_SEED"); }

  std::vector<std::uint64_t> seen;
};

TEST_F(Seeds, AreRunInTheirOrder) {
  EXPECT_FALSE(run_seeds(5, 3, [this](std::uint64_t seed) {
    seen.push_back(seed);
    return "";
  }));
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{5, 6, 7}));
}

TEST_F(Seeds, EndWithTheFirstThatFails) {
  const auto failure = run_seeds(1, 10, [this](std::uint64_t seed) {
    seen.push_back(seed);
    return seed == 3 ? "it broke" : "";
  });
  ASSERT_TRUE(failure);
  EXPECT_EQ(seen.size(), 3U);
  const std::string text = describe(*failure, "--gtest_filter=A.B");
  EXPECT_NE(text.find("seed 3: it broke\nrun it again: ZERVER_SEED=3 "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" --gtest_filter=A.B")) << text;
}

TEST_F(Seeds, AreOnlyTheOneOfTheEnvironment) {
  setenv("ZERVER_SEED", "42", 1);
  EXPECT_FALSE(run_seeds(1, 10, [this](std::uint64_t seed) {
    seen.push_back(seed);
    return "";
  }));
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{42}));
}

TEST_F(Seeds, RefuseWhatIsNoNumber) {
  setenv("ZERVER_SEED", "4x", 1);
  EXPECT_THROW(static_cast<void>(seed_from_environment()), std::runtime_error);
}

}  // namespace
}  // namespace zerver::testing
