#include "compiler/base/page_allocator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace zc {
namespace {

TEST(PageArena, KeepsWhatIsWrittenWhenItIsMoved) {
  PageArena arena;
  std::vector<std::uint64_t*> values;
  values.reserve(100'000);
  for (std::uint64_t i = 0; i < 100'000; ++i)
    values.push_back(new (arena.Allocate<std::uint64_t>()) std::uint64_t(i));
  const PageArena moved = std::move(arena);
  for (std::uint64_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(*values[i], i);
  EXPECT_GE(moved.getTotalMemory(), values.size() * sizeof(std::uint64_t));
}

TEST(PageArena, HoldsWhatIsLargerThanASlab) {
  PageArena arena;
  constexpr std::size_t kSize = std::size_t{1} << 20U;
  char* text = arena.Allocate<char>(kSize);
  text[0] = 'a';
  text[kSize - 1] = 'z';
  EXPECT_EQ(text[0], 'a');
  arena = PageArena();
  EXPECT_EQ(arena.getTotalMemory(), 0U);
}

}  // namespace
}  // namespace zc
