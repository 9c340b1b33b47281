#include "compiler/check/test/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zc::check {
namespace {

using test::check_text;

// What is found about two effects in one group, which may use the slots `a`, `b` and `x`.
std::vector<std::string> found_beside(const std::string& left, const std::string& right) {
  std::vector<std::string> found = check_text(R"(package pair;
target db = sql("sqlite::memory:");
target web = http("https://example.com");
target cache = kv("kv:");
adapter counter() { @write bump(); @write @idempotent reset(); @read value() -> i64; }
target hits = counter();
slots { a: i64; b: i64; x: string; }
step read_a -> a = request.query.a;
step read_b -> b = request.query.b;
step read_x -> x = request.query.x;
step both(a, b, x) = {
  )" + left + ";\n  " + right + R"(;
};
flow run on POST "/" public { read_a; read_b; read_x; both; return 204; }
)")
                                       .found();
  const auto is_unused = [](const std::string& one) { return one.substr(0, 7) == "unused-"; };
  found.erase(std::remove_if(found.begin(), found.end(), is_unused), found.end());
  return found;
}

std::string sql(const std::string& text) { return "db.exec(sql\"" + text + "\")"; }

bool conflict(const std::string& left, const std::string& right) {
  const std::vector<std::string> found = found_beside(left, right);
  EXPECT_TRUE(found.empty() || found == std::vector<std::string>{"conflicting-effects 13"})
      << left << " | " << right << ": " << ::testing::PrintToString(found);
  EXPECT_EQ(found, found_beside(right, left)) << "the order of the text decides nothing";
  return !found.empty();
}
bool sql_conflict(const std::string& left, const std::string& right) {
  return conflict(sql(left), sql(right));
}

TEST(SideBySide, RowsAreNamedByEqualities) {
  EXPECT_TRUE(sql_conflict("select * from t where id = {a}", "update t set n = 1 where id = {a}"));
  EXPECT_FALSE(sql_conflict("select * from t where id = {a}", "update t set n = 1 where id = {b}"));
  EXPECT_TRUE(sql_conflict("select * from t where n > {a}", "update t set n = 1 where id = {b}"));
  EXPECT_TRUE(sql_conflict("delete from t where id = {a} or n = 1", "update t set n = 1 where id = {b}"));
  EXPECT_FALSE(
      sql_conflict("delete from t where kind = 'x' and id = {a}", "update t set n = 1 where kind = 'y'"));
  EXPECT_TRUE(sql_conflict("delete from T where {a} = t.id", "update main.t set n = 1 where `id` = {a}"));
  EXPECT_FALSE(sql_conflict("delete from t where id = {a}", "update u set n = 1 where id = {a}"));
}

TEST(SideBySide, ColumnsThatNobodySharesGoTogether) {
  EXPECT_FALSE(sql_conflict("select name from t where id = {a}", "update t set n = 1 where id = {a}"));
  EXPECT_FALSE(sql_conflict("select count(*) from t", "update t set n = 1 where id = {a}"));
  EXPECT_TRUE(sql_conflict("select t.* from t", "update t set n = 1 where id = {a}"));
  EXPECT_FALSE(sql_conflict("update t set m = {b} where id = {a}", "update t set n = 1 where id = {a}"));
  EXPECT_TRUE(sql_conflict("update t set m = n where id = {a}", "update t set n = 1 where id = {a}"));
  EXPECT_TRUE(sql_conflict("update t set n = 2 where id = {a}", "update t set n = 1 where id = {a}"));
  EXPECT_FALSE(sql_conflict("update t set n = 1 where id = {a}", "update t set n = 1 where id = {a}"));
}

TEST(SideBySide, SumsGoTogether) {
  EXPECT_FALSE(
      sql_conflict("update t set n = n + {b} where id = {a}", "update t set n = n - 1 where id = {a}"));
  EXPECT_TRUE(sql_conflict("update t set n = n * 2 where id = {a}", "update t set n = n - 1 where id = {a}"));
  EXPECT_TRUE(sql_conflict("update t set n = n + 1 where id = {a} and n < 9",
                           "update t set n = n - 1 where id = {a}"));
}

TEST(SideBySide, NewRowsMeetWhatAsksForThem) {
  EXPECT_FALSE(sql_conflict("insert into t(id) values ({a})", "insert into t(id) values ({b})"));
  EXPECT_TRUE(sql_conflict("insert into t(id, n) values ({a}, 1)", "select count(*) from t"));
  EXPECT_TRUE(sql_conflict("insert into t(id, n) values ({a}, 1)", "select * from t where id = {a}"));
  EXPECT_FALSE(sql_conflict("insert into t(id, n) values ({a}, 1)", "select * from t where id = {b}"));
  EXPECT_FALSE(sql_conflict("insert into t(n) values ({a})", "select * from t where id = {a}"));
  EXPECT_TRUE(sql_conflict("insert into t values ({a}, 1)", "delete from t where id = {a}"));
  EXPECT_TRUE(sql_conflict("insert into t(n) values (2), (1)", "delete from t where n = 1"));
}

TEST(SideBySide, TablesOfInnerSelectsAreRead) {
  EXPECT_TRUE(sql_conflict("insert into log select name from t", "update t set name = {x}"));
  EXPECT_TRUE(sql_conflict("delete from log where id in (select id from t)", "delete from t where n = 1"));
  EXPECT_TRUE(sql_conflict("select 1 from u, t v join w on w.id = v.id", "delete from t where n = 1"));
  EXPECT_FALSE(sql_conflict("select '-- from t' from u -- from t", "delete from t where n = 1"));
}

TEST(SideBySide, OtherAdaptersNameAThingByTheFirstArgument) {
  EXPECT_TRUE(conflict("web.get(\"/x/{a}\")", "web.put(\"/x/{a}\", { n: b })"));
  EXPECT_FALSE(conflict("web.get(\"/x/{b}\")", "web.put(\"/x/{a}\", { n: b })"));
  EXPECT_TRUE(conflict("cache.set(\"k\", a)", "cache.set(\"k\", b)"));
  EXPECT_FALSE(conflict("cache.set(\"k\", a)", "cache.set(\"k\", a)"));
  EXPECT_FALSE(conflict("cache.remove(x)", "cache.remove(x)"));
  EXPECT_FALSE(conflict("web.post(\"/x\", { n: a })", "web.post(\"/x\", { n: b })"));
  EXPECT_TRUE(conflict("hits.bump()", "hits.value()"));
  EXPECT_FALSE(conflict("hits.bump()", "hits.bump()"));
  EXPECT_TRUE(conflict("hits.bump()", "hits.reset()"));
}

TEST(SideBySide, ElementsOfALoopAreTheirOwn) {
  const std::string head = R"(package loop;
target db = sql("sqlite::memory:");
slots { items: list<i64>; item: i64; user: i64; }
step read_items -> items = request.json;
step find(item) -> user = db.one(sql"select owner from thing where id = {item}");
step count = db.exec(sql"update total set n = n + 1");
step own(item, user) = db.exec(sql"update users set last = {item} where id = {user}");
step last(item) = db.exec(sql"update total set last = {item}");
)";
  const auto found = [&head](const std::string& loop, const std::string& body) {
    return check_text(head + "flow run on POST \"/\" public { read_items; each item in items " + loop +
                      " { " + body + " } return 204; }\n")
        .found();
  };
  const auto errors = [&found](const std::string& loop, const std::string& body) {
    const std::vector<std::string> all = found(loop, body);
    return std::count(all.begin(), all.end(), "conflicting-effects 9");
  };
  EXPECT_EQ(errors("max 9 parallel 4", "find; own; count;"), 0);
  EXPECT_EQ(errors("max 9 parallel 4", "last;"), 1);
  EXPECT_EQ(errors("max 9", "last;"), 0);
  EXPECT_EQ(errors("max 1 parallel 4", "last;"), 0);
}

}  // namespace
}  // namespace zc::check
