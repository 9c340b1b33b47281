#include <zerver/core/result.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zerver {
namespace {

TEST(Result, HasAValueOrAFault) {
  const Result<int> good = 7;
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  EXPECT_EQ(good.value(), 7);
  EXPECT_EQ(good.value_or(1), 7);

  const Result<int> bad = Fault{FaultKind::kMissing, "no such thing", {}};
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().kind, FaultKind::kMissing);
  EXPECT_EQ(bad.error().why, "no such thing");
  EXPECT_EQ(bad.value_or(1), 1);
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  EXPECT_EQ(*result->get(), 3);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 3);
  Result<std::string> text = std::string("a");
  text->push_back('b');
  EXPECT_EQ(text.value(), "ab");
  EXPECT_EQ(std::move(text).value(), "ab");
}

TEST(Result, OfNothingOnlySaysWhetherItWentWell) {
  EXPECT_TRUE(Result<void>());
  const Result<void> bad = Fault{FaultKind::kTimeout, {}, {}};
  EXPECT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().kind, FaultKind::kTimeout);
}

TEST(FaultKinds, IsASet) {
  constexpr FaultKinds kKinds = FaultKinds::of(FaultKind::kTimeout, FaultKind::kUnavailable);
  EXPECT_TRUE(kKinds.contains(FaultKind::kTimeout));
  EXPECT_FALSE(kKinds.contains(FaultKind::kInvalid));
  EXPECT_TRUE(FaultKinds().empty());
}

TEST(FaultKind, HasTheLanguagesNames) {
  EXPECT_EQ(name_of(FaultKind::kInvalid), "invalid");
  EXPECT_EQ(name_of(FaultKind::kMissing), "missing");
  EXPECT_EQ(name_of(FaultKind::kConflict), "conflict");
  EXPECT_EQ(name_of(FaultKind::kRejected), "rejected");
  EXPECT_EQ(name_of(FaultKind::kUnavailable), "unavailable");
  EXPECT_EQ(name_of(FaultKind::kTimeout), "timeout");
  EXPECT_EQ(name_of(FaultKind::kCancelled), "cancelled");
  EXPECT_EQ(name_of(FaultKind::kInternal), "internal");
}

}  // namespace
}  // namespace zerver
