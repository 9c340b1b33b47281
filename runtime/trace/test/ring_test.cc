#include <zerver/trace/ring.h>

#include <gtest/gtest.h>

namespace zerver::trace {
namespace {

TEST(Ring, KeepsEventsInTheirOrder) {
  Ring ring(4);
  for (std::int64_t number = 0; number < 3; ++number)
    ring.record({.detail = number});
  ASSERT_EQ(ring.size(), 3U);
  EXPECT_EQ(ring.overwritten(), 0U);
  for (std::size_t index = 0; index < 3; ++index)
    EXPECT_EQ(ring[index].detail, static_cast<std::int64_t>(index));
}

TEST(Ring, PutsNewEventsInThePlaceOfTheOldest) {
  Ring ring(4);
  for (std::int64_t number = 0; number < 11; ++number)
    ring.record({.detail = number});
  ASSERT_EQ(ring.size(), 4U);
  EXPECT_EQ(ring.overwritten(), 7U);
  for (std::size_t index = 0; index < 4; ++index)
    EXPECT_EQ(ring[index].detail, static_cast<std::int64_t>(7 + index));
}

TEST(Ring, RoundsItsCapacityUp) {
  EXPECT_EQ(Ring(5).capacity(), 8U);
  EXPECT_EQ(Ring(0).capacity(), 1U);
}

TEST(Ring, CountsRequestsFromWhereItIsTold) {
  Ring ring(1, 100);
  EXPECT_EQ(ring.next_request(), 100U);
  EXPECT_EQ(ring.next_request(), 101U);
}

TEST(Ring, IsEmptyWhenCleared) {
  Ring ring(2);
  ring.record({});
  ring.clear();
  EXPECT_EQ(ring.size(), 0U);
  EXPECT_EQ(ring.overwritten(), 0U);
}

}  // namespace
}  // namespace zerver::trace
