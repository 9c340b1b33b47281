#include "compiler/sql/syntax/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zc::sql {
namespace {

std::vector<std::string> words(llvm::StringRef text, Dialect dialect) {
  std::vector<std::string> result;
  for (const Token token : tokenize(text, dialect))
    if (token.kind != TokenKind::kEnd) result.push_back(text_of(text, token).str());
  return result;
}

using Words = std::vector<std::string>;

TEST(SqlLexer, LeavesOutCommentsAndSpace) {
  EXPECT_EQ(words("a -- b ' ?\n/* c /* */ d", Dialect::kSqlite), (Words{"a", "d"}));
  EXPECT_EQ(words("a /* b /* c */ d */ e", Dialect::kPostgresql), (Words{"a", "e"}));
  EXPECT_EQ(words("a /* never closed", Dialect::kSqlite), (Words{"a"}));
}

TEST(SqlLexer, KeepsQuotesTogether) {
  EXPECT_EQ(words("'it''s' \"a\"\"b\" `c` [d e] x'00'", Dialect::kSqlite),
            (Words{"'it''s'", "\"a\"\"b\"", "`c`", "[d e]", "x'00'"}));
  EXPECT_EQ(words("e'a\\'b' $$x;y$$ $f$ ' $f$", Dialect::kPostgresql),
            (Words{"e'a\\'b'", "$$x;y$$", "$f$ ' $f$"}));
  EXPECT_EQ(words("'never closed", Dialect::kSqlite), (Words{"'never closed"}));
}

TEST(SqlLexer, KnowsTheParametersOfItsDialect) {
  EXPECT_EQ(words("a=?1 and b>=:n", Dialect::kSqlite), (Words{"a", "=", "?1", "and", "b", ">=", ":n"}));
  EXPECT_EQ(words("a ? $1::int", Dialect::kPostgresql), (Words{"a", "?", "$1", "::", "int"}));
}

TEST(SqlLexer, SplitsAScript) {
  const llvm::StringRef text =
      "create table t (a);; create trigger x after insert on t begin select case when 1 then 2 end; end; "
      "select 1";
  const std::vector<Token> tokens = tokenize(text, Dialect::kSqlite);
  const std::vector<TokenRange> statements = split_script(text, tokens);
  ASSERT_EQ(statements.size(), 3U);
  EXPECT_TRUE(is_word(text, tokens[statements[1].begin + 1], "trigger"));
  EXPECT_TRUE(is_word(text, tokens[statements[1].end - 1], "end"));
  EXPECT_TRUE(split_script("", tokenize("", Dialect::kSqlite)).empty());
}

}  // namespace
}  // namespace zc::sql
