#include "compiler/sql/analysis/analysis.h"

#include "compiler/sql/database.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zc::sql {
namespace {

constexpr llvm::StringLiteral kSchema = R"(
create table user (id integer primary key, name text not null, mail text);
create table todo (
  id integer primary key, title text not null, due text, done boolean not null default false,
  price numeric, size real, owner integer not null references user (id)
);
create view late (number, title, due, who) as
  select todo.id, title, due, name from todo left join user on user.id = owner where due is not null;
create table keyed (a text not null, b blob, primary key (a)) without rowid;
)";

std::string word(Type type) {
  constexpr const char* kWords[] = {"?",    "boolean",   "integer", "real", "decimal",  "text", "blob",
                                    "uuid", "timestamp", "date",    "time", "interval", "json"};
  return kWords[static_cast<std::size_t>(type)];
}

class Analysing : public ::testing::Test {
 protected:
  Analysis analyse(llvm::StringRef text) {
    EXPECT_TRUE(database_->schema_problems().empty());
    const Prepared prepared = database_->prepare(text);
    EXPECT_FALSE(prepared.problem) << text.str() << ": " << prepared.problem->message;
    Analysis analysis = analyst_.analyse(text);
    EXPECT_TRUE(analysis.is_known) << text.str();
    EXPECT_EQ(analysis.results.size(), prepared.columns.size()) << text.str();
    return analysis;
  }

  // "name type", with `?` behind what may be NULL and `~` where that is not known.
  std::string results(llvm::StringRef text) {
    std::string line;
    for (const ResultFact& result : analyse(text).results) {
      const Nullable nullable = result.value.nullable;
      const char* mark = nullable == Nullable::kYes ? "?" : nullable == Nullable::kUnknown ? "~" : "";
      line += (line.empty() ? "" : ", ") + result.name + " " + word(result.value.type) + mark;
    }
    return line;
  }

  // "use type column", one a parameter.
  std::string parameters(llvm::StringRef text) {
    constexpr const char* kUses[] = {"none", "compared", "stored", "counted"};
    std::string line;
    for (const ParameterFact& fact : analyse(text).parameters) {
      line += (line.empty() ? "" : ", ") + std::string(kUses[static_cast<std::size_t>(fact.use)]);
      if (fact.use != ParameterUse::kNone) line += " " + word(fact.with.type);
      if (fact.with.column != nullptr) line += " " + fact.with.column->name;
    }
    return line;
  }

 private:
  std::unique_ptr<Database> database_ = open_sqlite(kSchema);
  Analyst analyst_{database_->catalog(), Dialect::kSqlite};
};

TEST_F(Analysing, WritesOutTheStar) {
  EXPECT_EQ(results("select * from user"), "id integer, name text, mail text?");
  EXPECT_EQ(results("select u.*, t.title as t from user u, todo t"),
            "id integer, name text, mail text?, t text");
}

TEST_F(Analysing, KnowsColumnsThatAreNeverNull) {
  EXPECT_EQ(results("select rowid, id from todo"), "rowid integer, id integer");
  EXPECT_EQ(results("select a, b from keyed"), "a text, b blob?");
  EXPECT_EQ(results("select number, due, who from late"), "number integer, due text, who text?");
}

TEST_F(Analysing, TakesConditionsIntoAccount) {
  EXPECT_EQ(results("select due from todo where due is not null"), "due text");
  EXPECT_EQ(results("select due from todo where not (due is null) and done"), "due text");
  EXPECT_EQ(results("select due from todo where due < ? or title = ?"), "due text?");
  EXPECT_EQ(results("select due from todo where lower(due) like 'x%'"), "due text");
  EXPECT_EQ(results("select case when due is not null then due else 'none' end as d from todo"), "d text");
  EXPECT_EQ(results("select case when due is null then 'none' else due end as d from todo"), "d text");
  EXPECT_EQ(results("select case when done then title end as d from todo"), "d text~");
}

TEST_F(Analysing, KnowsWhichSideOfAJoinMayBeMissing) {
  EXPECT_EQ(results("select title, name from todo left join user on user.id = owner"),
            "title text, name text?");
  EXPECT_EQ(results("select title, name from todo left join user on user.id = owner where user.id > 0"),
            "title text, name text");
  EXPECT_EQ(results("select title, name from todo join user on user.id = owner"), "title text, name text");
  EXPECT_EQ(results("select title, name from user right join todo on user.id = owner"),
            "title text, name text?");
  EXPECT_EQ(
      results("select t.due, a.mail from todo t left join (user a join user b on a.mail = b.mail) on 1"),
      "due text?, mail text?");
}

TEST_F(Analysing, KnowsAggregates) {
  EXPECT_EQ(results("select count(*) as n, max(id) as m, sum(size) as s, total(size) as t from todo"),
            "n integer, m integer?, s real?, t real");
  EXPECT_EQ(results("select owner, max(id) as m, max(due) as d from todo group by owner"),
            "owner integer, m integer, d text?");
  EXPECT_EQ(results("select coalesce(sum(size), 0) as s from todo"), "s real");
  EXPECT_EQ(results("select (select max(id) from todo) as m, (select title from todo) as t"),
            "m integer?, t text~");
  EXPECT_EQ(results("select max(id, owner) as m, row_number() over (order by id) as r from todo"),
            "m integer, r integer");
}

TEST_F(Analysing, FollowsTablesThatAreWrittenInPlace) {
  EXPECT_EQ(results("with c (x, y) as (select id, due from todo) select x, c.y from c"),
            "x integer, y text?");
  EXPECT_EQ(
      results("with recursive n (i) as (select 1 union all select i + 1 from n limit 3) select i from n"),
      "i ?~");
  EXPECT_EQ(results("select s.title from (select title from todo union select mail from user) s"),
            "title text?");
  EXPECT_EQ(results("with gone as (select id from todo) select count(*) as n from gone"), "n integer");
}

TEST_F(Analysing, KnowsWhatIsReturned) {
  EXPECT_EQ(results("insert into todo (title, owner) values (?, ?) returning id, due, done"),
            "id integer, due text?, done boolean");
  EXPECT_EQ(results("insert into todo (title, owner, due) values (?, ?, 'x') returning due"), "due text");
  EXPECT_EQ(results("update todo set due = ? where price > 1 returning due, price"),
            "due text~, price decimal");
  EXPECT_EQ(results("delete from todo where id = ? returning title"), "title text");
}

TEST_F(Analysing, FindsTheColumnsOfParameters) {
  EXPECT_EQ(
      parameters("select 1 from todo where id = ? and ? < size and title like ? and due between ? and ?"),
      "compared integer id, compared real size, compared text title, compared text due, compared text due");
  EXPECT_EQ(parameters("select 1 from todo where owner in (?, ?) and (id, title) = (?, ?)"),
            "compared integer owner, compared integer owner, compared integer id, compared text title");
  EXPECT_EQ(parameters("select 1 from todo where ? is null or done = ? limit ? offset ?"),
            "none, compared boolean done, counted integer, counted integer");
  EXPECT_EQ(parameters("insert into todo (title, owner) values (?, ?), (?, ?)"),
            "stored text title, stored integer owner, stored text title, stored integer owner");
  EXPECT_EQ(parameters("insert into todo (title, owner) select ?, id from user where mail = ?"),
            "stored text title, compared text mail");
  EXPECT_EQ(parameters("insert into user (id, name) values (?, ?) on conflict (id) do update set mail = ?"),
            "stored integer id, stored text name, stored text mail");
  EXPECT_EQ(parameters("update todo set (title, due) = (?, ?), size = size + ? where id = ?"),
            "stored text title, stored text due, compared real, compared integer id");
  EXPECT_EQ(
      parameters("select coalesce(mail, ?) from user where exists (select 1 from todo where owner = user.id "
                 "and title = ?) and length(name) > ?"),
      "compared text mail, compared text title, compared integer");
}

TEST_F(Analysing, NamesWhatAnInsertLeavesOut) {
  const Analysis analysis = analyse("insert into todo (due) values ('x')");
  ASSERT_EQ(analysis.left_out.size(), 2U);
  EXPECT_EQ(analysis.left_out[0]->name, "title");
  EXPECT_EQ(analysis.left_out[1]->name, "owner");
  EXPECT_TRUE(analyse("insert or ignore into todo (due) values ('x')").left_out.empty());
  EXPECT_TRUE(analyse("insert into user values (null, 'a', null)").left_out.empty());
}

// Each level would be looked at twice by its own level, and that by the one around it.
TEST_F(Analysing, LooksAtEverythingOnce) {
  std::string text = "id";
  for (int i = 0; i < 8; ++i)
    text = "coalesce(nullif(" + text + ", 1) in (1, 2), 1 between 0 and 2, 0)";
  EXPECT_EQ(results("select " + text + " as x from todo"), "x integer");
}

}  // namespace
}  // namespace zc::sql
