// What the depfile says to Make, character by character.

#include "compiler/driver/output/depfile.h"

#include <gtest/gtest.h>

namespace zc::driver {
namespace {

TEST(Depfile, NamesEveryInputOnALineOfItsOwn) {
  EXPECT_EQ(make_rule({"out/svc.stamp"}, {"a.flow", "b/c.flow"}),
            "out/svc.stamp: \\\n  a.flow \\\n  b/c.flow\n");
}

TEST(Depfile, NamesSeveralTargets) {
  EXPECT_EQ(make_rule({"a.h", "a.cc"}, {"a.flow"}), "a.h a.cc: \\\n  a.flow\n");
}

TEST(Depfile, IsARuleWithoutInputs) { EXPECT_EQ(make_rule({"a.h"}, {}), "a.h:\n"); }

TEST(Depfile, EscapesWhatMeansSomethingToMake) {
  EXPECT_EQ(make_rule({"my dir/a$b"}, {"#1.flow", "c:d.flow", "tab\there"}),
            "my\\ dir/a$$b: \\\n  \\#1.flow \\\n  c\\:d.flow \\\n  tab\\\there\n");
}

TEST(Depfile, DoublesBackslashesBeforeASpaceOnly) {
  EXPECT_EQ(make_rule({"t"}, {R"(a\b)", R"(a\ b)"}), "t: \\\n  a\\b \\\n  a\\\\\\ b\n");
}

TEST(Depfile, TargetIsTheStamp) {
  EXPECT_EQ(stamp_of("out/svc.stamp.d"), "out/svc.stamp");
  EXPECT_EQ(stamp_of("out/deps"), "");
}

}  // namespace
}  // namespace zc::driver
