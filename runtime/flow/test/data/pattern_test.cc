#include <zerver/flow/data/validate.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::flow {
namespace {

struct Case {
  const char* pattern;
  std::vector<const char*> matching;
  std::vector<const char*> other;
};

TEST(Pattern, DescribesWholeTexts) {
  const Case cases[] = {
      {"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
      {"", {""}, {"a"}},
      {"a*", {"", "a", "aaaa"}, {"b", "ab"}},
      {"a+b?", {"a", "aab"}, {"", "b", "abb"}},
      {"a|bc|", {"a", "bc", ""}, {"b", "abc"}},
      {"(ab|c)*d", {"d", "abcabd"}, {"abc", "ad"}},
      {"[a-c_]+", {"abc_"}, {"", "abd"}},
      {"[^a-c]", {"d", "\xC3\xA4"}, {"a", "dd", ""}},
      {"[]a]", {"]", "a"}, {"[]a]"}},
      {"[a-]", {"a", "-"}, {"b"}},
      {"\\d{3}-\\w{2,4}", {"123-ab", "123-ab_9"}, {"12-ab", "123-a", "123-abcde"}},
      {"x{2,}", {"xx", "xxxxx"}, {"x"}},
      {"x{0,1}", {"", "x"}, {"xx"}},
      {"a{,2}", {"a{,2}"}, {"aa"}},
      {"{a}", {"{a}"}, {"a"}},
      {".", {"x", "\xE2\x82\xAC"}, {"\n", "", "xx", "\xFF"}},
      {"\\.\\*\\\\", {".*\\"}, {"xx\\"}},
      {"\\s\\S\\D\\W", {" ax-"}, {"aax-"}},
      {"\\t\\n\\r\\f\\v\\a", {"\t\n\r\f\v\a"}, {""}},
      {"\\x41\\x{20AC}", {"A\xE2\x82\xAC"}, {"A"}},
      {"[\\x30-\\x39]", {"5"}, {"a"}},
      {"(?:a)(?P<name>b)(?<other>c)", {"abc"}, {"ab"}},
      {"^abc$", {"abc"}, {"^abc$"}},
      {"(^a|b)c", {"ac", "bc"}, {"aac"}},
      {"a$b|\\Aa\\z", {"a"}, {"ab"}},
      {"a\\b.b", {"a-b"}, {"aab"}},
      {"a\\Bb", {"ab"}, {"a-b"}},
      {"[[:alpha:]][[:digit:][:^space:]]", {"a1", "ab"}, {"1a", "a "}},
      {"[[:alnum:]][[:blank:]][[:cntrl:]][[:graph:]][[:lower:]][[:print:]][[:punct:]][[:upper:]][[:word:]][[:"
       "xdigit:]][[:ascii:]]",
       {"a \n!a !A_fx"},
       {""}},
      {"a*?b", {"aab"}, {"a"}},
      {"(a*)*", {"", "aaa"}, {"b"}},
      {"\xC3\xA4+", {"\xC3\xA4\xC3\xA4"}, {"\xC3"}},
  };
  for (const Case& test : cases) {
    const Pattern pattern(test.pattern);
    for (const char* const text : test.matching)
      EXPECT_TRUE(pattern.matches(text)) << test.pattern << " / " << text;
    for (const char* const text : test.other)
      EXPECT_FALSE(pattern.matches(text)) << test.pattern << " / " << text;
  }
}

TEST(Pattern, TakesLinearTime) {
  // A backtracking matcher needs 2^5000 steps for this one.
  const Pattern pattern("(a?){50}(a*)*a{50}");
  EXPECT_TRUE(pattern.matches(std::string(5'000, 'a')));
  EXPECT_FALSE(pattern.matches(std::string(5'000, 'a') + "b"));
}

TEST(Pattern, RefusesWhatIsNone) {
  for (const char* const text :
       {"(",      ")",          "a)",        "[",           "[a",
        "*",      "a|*",        "(?=a)",     "(?<name",     "(?i)a",
        "\\",     "\\1",        "\\q",       "[z-a]",       "[a-\\d]",
        "a{2,1}", "a{1001}",    "a{1,1001}", "\\x{110000}", "\\xg",
        "\\x{41", "[[:nope:]]", "[[:alpha",  "\xFF",        "((((((a{1000}){1000}))))))"}) {
    EXPECT_THROW(Pattern{text}, std::invalid_argument) << text;
  }
  EXPECT_THROW(Pattern(std::string(1'000, '(') + std::string(1'000, ')')), std::invalid_argument);
  EXPECT_THROW(Pattern("(a{1000}){1000}"), std::invalid_argument);
  // The compiler (compiler/check/types/pattern.cc) has the same bound.
  EXPECT_NO_THROW(Pattern("(a{1000}){19}"));
  EXPECT_THROW(Pattern("(a{1000}){20}"), std::invalid_argument);
}

TEST(HasLength, CountsCodePoints) {
  EXPECT_TRUE(has_length("\xC3\xA4\xE2\x82\xAC", 2, 2));
  EXPECT_FALSE(has_length("abc", 1, 2));
  EXPECT_FALSE(has_length("\xC3\xA4", 2, 3));
  EXPECT_FALSE(has_length("", 1, 2));
}

}  // namespace
}  // namespace zerver::flow
