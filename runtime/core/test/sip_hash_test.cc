// Against the vectors of the reference implementation.
#include <zerver/core/sip_hash.h>

#include <gtest/gtest.h>

namespace zerver {
namespace {

TEST(SipHash, IsThatOfTheReference) {
  // SipHash-1-3 with the key 00 01 02 ... 0f.
  const HashSeed seed{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(sip_hash("", seed), 0xabac0158050fc4dcU);
  EXPECT_NE(sip_hash({"\0", 1}, seed), sip_hash("", seed));
  EXPECT_NE(sip_hash("12345678", seed), sip_hash("123456780", seed));
}

}  // namespace
}  // namespace zerver
