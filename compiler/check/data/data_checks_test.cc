#include "compiler/check/test/program.h"

#include <gtest/gtest.h>

#include <string>

namespace zc::check {
namespace {

using test::check_text;
using test::Checked;

std::string flow_with(const std::string& structs, const std::string& type, const std::string& answer) {
  return "package p;\n" + structs + "target store = kv(\"kv:p\");\nslots { value: " + type +
         "; }\nstep load -> value = store.get(\"key\");\nflow show on GET \"/\" public { load; return 200 " +
         answer + "; }\n";
}

TEST(DataChecks, LabelsAreFoundHoweverDeepTheyLie) {
  constexpr int kDepth = 3000;
  std::string structs = "struct S0 { @pii name: string; }\n";
  for (int i = 1; i <= kDepth; ++i) {
    structs += "struct S" + std::to_string(i) + " { inner: S" + std::to_string(i - 1) + "; }\n";
  }
  const Checked checked = check_text(flow_with(structs, "S" + std::to_string(kDepth), "value"));
  ASSERT_EQ(checked.found().size(), 1U);
  EXPECT_EQ(checked.found().front().substr(0, 12), "not-revealed");
}

TEST(DataChecks, StructsThatHoldOneAnotherAreNoMaze) {
  constexpr int kCount = 24;
  std::string structs;
  for (int i = 0; i < kCount; ++i) {
    structs += "struct S" + std::to_string(i) + " { ";
    for (int j = 0; j < kCount; ++j)
      structs += "f" + std::to_string(j) + ": list<S" + std::to_string(j) + ">; ";
    structs += i == 0 ? "@pii name: string; }\n" : "}\n";
  }
  const Checked checked = check_text(flow_with(structs, "S1", "value"));
  ASSERT_EQ(checked.found().size(), 1U);
  EXPECT_EQ(checked.found().front().substr(0, 12), "not-revealed");
}

TEST(DataChecks, WhatLeavesIsKeptWithTheStepsOnItsWay) {
  const Checked checked = check_text(R"(package p;
struct Person { id: i64; @pii mail: string; }
target db = sql("sqlite:p.db");
target post = http("https://post.example.com") { accepts pii; }
slots { id: i64; person: Person; line: string; length: i64; }
step read_id -> id = request.path.id;
step load(id) -> person = db.one(sql"select * from person where id = {id}");
step write(person) -> line = "to {person.mail}";
step count(line) -> length drops pii;
step send(line) = post.post("/letters", line);
flow run on POST "/people/{id}" public { read_id; load; write; count; send; return 200 { length: length }; }
)");
  EXPECT_EQ(checked.found(), std::vector<std::string>());
  const model::Departures& departures = checked.program.departures;
  ASSERT_EQ(departures.departures.size(), 1U);
  const model::Departure& sent = departures.departures.front();
  EXPECT_EQ(sent.kind, model::DepartureKind::kArgument);
  EXPECT_EQ(sent.place, "body");
  ASSERT_EQ(sent.data.size(), 1U);
  EXPECT_EQ(sent.data.front().name, "line");
  EXPECT_EQ(sent.data.front().declaration, "field `mail` of `Person`");
  ASSERT_EQ(sent.data.front().steps.size(), 1U);
  EXPECT_EQ(checked.program.steps[sent.data.front().steps.front()].origin.name, "write");
  ASSERT_EQ(departures.drops.size(), 1U);
  EXPECT_EQ(checked.program.steps[departures.drops.front().step].origin.name, "count");
}

TEST(DataChecks, ElementsOfAnEachAreOnTheirOwn) {
  const Checked checked = check_text(R"(package p;
@pii scalar Mail: string;
target db = sql("sqlite:p.db");
target out = http("https://out.example.com");
slots { mails: list<Mail>; item: Mail; first: string; second: string; }
step load -> mails = db.many(sql"select mail from person");
step to_second(first?) -> second;
step to_first(item) -> first;
step send(second) = out.post("/second", second);
flow run on POST "/run" public {
  load;
  each item in mails max 10 { to_second; send; to_first; }
  return 204;
}
)");
  for (const std::string& found : checked.found())
    EXPECT_NE(found.substr(0, 12), "not-accepted") << found;
}

TEST(DataChecks, AHandlerSeesWhatOtherBranchesMayHaveWritten) {
  const Checked checked = check_text(R"(package p;
@pii scalar Mail: string;
@http(409) @kind(conflict) error Busy {}
target out = http("https://out.example.com");
slots { mail: Mail; line: string; }
step read_mail -> mail = request.query.mail;
step write(mail) -> line;
step work fails Busy;
step send(line?) = out.post("/lines", line ?? "");
flow run on POST "/run" public {
  read_mail;
  parallel { write; work; }
  rescue Busy { send; }
  return 204;
}
)");
  bool is_found = false;
  for (const std::string& found : checked.found())
    is_found = is_found || found == "not-accepted 9";
  EXPECT_TRUE(is_found);
}

}  // namespace
}  // namespace zc::check
