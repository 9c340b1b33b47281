// Statements on a real server.
#include "runtime/effects/sql/test/postgres/fixture.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace {

using flow::Value;
using Lines = std::vector<std::vector<std::string>>;

TEST_F(PostgresTest, KeepsEveryKindOfValue) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(
      exec("create table t (a text, b boolean, c bigint, d double precision, e text, f bytea)").is_good());
  const std::vector<Value> values{Value(),    Value(true), Value(std::int64_t{-5}),
                                  Value(1.5), text("t"),   blob(std::string_view("\0x'", 3))};
  EXPECT_EQ(exec("insert into t values (?, ?, ?, ?, ?, ?)", values).affected, 1);
  const Answer answer = many("select * from t");
  EXPECT_EQ(answer.columns, (std::vector<std::string>{"a", "b", "c", "d", "e", "f"}));
  EXPECT_EQ(answer.rows,
            (Lines{{"null", "true", "-5", "real 1.500000", "text t", std::string("blob \0x'", 8)}}));
}

// Each by itself, and beside a column that no binary form is known of.
TEST_F(PostgresTest, ReadsTypesInBothForms) {
  ASSERT_EQ(open(), "");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"true", "true"},
      {"false", "false"},
      {"(-7)::smallint", "-7"},
      {"2147483647", "2147483647"},
      {"(-9223372036854775808)::bigint", "-9223372036854775808"},
      {"0.5::real", "real 0.500000"},
      {"(-2.25)::float8", "real -2.250000"},
      {"'a''b'::text", "text a'b"},
      {"'ab'::varchar(5)", "text ab"},
      {"'\\x00ff'::bytea", std::string("blob \0\xFF", 7)},
      {"'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid", "text f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
      {"'2026-01-31 23:59:59.5+02'::timestamptz", "text 2026-01-31T21:59:59.500000Z"},
      {"'1969-12-31 00:00:00'::timestamp", "text 1969-12-31T00:00:00Z"},
      {"'{\"a\": 1}'::json", "text {\"a\": 1}"},
      {"'{\"a\": 1}'::jsonb", "text {\"a\": 1}"},
      {"null::text", "null"},
  };
  for (const auto& [expression, expected] : cases) {
    const std::string alone = "select " + expression;
    const std::string beside = "select " + expression + ", 1.50";
    EXPECT_EQ(many(alone).rows, (Lines{{expected}})) << expression;
    const Answer answer = many(beside);
    ASSERT_EQ(answer.rows.size(), 1U) << expression << ' ' << answer.why;
    // As text, a fraction of a second is as long as it need be.
    const std::string written =
        expected == "text 2026-01-31T21:59:59.500000Z" ? "text 2026-01-31T21:59:59.5Z" : expected;
    EXPECT_EQ(answer.rows[0], (std::vector<std::string>{written, "text 1.50"})) << expression;
  }
  EXPECT_EQ(many("select interval '1 day 2 hours', '2026-01-31'::date, 12.50").rows,
            (Lines{{"text P1DT2H", "text 2026-01-31", "text 12.50"}}));
  EXPECT_EQ(many("select interval '-1.5 seconds', interval '1 day -2 hours', interval '-1 month'").rows,
            (Lines{{"text -PT1.5S", "text PT22H", "text P-1M"}}));
  EXPECT_EQ(many("select timestamptz '0001-12-31 23:59:59+00 BC', 1.5").rows,
            (Lines{{"text 0000-12-31T23:59:59Z", "text 1.5"}}));
}

TEST_F(PostgresTest, BindsValuesByTheTypeThatTheServerWants) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create type mood as enum ('glad', 'sad')").is_good());
  const std::vector<std::pair<std::string, Value>> cases{
      {"smallint", Value(std::int64_t{-3})},
      {"integer", Value(std::int64_t{-3})},
      {"integer", Value(true)},
      {"bigint", Value(std::int64_t{1} << 40)},
      {"numeric", Value(std::int64_t{12})},
      {"numeric", text("12.50")},
      {"real", Value(0.5)},
      {"double precision", Value(std::int64_t{3})},
      {"boolean", Value(std::int64_t{1})},
      {"text", Value(std::int64_t{5})},
      {"bytea", text("\\x00 as it is")},
      {"json", text("[1]")},
      {"jsonb", text("[1]")},
      {"uuid", text("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")},
      {"timestamptz", text("2026-01-31T21:59:59.000001Z")},
      {"timestamptz", text("2026-01-31")},
      {"interval", text("PT1H30M")},
      {"interval", text("-PT0.5S")},
      {"date", text("2026-01-31")},
      {"mood", text("glad")},
  };
  for (const auto& [type, value] : cases) {
    const std::string statement =
        "select pg_typeof(x)::text, x::text from (select cast(? as " + type + ") as x) t";
    const Answer answer = many(statement, {value});
    ASSERT_TRUE(answer.is_good()) << type << ": " << answer.why;
    if (type == "bytea") {
      EXPECT_EQ(answer.rows[0][1], "text \\x5c783030206173206974206973");
    }
    if (type == "timestamptz" && value.text().size() > 10) {
      EXPECT_EQ(answer.rows[0][1], "text 2026-01-31 21:59:59.000001+00");
    }
  }
}

TEST_F(PostgresTest, BindsListsAsArrays) {
  ASSERT_EQ(open(), "");
  const auto sorted = [&](const std::string& statement, std::string_view json) {
    const Answer answer = many(statement, {Value::list(json)});
    EXPECT_TRUE(answer.is_good()) << statement << ": " << answer.why;
    std::string all;
    for (const std::vector<std::string>& row : answer.rows)
      all += row[0] + ';';
    return all;
  };
  EXPECT_EQ(sorted("select x from generate_series(1, 5) x where x = any(?)", "[4,2]"), "2;4;");
  EXPECT_EQ(sorted("select x from generate_series(1, 5) x where x = any(?)", "[]"), "");
  EXPECT_EQ(sorted("select unnest(?::boolean[])", "[true,false,null]"), "true;false;null;");
  EXPECT_EQ(sorted("select unnest(?::float8[])", "[0.5,-1e300]"),
            "real 0.500000;real " + std::to_string(-1e300) + ';');
  // Each of them is one element, whatever it has in it.
  EXPECT_EQ(sorted("select unnest(?::text[])", R"(["a\"b\\c","NULL","","{,}","x\ny\tz","\u0001","'; --"])"),
            "text a\"b\\c;text NULL;text ;text {,};text x\ny\tz;text \x01;text '; --;");
  EXPECT_EQ(sorted("select unnest(?::uuid[])", R"(["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"])"),
            "text f81d4fae-7dec-11d0-a765-00a0c91e6bf6;");
  EXPECT_EQ(sorted("select jsonb_array_length(?::jsonb)", "[1,2,3]"), "3;");
  EXPECT_EQ(sorted("select ?::text", "[1]"), "text [1];");
  // What comes back is read by the type that wants it.
  EXPECT_EQ(sorted("select ?::text[]", R"(["a b","c"])"), "text {\"a b\",c};");
  EXPECT_EQ(many("select unnest(?::text[])", {Value::list(R"(["a\u0000b"])")}).fault, FaultKind::kConflict);
  EXPECT_EQ(many("select unnest(?::integer[])", {Value::list(R"(["x"])")}).fault, FaultKind::kConflict);
}

TEST_F(PostgresTest, InsertsAListOfRowsByOneStatement) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (id bigint primary key, name text not null)").is_good());
  std::string rows = "[";
  for (int id = 0; id < 5000; ++id)
    rows += (id == 0 ? "" : ",") + (R"({"id":)" + std::to_string(id)) + R"(,"name":"it's \"quoted\""})";
  rows += ']';
  const std::string statement =
      "insert into t (id, name) select id, name from jsonb_to_recordset(?) as r(id bigint, name text)";
  const Answer inserted = exec(statement, {Value::list(rows)});
  EXPECT_TRUE(inserted.is_good()) << inserted.why;
  EXPECT_EQ(inserted.affected, 5000);
  EXPECT_EQ(query("select count(*), count(distinct name), max(name) from t"), "5000|1|it's \"quoted\"");
  // All or nothing.
  EXPECT_EQ(exec(statement, {Value::list(R"([{"id":9000,"name":"a"},{"id":1,"name":"b"}])")}).fault,
            FaultKind::kConflict);
  EXPECT_EQ(query("select count(*) from t"), "5000");
}

TEST_F(PostgresTest, TellsWhatDoesNotFitWithoutTheValue) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (i integer, u uuid, v varchar(3), d date)").is_good());
  const std::string zero("a\0b", 3);
  const std::vector<std::pair<std::string, Value>> cases{
      {"insert into t (i) values (?)", Value(std::int64_t{1} << 40)},
      {"insert into t (u) values (?)", text("hidden")},
      {"insert into t (v) values (?)", text("hidden")},
      {"insert into t (v) values (?)", text(zero)},
      {"insert into t (d) values (?)", text("hidden")},
      {"insert into t (d) values (?)", text(zero)},
  };
  for (const auto& [statement, value] : cases) {
    const Answer answer = exec(statement, {value});
    EXPECT_EQ(answer.fault, FaultKind::kConflict) << statement;
    EXPECT_NE(answer.why.find("does not fit its type"), std::string::npos) << answer.why;
    EXPECT_EQ(answer.why.find("hidden"), std::string::npos) << answer.why;
  }
  EXPECT_EQ(query("select count(*) from t"), "0");
}

TEST_F(PostgresTest, LeavesPlaceholdersInTextsAlone) {
  ASSERT_EQ(open(), "");
  EXPECT_EQ(many("select '?' || ?, \"?\" from (select 2 as \"?\") t -- ?", {text("x")}).rows,
            (Lines{{"text ?x", "2"}}));
  EXPECT_EQ(many("select $$?$$ || E'\\'?' /* ? /* ? */ ? */ || ?", {text("x")}).rows, (Lines{{"text ?'?x"}}));
  EXPECT_EQ(many("select 1 limit?", {Value(std::int64_t{1})}).rows, (Lines{{"1"}}));
  EXPECT_EQ(many("select '{\"a\": 1}'::jsonb ?? ?, '{}'::jsonb ??| array['a']", {text("a")}).rows,
            (Lines{{"true", "false"}}));
}

TEST_F(PostgresTest, TakesAParameterOfNoTypeForText) {
  ASSERT_EQ(open(), "");
  EXPECT_EQ(many("select ? is null, ? is null, 1 = ?", {Value(true), Value(), Value(std::int64_t{1})}).rows,
            (Lines{{"false", "true", "true"}}));
}

TEST_F(PostgresTest, CallsErrorsByTheirClasses) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table parent (id integer primary key)").is_good());
  ASSERT_TRUE(exec("create table t (a integer constraint unique_a unique, b text not null, "
                   "c integer constraint positive check (c > 0), d integer references parent (id))")
                  .is_good());
  ASSERT_TRUE(exec("insert into t values (1, 'b', 1, null)").is_good());
  struct Case {
    const char* statement;
    FaultKind kind;
    const char* why;
  };
  const std::vector<Case> cases{
      {"insert into t values (1, 'b', 1, null)", FaultKind::kConflict,
       "duplicate key value violates unique constraint \"unique_a\", table \"t\" (23505)"},
      {"insert into t values (2, null, 1, null)", FaultKind::kConflict,
       "null value in column \"b\" of relation \"t\" violates not-null constraint (23502)"},
      {"insert into t values (2, 'b', -1, null)", FaultKind::kConflict,
       "new row for relation \"t\" violates check constraint \"positive\" (23514)"},
      {"insert into t values (2, 'b', 1, 9)", FaultKind::kConflict,
       "insert or update on table \"t\" violates foreign key constraint \"t_d_fkey\" (23503)"},
      {"insert into t values (2, 'b', 1/0, null)", FaultKind::kConflict,
       "a value does not fit its type (22012)"},
      {"select * from missing", FaultKind::kInternal, "relation \"missing\" does not exist (42P01)"},
      {"selec", FaultKind::kInternal, "syntax error at or near \"selec\" (42601)"},
      {"select 1; select 2", FaultKind::kInternal,
       "cannot insert multiple commands into a prepared statement (42601)"},
      {"lock table t nowait", FaultKind::kInternal,
       "LOCK TABLE can only be used in transaction blocks (25P01)"},
  };
  for (const Case& each : cases) {
    const Answer answer = exec(each.statement);
    EXPECT_EQ(answer.fault, each.kind) << each.statement;
    EXPECT_EQ(answer.why, each.why);
  }
  // What is answered late, when the transaction ends.
  ASSERT_TRUE(exec("create table late (a integer unique deferrable initially deferred)").is_good());
  EXPECT_EQ(exec("insert into late values (1), (1)").fault, FaultKind::kConflict);
  EXPECT_EQ(many("select count(*) from late").rows, (Lines{{"0"}}));
}

TEST_F(PostgresTest, OneThatFailsLeavesItsNeighboursAlone) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a integer unique)").is_good());
  // Known to be quick, so that all of them share connections.
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(exec("insert into t values (?)", {Value(std::int64_t{100 + i})}).is_good());
  std::vector<std::unique_ptr<StatementProbe>> probes;
  for (int i = 0; i < 60; ++i)
    probes.push_back(
        start("insert into t values (?)", {Value(std::int64_t{i / 2})}, StatementProbe::As::kExec));
  ASSERT_TRUE(run_until([&] { return std::ranges::all_of(probes, &StatementProbe::done); }));
  EXPECT_EQ(std::ranges::count_if(probes, [](const auto& probe) { return probe->answer().is_good(); }), 30);
  EXPECT_EQ(query("select count(*) from t where a < 100"), "30");
}

TEST_F(PostgresTest, NoticesThatTheSchemaHasChanged) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a integer)").is_good());
  ASSERT_TRUE(exec("insert into t values (1)").is_good());
  EXPECT_EQ(many("select * from t").rows, (Lines{{"1"}}));
  query("alter table t alter a type text, add b integer default 2");
  EXPECT_EQ(many("select * from t").rows, (Lines{{"text 1", "2"}}));
  EXPECT_EQ(many("select * from t where a = ?", {text("1")}).rows, (Lines{{"text 1", "2"}}));
}

TEST_F(PostgresTest, ComparesTheNamesOfColumnsWithWhateverItHasPrepared) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a integer, b integer)").is_good());
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(many("select * from t").has_expected_columns);
  query("alter table t rename a to c; alter table t rename b to a; alter table t rename c to b");
  for (int i = 0; i < 3; ++i) {
    const Answer answer = many("select * from t");
    EXPECT_EQ(answer.columns, (std::vector<std::string>{"b", "a"}));
    EXPECT_FALSE(answer.has_expected_columns);
  }
  query("alter table t add c integer");
  EXPECT_FALSE(many("select * from t").has_expected_columns);
}

TEST_F(PostgresTest, KeepsABoundedNumberOfStatementsPrepared) {
  ASSERT_EQ(open(), "");
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i)
    texts.push_back("select " + std::to_string(i));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 300; ++i)
      ASSERT_EQ(many(texts[static_cast<std::size_t>(i)]).rows, (Lines{{std::to_string(i)}}));
  }
  EXPECT_EQ(many("select count(*) <= 257 from pg_prepared_statements").rows, (Lines{{"true"}}));
}

TEST_F(PostgresTest, BoundsWhatAnAnswerMayHold) {
  ASSERT_EQ(open(), "");
  const Answer answer = many("select repeat('x', 1000000) from generate_series(1, 100)");
  EXPECT_EQ(answer.fault, FaultKind::kInternal);
  EXPECT_EQ(answer.why, "the rows are larger than 16 MiB");
  EXPECT_EQ(many("select 1").rows, (Lines{{"1"}}));
}

TEST_F(PostgresTest, NeverTakesAParameterForSql) {
  ASSERT_EQ(open(), "");
  ASSERT_TRUE(exec("create table t (a text)").is_good());
  const std::string_view evil = "'); drop table t; --";
  EXPECT_EQ(exec("insert into t values (?)", {text(evil)}).affected, 1);
  EXPECT_EQ(many("select a from t where a = ?", {text(evil)}).rows, (Lines{{"text " + std::string(evil)}}));
}

TEST_F(PostgresTest, CallsAValueThatAReadCannotUseInvalid) {
  ASSERT_EQ(open("create table t (a integer primary key)"), "");
  const auto fault = [&](std::string_view statement, std::vector<Value> values, FaultKinds fails) {
    StatementProbe probe(worker, *adapter, StatementProbe::As::kMany, statement, std::move(values),
                         TimePoint::never(), fails);
    EXPECT_TRUE(run_until([&] { return probe.done(); }));
    return probe.answer().fault;
  };
  const FaultKinds reads = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout);
  const FaultKinds writes =
      FaultKinds::of(FaultKind::kConflict, FaultKind::kUnavailable, FaultKind::kTimeout);
  const std::string_view zero("a\0b", 3);
  EXPECT_EQ(fault("select 1 where 'x' = ?", {text(zero)}, reads), FaultKind::kInvalid);
  EXPECT_EQ(fault("select 1 limit ?", {Value(std::int64_t{-1})}, reads), FaultKind::kInvalid);
  EXPECT_EQ(fault("select a from t where a = ?", {Value(std::int64_t{1} << 40)}, reads), FaultKind::kInvalid);
  EXPECT_EQ(fault("insert into t values (?) returning a", {Value(std::int64_t{1} << 40)}, writes),
            FaultKind::kConflict);
  EXPECT_EQ(fault("select missing from t", {}, reads), FaultKind::kInternal);
}

}  // namespace
}  // namespace zerver::effects
