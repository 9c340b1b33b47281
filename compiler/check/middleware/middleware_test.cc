#include "compiler/check/test/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zc::check {
namespace {

using test::check_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kDesk[] = R"(package desk;
slots { ip: string; user: string; text: string; }
step read_ip -> ip = request.client_ip;
@limit step admit(ip) fails Rejected;
@auth step find_user(ip) -> user fails Rejected;
step write(user) -> text = "by {user}";
step note(text);
chain source = read_ip;
chain limits after source before login = admit;
chain login requires source = find_user;
chain audit requires login = write, note;
)";

std::vector<std::string> run_by(const model::Program& program, llvm::StringRef name) {
  std::vector<std::string> names;
  for (const model::Statement& statement : test::flow_named(program, name).body) {
    if (statement.kind == model::StatementKind::kChain)
      names.push_back(program.chains[statement.chain].origin.name);
  }
  return names;
}

TEST(Middleware, IsSortedByItsRulesWhateverTheOrderInTheService) {
  const auto checked = check_text(std::string(kDesk) + R"(
service desk { owner "desk"; base "/v1"; before audit, login, limits, source; }
flow me on GET "/me" { return 204; }
flow count_desks { return 204; }
job sweep { }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  EXPECT_THAT(run_by(checked.program, "me"), ElementsAre("source", "limits", "login", "audit"));
  EXPECT_THAT(run_by(checked.program, "count_desks"), ElementsAre("source", "limits", "login", "audit"));
  EXPECT_THAT(run_by(checked.program, "sweep"), IsEmpty());
}

TEST(Middleware, StandsBeforeTheRoutesBelowItsPathOnly) {
  const auto checked = check_text(std::string(kDesk) + R"(
service desk { owner "desk"; base "/v1"; before source, login; before audit on "/admin/logs", "/admin/users"; }
flow logs on GET "/admin/logs" { return 204; }
flow users on GET "/admin/users/{rest...}" { return 204; }
flow other on GET "/admin/users2" { return 204; }
flow admin on GET "/admin" { return 204; }
chain unused = limits;
flow late on GET "/late" before unused { return 204; }
)");
  EXPECT_THAT(run_by(checked.program, "logs"), ElementsAre("source", "login", "audit"));
  EXPECT_THAT(run_by(checked.program, "users"), ElementsAre("source", "login", "audit"));
  EXPECT_THAT(run_by(checked.program, "other"), ElementsAre("source", "login"));
  EXPECT_THAT(run_by(checked.program, "admin"), ElementsAre("source", "login"));
  // Between them, since the limits in it come after the source and before the login.
  EXPECT_THAT(run_by(checked.program, "late"), ElementsAre("source", "unused", "login"));
}

TEST(Middleware, APublicFlowLeavesOutWhatAsksWhoItIs) {
  const auto checked = check_text(std::string(kDesk) + R"(
service desk { owner "desk"; before source, limits, login, audit; }
flow hello on GET "/hello" public { return 204; }
flow me on GET "/me" { return 204; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  EXPECT_THAT(run_by(checked.program, "hello"), ElementsAre("source", "limits"));
}

TEST(Middleware, IsNotPutBeforeAFlowThatListsItNorRunByACallAgain) {
  const auto checked = check_text(std::string(kDesk) + R"(
service desk { owner "desk"; before source, login, audit; }
chain guard = source, limits, login;
flow me on GET "/me" before guard { return 204; }
flow you on GET "/you" { call me_too; }
flow me_too { return 204; }
)");
  EXPECT_THAT(checked.found(), IsEmpty());
  EXPECT_THAT(run_by(checked.program, "me"), ElementsAre("guard", "audit"));
  EXPECT_THAT(run_by(checked.program, "you"), ElementsAre("source", "login", "audit"));
}

}  // namespace
}  // namespace zc::check
