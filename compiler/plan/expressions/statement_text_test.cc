#include "compiler/plan/expressions/statement_text.h"

#include <gtest/gtest.h>

namespace zc::plan {
namespace {

TEST(StatementText, DoublesOperatorsAndNothingElse) {
  EXPECT_EQ(with_doubled_operators("select 1"), "select 1");
  EXPECT_EQ(with_doubled_operators("tags ? 'x' and tags ?| array['?']"),
            "tags ?? 'x' and tags ??| array['?']");
  EXPECT_EQ(with_doubled_operators("\"a?\" = E'\\'?' -- ?\n and /* ? /* ? */ ? */ $a$ ? $a$ ? 'b'"),
            "\"a?\" = E'\\'?' -- ?\n and /* ? /* ? */ ? */ $a$ ? $a$ ?? 'b'");
  EXPECT_EQ(with_doubled_operators("'unfinished ?"), "'unfinished ?");
  EXPECT_EQ(with_doubled_operators("/* unfinished ?"), "/* unfinished ?");
  EXPECT_EQ(with_doubled_operators("$1 ? /"), "$1 ?? /");
}

}  // namespace
}  // namespace zc::plan
