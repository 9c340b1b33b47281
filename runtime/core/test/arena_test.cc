#include <zerver/core/arena.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace zerver {
namespace {

TEST(Arena, HandsOutAlignedMemoryInOrder) {
  Arena arena;
  auto* const first = static_cast<char*>(arena.allocate(3, 1));
  auto* const second = static_cast<char*>(arena.allocate(1, 1));
  EXPECT_EQ(second, first + 3);
  const auto third = reinterpret_cast<std::uintptr_t>(arena.allocate(8, 16));
  EXPECT_EQ(third % 16, 0U);
}

TEST(Arena, StopsAtItsCap) {
  Arena arena(10'000);
  EXPECT_NE(arena.try_allocate(9'000), nullptr);
  EXPECT_EQ(arena.try_allocate(9'000), nullptr);
  EXPECT_THROW(arena.allocate(9'000), ArenaFull);
  EXPECT_THROW(static_cast<void>(arena.make_array<std::uint64_t>(std::size_t{1} << 61U)), ArenaFull);
  EXPECT_LE(arena.reserved(), 10'000U);
}

TEST(Arena, SaysWhatIsFull) { EXPECT_STREQ(ArenaFull().what(), "the request's arena is full"); }

TEST(Arena, GivesBackItsWholeCap) {
  Arena arena(Arena::kFirstBlock);
  EXPECT_NE(arena.try_allocate(Arena::kFirstBlock), nullptr);
  EXPECT_EQ(arena.try_allocate(1), nullptr);
}

TEST(Arena, RemembersItsPeak) {
  Arena arena;
  arena.allocate(100, 1);
  EXPECT_EQ(arena.peak(), 100U);
  arena.reset();
  arena.allocate(50, 1);
  EXPECT_EQ(arena.peak(), 100U);
  arena.allocate(60, 1);
  EXPECT_EQ(arena.peak(), 110U);
}

TEST(Arena, UsesTheSameMemoryAgainAfterAReset) {
  Arena arena;
  void* const first = arena.allocate(64);
  for (int block = 0; block < 20; ++block)
    arena.allocate(1'000);
  const std::size_t reserved = arena.reserved();
  for (int request = 0; request < 10; ++request) {
    arena.reset();
    EXPECT_EQ(arena.allocate(64), first);
    for (int block = 0; block < 20; ++block)
      arena.allocate(1'000);
    EXPECT_EQ(arena.reserved(), reserved);
  }
}

TEST(Arena, GivesLargeBlocksBack) {
  Arena arena;
  arena.allocate(10);
  arena.allocate(500'000);
  arena.reset();
  EXPECT_LE(arena.reserved(), Arena::kKept);
  EXPECT_NE(arena.try_allocate(500'000), nullptr);
}

TEST(Arena, GoesOnAfterABlockThatIsTooSmall) {
  Arena arena;
  for (const std::size_t size : {10U, 5'000U, 10U, 20'000U, 30'000U, 10U})
    EXPECT_NE(arena.try_allocate(size), nullptr);
  arena.reset();
  for (const std::size_t size : {30'000U, 10U, 20'000U})
    EXPECT_NE(arena.try_allocate(size), nullptr);
}

TEST(Arena, PutsTextsTogether) {
  Arena arena;
  std::string gone = "long gone";
  const String text = arena.text({gone, ", ", "still there"});
  gone = "something else";
  EXPECT_EQ(text, "long gone, still there");
  EXPECT_EQ(arena.text(""), "");
}

TEST(Arena, MakesValueInitialisedArrays) {
  Arena arena;
  for (const int number : arena.make_array<int>(100))
    EXPECT_EQ(number, 0);
  EXPECT_TRUE(arena.make_array<int>(0).empty());
}

#if defined(__SANITIZE_ADDRESS__)
TEST(ArenaDeathTest, NoticesUseAfterAReset) {
  Arena arena;
  const String text = arena.text("gone with the request");
  arena.reset();
  EXPECT_DEATH(static_cast<void>(std::string(text.view())), "use-after-poison");
}
#endif

}  // namespace
}  // namespace zerver
