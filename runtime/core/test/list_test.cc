#include <zerver/core/list.h>

#include <gtest/gtest.h>

#include <array>

namespace zerver {
namespace {

TEST(List, ShowsTheElementsOfSomebodyElse) {
  constexpr std::array kNumbers{1, 2, 3};
  const auto list = List<int>::borrowed(kNumbers);
  EXPECT_EQ(list.size(), 3U);
  EXPECT_EQ(list[1], 2);
  int sum = 0;
  for (const int number : list)
    sum += number;
  EXPECT_EQ(sum, 6);
  EXPECT_TRUE(List<int>().empty());
  EXPECT_EQ(list, List<int>::borrowed(list.span()));
}

TEST(Map, FindsByKey) {
  const std::array<Map<int>::Entry, 2> entries{{{"one", 1}, {"two", 2}}};
  const auto map = Map<int>::borrowed(entries);
  ASSERT_NE(map.find("two"), nullptr);
  EXPECT_EQ(*map.find("two"), 2);
  EXPECT_EQ(map.find("three"), nullptr);
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.begin()->key, "one");
  EXPECT_FALSE(map.empty());
  EXPECT_EQ(map, Map<int>::borrowed(entries));
}

}  // namespace
}  // namespace zerver
