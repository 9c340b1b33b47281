// Opening a database: its URL and its schema.
#include "runtime/effects/sql/test/postgres/fixture.h"

#include <string>

namespace zerver::effects {
namespace {

constexpr std::string_view kSchema =
    "create table if not exists todo (id bigint primary key, title text not null);"
    "-- create table in_a_comment ()\n"
    "create view open_todo as select id from todo";

class PostgresSchema : public PostgresTest {
 protected:
  std::string prefix() const {
    return "target `test.db`: adapter `zerver.sql`: database `127.0.0.1:" + std::to_string(server().port()) +
           "/postgres`: ";
  }
};

TEST_F(PostgresSchema, IsRunOnAnEmptyDatabaseAndComparedWithAnyOther) {
  ASSERT_EQ(open(kSchema), "");
  close();
  EXPECT_EQ(query("select count(*) from open_todo"), "0");
  ASSERT_EQ(open(kSchema), "");
  close();
  query("alter table todo drop column title");
  EXPECT_EQ(open(kSchema),
            prefix() + "table `todo` of the database has no column `title`, which the schema declares");
  query("alter table todo add column title integer");
  EXPECT_EQ(open(kSchema),
            prefix() + "column `title` of table `todo` is `integer`, the schema declares `text`");
  query("drop view open_todo");
  query("drop table todo");
  query("create table other (a integer)");
  EXPECT_EQ(open(kSchema), prefix() + "the database has no table `open_todo`, which the schema declares");
  // What was made to compare with is gone.
  EXPECT_EQ(query("select count(*) from pg_namespace where nspname like 'zerver%'"), "0");
}

TEST_F(PostgresSchema, IsComparedByNamesAloneWithoutTheRightToCreateOne) {
  const std::string role = "reader_" + schema_name;
  query("create role " + role + " login password 'p'; grant usage on schema " + schema_name + " to " + role);
  query("revoke create on database postgres from public");
  query("create table other (a integer)");
  const std::string as_reader = "postgres://" + role + ":p@127.0.0.1:" + std::to_string(server().port()) +
                                "/postgres?options=-csearch_path%3D" + schema_name;
  EXPECT_EQ(open_url(as_reader, kSchema),
            prefix() + "the database has no table `todo`, which the schema declares");
  query("create table todo (id integer)");
  EXPECT_EQ(open_url(as_reader, kSchema), "");
}

TEST_F(PostgresSchema, ThatIsWrongEndsTheStart) {
  EXPECT_EQ(open("create table a (b nonsense)"),
            prefix() +
                "the schema is wrong: ERROR: type \"nonsense\" does not exist LINE 1: create table a (b "
                "nonsense) ^");
  EXPECT_EQ(query("select count(*) from pg_class where relname = 'a'"), "0");
}

TEST_F(PostgresSchema, TellsWhyThereIsNoConnectionWithoutThePassword) {
  const std::uint16_t nobody = test::free_port();
  const std::string refused =
      open_url("postgres://tester:hidden@127.0.0.1:" + std::to_string(nobody) + "/db");
  EXPECT_NE(refused.find("Connection refused"), std::string::npos) << refused;
  const std::string wrong =
      open_url("postgres://tester:hidden@127.0.0.1:" + std::to_string(server().port()) + "/postgres");
  EXPECT_NE(wrong.find("password authentication failed"), std::string::npos) << wrong;
  const std::string no_url = open_url("postgres://tester:hidden@127.0.0.1:port/postgres?nonsense=1");
  EXPECT_NE(no_url.find("its URL is none of PostgreSQL"), std::string::npos) << no_url;
  for (const std::string& text : {refused, wrong, no_url})
    EXPECT_EQ(text.find("hidden"), std::string::npos) << text;
}

TEST_F(PostgresSchema, IsReachedByName) {
  const std::string by_name =
      "postgres://tester:s3cret@localhost:" + std::to_string(server().port()) + "/postgres";
  ASSERT_EQ(open_url(by_name), "");
  EXPECT_EQ(many("select 1").rows, (std::vector<std::vector<std::string>>{{"1"}}));
  EXPECT_EQ(systems->states()[0].describes,
            "postgres://localhost:" + std::to_string(server().port()) + "/postgres");
}

}  // namespace
}  // namespace zerver::effects
