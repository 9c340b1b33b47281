#include "settings/suggestion.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace zerver::server {
namespace {

constexpr std::array<std::string_view, 3> kNames{"workers", "max-body", "max-headers"};

TEST(NearestName, FindsWhatDiffersInAFewLetters) {
  EXPECT_EQ(nearest_name("workers", kNames), "workers");
  EXPECT_EQ(nearest_name("worker", kNames), "workers");
  EXPECT_EQ(nearest_name("wrokers", kNames), "workers");
  EXPECT_EQ(nearest_name("max-bdoyy", kNames), "max-body");
  EXPECT_EQ(nearest_name("max-header", kNames), "max-headers");
}

TEST(NearestName, SuggestsNothingThatIsFarAway) {
  EXPECT_EQ(nearest_name("colour", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("threads", kNames), "");
}

}  // namespace
}  // namespace zerver::server
