// Statements on a real server.
#include "runtime/effects/sql/test/postgres/fixture.h"

#include <string>
#include <vector>

namespace zerver::effects {
namespace {

using flow::Value;
using Rows = std::vector<std::vector<std::string>>;

TEST_F(PostgresTest, KeepsEveryKindOfValue) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a text, b boolean, c bigint, d double precision, e text, f bytea)").is_good());
  const std::vector<Value> values{Value(),     Value(true), Value(std::int64_t{-5}),
                                  Value(1.5), text("t"),   blob(std::string_view("\0x'", 3))};
  EXPECT_EQ(exec("insert into t values (?, ?, ?, ?, ?, ?)", values).affected, 1);
  const Answer answer = many("select * from t");
  EXPECT_EQ(answer.columns, (std::vector<std::string>{"a", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(answer.rows, (Rows{{"null", "true", "-5", "real 1.500000", "text t", std::string("blob \0x'", 8)}}));
}

}  // namespace
}  // namespace zerver::effects
