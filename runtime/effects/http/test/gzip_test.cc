#include <zerver/effects/http/gzip.h>

#include <gtest/gtest.h>

#include <string>
#include <sys/mman.h>

namespace zerver::effects {
namespace {

TEST(Gzip, GivesBackWhatWasCoded) {
  Gzip gzip;
  std::string text;
  for (int round = 0; round < 3; ++round) {
    for (const std::size_t size : {0U, 1U, 100U, 16'383U, 16'384U, 300'000U}) {
      text.resize(size, static_cast<char>('a' + round));
      OutputBuffer coded;
      OutputBuffer decoded;
      ASSERT_TRUE(gzip.encode(text, coded));
      EXPECT_TRUE(gzip.decode(coded.view(), size, decoded));
      EXPECT_EQ(decoded.view(), text);
    }
  }
}

TEST(Gzip, MoreThanTheLimitIsRefusedAndNeverWritten) {
  Gzip gzip;
  OutputBuffer coded;
  ASSERT_TRUE(gzip.encode(std::string(10'000'000, '0'), coded));
  ASSERT_LT(coded.size(), 20'000U);
  OutputBuffer decoded;
  EXPECT_FALSE(gzip.decode(coded.view(), 9'999'999, decoded));
  EXPECT_LE(decoded.size(), 9'999'999U);
  OutputBuffer none;
  EXPECT_FALSE(gzip.decode(coded.view(), 0, none));
  EXPECT_TRUE(none.empty());
}

TEST(Gzip, WhatIsMalformedIsRefused) {
  Gzip gzip;
  OutputBuffer coded;
  ASSERT_TRUE(gzip.encode("something that is long enough to be cut", coded));
  const std::string whole(coded.view());
  OutputBuffer out;
  EXPECT_FALSE(gzip.decode("", 1'000, out));
  EXPECT_FALSE(gzip.decode("no gzip at all", 1'000, out));
  EXPECT_FALSE(gzip.decode(whole + "x", 1'000, out));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(gzip.decode(std::string_view(whole).substr(0, size), 1'000, out)) << size;
  std::string damaged = whole;
  damaged[whole.size() - 6] = static_cast<char>(~damaged[whole.size() - 6]);  // of the checksum
  EXPECT_FALSE(gzip.decode(damaged, 1'000, out));
}

TEST(Gzip, WhatIsTooLongForOneTextIsRefusedAtOnce) {
  // Memory that nobody touches takes none.
  constexpr std::size_t kSize = std::size_t{4} << 30;
  void* const memory = mmap(nullptr, kSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  Gzip gzip;
  OutputBuffer coded;
  EXPECT_FALSE(gzip.encode({static_cast<const char*>(memory), kSize}, coded));
  EXPECT_TRUE(coded.empty());
  munmap(memory, kSize);
}

}  // namespace
}  // namespace zerver::effects
