#include "compiler/check/types/pattern.h"

#include <gtest/gtest.h>

namespace zc::check {
namespace {

TEST(Pattern, AcceptsTheSyntaxOfRe2) {
  for (const char* pattern : {"", "abc", "[a-z0-9_]+", "(a|b)*?", "a{2,3}", "a{2,}", "\\d{4}-\\d{2}", "(?:x)",
                              "(?P<name>x)", "(?<name>x)", "[[:alpha:]]", "[^]a]", "\\x41", "\\x{1F600}",
                              "a{b}", "^\\bword\\b$", "[a\\-z]", "|"}) {
    EXPECT_FALSE(check_pattern(pattern)) << pattern;
  }
}

TEST(Pattern, RefusesWhatIsNoPattern) {
  for (const char* pattern : {"(", ")", "[", "[z-a]", "*", "a**", "(?=x)", "(?<!x)", "(a)\\1", "\\q", "\\",
                              "a{3,2}", "a{2000}", "(?i)", "\\x", "(?P<name", "[\\d-z]", "[[:alpha"}) {
    EXPECT_TRUE(check_pattern(pattern)) << pattern;
  }
}

TEST(Pattern, SaysWhere) {
  const auto error = check_pattern("ab(c");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->offset, 2U);
}

// The runtime unfolds repetitions and refuses what gets too large: it would do so when the service starts.
TEST(Pattern, BoundsWhatRepetitionsUnfoldTo) {
  for (const char* pattern :
       {"(a{1000}){19}", "[a-z]{1,1000}", "(ab|c){1000}", "(?:[0-9]{3}\\.){500}", "a{19}{b"}) {
    EXPECT_FALSE(check_pattern(pattern)) << pattern;
  }
  for (const char* pattern : {"(a{1000}){20}", "(a{1000}){1000}", "((a{0,1000}){3}b){4}c{0,1000}",
                              "((((a{1000}){1000}){1000}){1000}){1000}", "(a{1000}|b{1000}){10,}"}) {
    EXPECT_TRUE(check_pattern(pattern)) << pattern;
  }
}

TEST(Pattern, BoundsNesting) { EXPECT_TRUE(check_pattern(std::string(100'000, '('))); }

}  // namespace
}  // namespace zc::check
