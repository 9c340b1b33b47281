#include "compiler/check/test/program.h"
#include "compiler/model/graph/cfg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/raw_ostream.h>

namespace zc::check {
namespace {

using test::check_files;
using test::check_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kShop[] = R"(package shop;
slots { id: i64; name: string; left: i32; }
step read_id -> id = request.path.id;
step load(id) -> name;
step count(id) -> left?;
step admit(left?, name);
)";

TEST(Flows, PresenceIsKnownAtEachRead) {
  const auto checked = check_text(std::string(kShop) + R"(
flow show on GET "/{id}" public { read_id; load; count; admit; return 200 name; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  const model::Flow& flow = test::flow_named(checked.program, "show");
  ASSERT_EQ(flow.body.size(), 5U);
  EXPECT_THAT(flow.body[3].read_presence, ElementsAre(model::Presence::kMaybe, model::Presence::kSet));
  ASSERT_EQ(flow.maybe_slots.size(), 1U);
  EXPECT_EQ(checked.program.slots[flow.maybe_slots[0]].origin.name, "left");
  EXPECT_FALSE(flow.has_effects);
}

TEST(Flows, AServiceGivesABaseAndADeadline) {
  const auto checked = check_text(std::string(kShop) + R"(
service shop { base "/api/v1"; owner "shop"; deadline 5s; }
flow show on GET "/{id}" public { deadline 1s; read_id; load; count; admit; return 200 name; }
flow home on GET "/" public { return 204; }
flow other public { return 204; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  const model::Flow& show = test::flow_named(checked.program, "show");
  EXPECT_EQ(show.route->pattern, "/api/v1/{id}");
  ASSERT_EQ(show.route->segments.size(), 3U);
  EXPECT_EQ(show.route->segments[1].text, "v1");
  EXPECT_EQ(show.deadline, 1'000'000'000U);
  const model::Flow& home = test::flow_named(checked.program, "home");
  EXPECT_EQ(home.route->pattern, "/api/v1");
  EXPECT_EQ(home.deadline, 5'000'000'000U);
  EXPECT_EQ(test::flow_named(checked.program, "other").deadline, 5'000'000'000U);
}

TEST(Flows, AnUnsetSlotIsKnownToBeUnset) {
  const auto checked = check_text(std::string(kShop) + R"(
flow show on GET "/{id}" public { read_id; load; admit; count; return 200 { name, left: left ?? 0 }; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  const model::Flow& flow = test::flow_named(checked.program, "show");
  EXPECT_THAT(flow.body[2].read_presence, ElementsAre(model::Presence::kUnset, model::Presence::kSet));
}

TEST(Flows, ABranchThatAnswersDoesNotCountBehindIt) {
  const auto checked = check_text(std::string(kShop) + R"(
flow show on GET "/{id}" public {
  read_id; count;
  when id > 3 { load; } else { return 404; }
  admit;
  return 200 name;
}
)");
  EXPECT_THAT(checked.found(), IsEmpty());
}

TEST(Flows, BothBranchesOfParallelHaveWrittenBehindIt) {
  const auto checked = check_text(std::string(kShop) + R"(
flow show on GET "/{id}" public { read_id; parallel { load; count; } admit; return 200 name; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
}

TEST(Flows, ARescuedStatementHasNotWritten) {
  const auto checked = check_text(std::string(kShop) + R"(
error Gone {}
step find(id) -> name fails Gone;
flow show on GET "/{id}" public {
  read_id; find;
  rescue Gone { load; }
  count; admit;
  return 200 name;
}
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  EXPECT_TRUE(std::none_of(test::flow_named(checked.program, "show").errors.begin(),
                           test::flow_named(checked.program, "show").errors.end(), [&](model::ErrorId error) {
                             return checked.program.errors[error].origin.name == "Gone";
                           }));
}

TEST(Flows, AnErrorGoesOnBehindAnOnErrorThatDoesNotAnswer) {
  const auto checked = check_text(R"(package shop;
slots { id: i64; }
step read_id -> id = request.path.id;
@http(410) error Gone {}
@http(409) error Late {}
step find(id) fails Gone, Late;
flow show on GET "/{id}" public {
  read_id;
  when id > 3 { on error { count_it; } find; }
  rescue Late { return 409; }
  return 204;
}
step count_it(id);
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  std::vector<std::string> errors;
  for (const model::ErrorId error : test::flow_named(checked.program, "show").errors)
    errors.push_back(checked.program.errors[error].origin.name);
  EXPECT_THAT(errors, ElementsAre("Invalid", "Gone"));
}

TEST(Flows, AlternativesAreExpandedAndJoined) {
  const auto checked = check_text(R"(package shop;
target db = sql("sqlite:x.db");
slots { id: i64; name: string; row: string; }
step read_id -> id = request.path.id;
step load(id) -> row = db.one(sql"select name from item where id = {id}");
step find(id) -> name may done, need load, insert guess, replace refuse then found(row) -> name;
step guess_name(id) -> name;
chain guess = guess_name;
chain refuse { return 403; }
flow show on GET "/{id}" public { read_id; find; return 200 name; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  const model::Flow& flow = test::flow_named(checked.program, "show");
  EXPECT_EQ(flow.alternatives.size(), 3U);
  EXPECT_THAT(flow.body[1].alternatives, ElementsAre(0U, 1U, 2U));
  EXPECT_TRUE(flow.has_effects);
  EXPECT_EQ(test::step_named(checked.program, "find").kind, model::StepKind::kBody);
  EXPECT_TRUE(test::step_named(checked.program, "find").then.is_valid());
}

TEST(Flows, TheGraphIsDumpedAlike) {
  const auto checked = check_text(std::string(kShop) + R"(
flow show on GET "/{id}" public {
  read_id;
  when id > 3 { load; } else { return 404; }
  parallel { count; }
  admit;
  return 200 name;
}
)");
  std::string text;
  llvm::raw_string_ostream out(text);
  model::dump_cfg(checked.program, out);
  EXPECT_EQ(text, R"(flow shop.show
  0 entry -> next 4
  1 end unreachable
  2 done
  3 failed
  4 step read_id writes id -> error Invalid 3, next 5
  5 condition reads id -> true 6, false 7
  6 step load reads id writes name -> next 8
  7 return 404 -> done 2
  8 fork -> branch 9
  9 step count reads id writes left? -> next 10
  10 join -> next 11
  11 step admit reads left?, name -> next 12
  12 return 200 reads name -> done 2
)");
}

TEST(Flows, ElementsOfALoopAreOnTheirOwn) {
  const auto checked = check_text(R"(package shop;
slots { id: i64; ids: list<i64>; name: string; }
step read_ids -> ids;
step load(id) -> name;
step tell(name);
flow all on GET "/all" public {
  read_ids;
  each id in ids max 10 { load; tell; }
  tell;
  return 204;
}
)");
  EXPECT_THAT(checked.found(), ElementsAre("read-before-write 9"));
}

TEST(Imports, ACycleNamesEveryFile) {
  const auto checked =
      check_files({{"a.flow", "package a;\nimport b;\n"}, {"b.flow", "package b;\nimport a;\n"}});
  ASSERT_THAT(checked.found(), ElementsAre("b.flow import-cycle 2"));
  EXPECT_EQ(checked.report.diagnostics[0].message, "import cycle: `a.flow` -> `b.flow` -> `a.flow`");
}

TEST(Imports, AnImportedMiddlewareIsUsedByItsLastName) {
  const auto checked = check_files({{"shop.flow", R"(package shop;
import lib.login;
flow show on GET "/me" before login.guard public { return 200 login.user; }
)"},
                                    {"lib/login.flow", R"(package lib.login;
slots { user: string; private token: string; }
step read_token -> token = request.header.authorization;
step find(token) -> user;
chain guard = read_token, find;
)"}});
  EXPECT_THAT(checked.found(), IsEmpty());
}

}  // namespace
}  // namespace zc::check
