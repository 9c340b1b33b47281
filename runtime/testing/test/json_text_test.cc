#include <zerver/testing/json_text.h>

#include <gtest/gtest.h>

namespace zerver::testing {
namespace {

TEST(JsonText, DoesNotCareForSpaceAndTheOrderOfFields) {
  EXPECT_TRUE(
      json_equal(R"({"a":1,"b":[true,null,{"c":"x"}]})", R"( { "b" : [ true , null,{"c":"x"} ], "a":1 } )"));
  EXPECT_TRUE(json_equal("{}", "{ }"));
  EXPECT_TRUE(json_equal("[]", "[ ]"));
}

TEST(JsonText, TellsValuesApart) {
  EXPECT_FALSE(json_equal("[1,2]", "[2,1]"));
  EXPECT_FALSE(json_equal(R"({"a":1})", R"({"a":1,"b":1})"));
  EXPECT_FALSE(json_equal("1", "\"1\""));
  EXPECT_FALSE(json_equal("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(json_equal("[[]]", "[]"));
  EXPECT_FALSE(json_equal("true", "false"));
}

TEST(JsonText, KnowsEscapesAndNumbers) {
  EXPECT_TRUE(json_equal(R"("\u00e9\n\ud83d\ude00\/")", "\"é\\n😀/\""));
  EXPECT_TRUE(json_equal("1.50", "15e-1"));
}

TEST(JsonText, IsEqualToNothingWhenItIsNoJson) {
  EXPECT_FALSE(json_equal("{", "{"));
  EXPECT_FALSE(json_equal("", ""));
  EXPECT_FALSE(json_equal("1", "(unset)"));
}

TEST(JsonText, FindsAField) {
  EXPECT_EQ(json_field(R"({ "a": [1, 2] , "b":"x"})", "a"), "[1, 2]");
  EXPECT_EQ(json_field(R"({"a":1})", "b"), "");
  EXPECT_EQ(json_field("[1]", "a"), "");
  EXPECT_EQ(json_field("no json", "a"), "");
}

}  // namespace
}  // namespace zerver::testing
