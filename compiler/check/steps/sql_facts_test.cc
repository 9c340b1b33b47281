#include "compiler/check/steps/sql_facts.h"

#include <gtest/gtest.h>

namespace zc::check {
namespace {

constexpr model::Kinds kAll = model::kMissing | model::kConflict | model::kUnavailable | model::kTimeout;
constexpr model::Kinds kOutage = model::kUnavailable | model::kTimeout;

TEST(SqlFacts, ASelectMeetsNoConflict) {
  const SqlFacts facts = sql_facts("-- all\n select * from todo where id =  ");
  EXPECT_FALSE(facts.writes());
  EXPECT_EQ(facts.narrow(kAll), kOutage | model::kMissing);
}

TEST(SqlFacts, AnInsertMissesNothing) {
  const SqlFacts facts = sql_facts("INSERT INTO todo(title) VALUES ( ) RETURNING *");
  EXPECT_TRUE(facts.writes());
  EXPECT_EQ(facts.narrow(kAll), kOutage | model::kConflict);
}

TEST(SqlFacts, AConflictClauseTakesConflicts) {
  EXPECT_EQ(sql_facts("insert into t values (1) on conflict (a) do update set a = 2").narrow(kAll), kOutage);
  EXPECT_EQ(sql_facts("insert or replace into t values (1)").narrow(kAll), kOutage);
  EXPECT_EQ(sql_facts("replace into t values (1)").narrow(kAll), kOutage);
  EXPECT_EQ(sql_facts("update or ignore t set a = 1").narrow(kAll), kOutage | model::kMissing);
}

TEST(SqlFacts, AnUpdateOfSomeConflictsMayYieldNoRow) {
  EXPECT_EQ(sql_facts("insert into t values (1) on conflict (a) do update set a = 2 where t.b returning *")
                .narrow(kAll),
            kOutage | model::kMissing);
  EXPECT_EQ(sql_facts("insert into t values (1) on conflict (a) where b do update set a = 2").narrow(kAll),
            kOutage);
}

TEST(SqlFacts, TheVerbBehindCommonTableExpressionsCounts) {
  EXPECT_EQ(sql_facts("with a as (insert into x values (1)) select * from a").verb, SqlVerb::kSelect);
  EXPECT_EQ(sql_facts("with a as (select 1) delete from t").verb, SqlVerb::kDelete);
}

TEST(SqlFacts, WordsInStringsAndCommentsCountForNothing) {
  EXPECT_EQ(sql_facts("/* delete */ select 'on conflict', \"on\" conflict from [on conflict").verb,
            SqlVerb::kSelect);
  EXPECT_FALSE(sql_facts("insert into t values ('on conflict') -- on conflict").has_conflict_clause);
}

TEST(SqlFacts, AnEmptyStatementMayDoAnything) { EXPECT_TRUE(sql_facts("").writes()); }

}  // namespace
}  // namespace zc::check
