#include "compiler/sql/database.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zc::sql {
namespace {

// "token: message", one a problem.
std::string problems(const std::string& schema) {
  const std::unique_ptr<Database> database = open_sqlite(schema);
  std::string text;
  for (const Problem& problem : database->schema_problems())
    text += schema.substr(problem.begin, problem.end - problem.begin) + ": " + problem.message + "\n";
  return text;
}

std::string refusal(Database& database, const std::string& text) {
  const Prepared prepared = database.prepare(text);
  if (!prepared.problem) return "none";
  const Problem& problem = *prepared.problem;
  return text.substr(problem.begin, problem.end - problem.begin) + ": " + problem.message;
}

TEST(SqliteDatabase, PointsAtMistakesOfTheSchema) {
  EXPECT_EQ(problems("create table t (a);\ncreate table t (b);"), "t: table t already exists\n");
  EXPECT_EQ(problems("create table t (a integer primary ky);"), "ky: near \"ky\": syntax error\n");
  EXPECT_EQ(problems("create index i on t (a);"), "t: no such table: main.t\n");
  EXPECT_EQ(problems("create table t (a); insert into t values (1); pragma foreign_keys = on;"), "");
}

TEST(SqliteDatabase, ReachesNoFile) {
  EXPECT_EQ(problems("attach 'x.db' as x;"), "attach: a schema reaches no other database\n");
  EXPECT_EQ(problems("create view v as select load_extension('x');"), "");
  const std::unique_ptr<Database> database = open_sqlite("");
  EXPECT_NE(refusal(*database, "select load_extension('x')").find("not authorized"), std::string::npos);
}

TEST(SqliteDatabase, RunsWithinBounds) {
  EXPECT_EQ(problems("create table t as with recursive c (x) as (select 1 union all select x + 1 from c) "
                     "select sum(x) from c;"),
            "create: interrupted\n");
  std::string views = "create view v0 as select 1 as x;";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "select * from v" + std::to_string(i - 1);
    views += "create view v" + std::to_string(i) + " as " + before + " union all " + before + ";";
  }
  EXPECT_NE(problems(views).find("more than 2000 queries"), std::string::npos);
  std::string tables = "with c0 as (select 1 as x)";
  for (int i = 1; i < 30; ++i) {
    const std::string name = "c" + std::to_string(i - 1);
    tables += ", c" + std::to_string(i) + " as (select a.x from " + name + " a, " + name + " b)";
  }
  const std::unique_ptr<Database> database = open_sqlite("");
  EXPECT_NE(refusal(*database, tables + " select * from c29").find("more than 2000 queries"),
            std::string::npos);
}

TEST(SqliteDatabase, PointsAtTheToken) {
  const std::unique_ptr<Database> database = open_sqlite("create table todo (id integer primary key, a, b);");
  EXPECT_EQ(refusal(*database, "select c from todo"), "c: no such column: c");
  EXPECT_EQ(refusal(*database, "select t.c from todo t"), "c: no such column: t.c");
  EXPECT_EQ(refusal(*database, "insert into todo (id, c) values (1, 2)"),
            "c: table todo has no column named c");
  EXPECT_EQ(refusal(*database, "update todo set c = 1"), "c: no such column: c");
  EXPECT_EQ(refusal(*database, "select * from \"é\" where 1"), "\"é\": no such table: é");
  EXPECT_EQ(refusal(*database, "select * from"), ": incomplete input");
  EXPECT_EQ(refusal(*database, "select \"x\" from todo"), "\"x\": no such column: x");
}

}  // namespace
}  // namespace zc::sql
