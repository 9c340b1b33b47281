#include "compiler/check/test/program.h"
#include "compiler/model/sagas/compensations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace zc::check {
namespace {

using test::check_text;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Steps `a`, `b` and `c` write and have an undo, `w` writes without one, `p` is a pivot, `r` reads, `s` is a
// write that is retried.
std::string flow_with(const std::string& body) {
  return R"(package sagas;
target web = http("https://example.com");
policy sure { timeout 1s; retry 2 on Unavailable; }
slots { id: i64; many: list<i64>; one: i64; flag: bool; }
step read_id -> id = request.query.id;
step read_many -> many = request.json;
step read_flag -> flag = request.query.flag;
step a(id) = web.post("/a", { id: id }) undo web.delete("/a/{id}");
step b(id) = web.post("/b", { id: id }) undo web.delete("/b/{id}");
step c(id) = web.post("/c", { id: id }) undo web.delete("/c/{id}");
step w(id) = web.post("/w", { id: id });
step p(id) = web.post("/p", { id: id }) pivot;
step r(id) = web.get("/r/{id}");
step s(id) = web.put("/s/{id}", { id: id }) with sure;
step pure(flag) fails Invalid;
flow run on POST "/" public {
  read_id; read_many; read_flag;
)" + body +
         "\n  return 204;\n}\n";
}

// What is found, but for what the body does not use.
std::vector<std::string> errors(const std::string& body) {
  std::vector<std::string> found = check_text(flow_with(body)).found();
  const auto is_unused = [](const std::string& one) {
    return one.substr(0, 7) == "unused-" || one.substr(0, 10) == "dead-write";
  };
  found.erase(std::remove_if(found.begin(), found.end(), is_unused), found.end());
  return found;
}

// "2: b a" for each step at which the saga can end: what is undone, last completed first. `?`: if it has
// completed, `*`: each time.
std::vector<std::string> undos(const std::string& body) {
  const auto checked = check_text(flow_with(body));
  model::FlowId flow(0);
  while (checked.program.flows[flow].origin.name != "run")
    flow = model::FlowId(flow.index() + 1);
  const model::Cfg cfg = model::build_cfg(checked.program, flow);
  const std::vector<model::Saga> sagas = model::find_sagas(checked.program, cfg);
  std::vector<std::string> lines;
  if (sagas.empty()) return lines;
  const auto name = [&](std::uint32_t step) {
    return checked.program.steps[sagas[0].steps[step].step].origin.name;
  };
  const model::Compensations compensations(checked.program, cfg, sagas[0]);
  for (std::uint32_t i = 0; i < sagas[0].steps.size(); ++i) {
    if (!sagas[0].steps[i].can_end()) continue;
    lines.push_back(name(i) + ":");
    for (const model::Compensation& undo : compensations.at(i))
      lines.back() += " " + name(undo.step) + (undo.is_repeated ? "*" : undo.is_certain ? "" : "?");
  }
  return lines;
}

TEST(Sagas, TheLastWriteNeedsNoUndo) {
  EXPECT_THAT(errors("saga { a; b; w; }"), IsEmpty());
  EXPECT_THAT(errors("saga { w; }"), IsEmpty());
  EXPECT_THAT(errors("saga { r; w; } r;"), IsEmpty());
  EXPECT_THAT(errors("w; r;"), IsEmpty());
}

TEST(Sagas, AWriteBeforeWhatCanEndTheSagaNeedsAnUndo) {
  EXPECT_THAT(errors("saga { w; a; }"), ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(errors("saga { w; pure; }"), ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(errors("saga { when flag { w; } a; }"), ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(errors("saga { when flag { w; } else { a; } }"), IsEmpty());
  EXPECT_THAT(errors("saga { saga { w; } a; }"), ElementsAre("uncompensated-write 18"));
}

TEST(Sagas, BranchesAndElementsRunBesideEachOther) {
  EXPECT_THAT(errors("saga { parallel { w; a; } }"), ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(errors("saga { each one in many max 9 { w; } }"), ElementsAre("uncompensated-write 18"));
}

TEST(Sagas, AnErrorThatTheSagaHandlesDoesNotEndIt) {
  EXPECT_THAT(errors("saga { w; pure; rescue Invalid { return 400; } }"), IsEmpty());
  EXPECT_THAT(errors("saga { w; pure; on error Invalid { s; } }"), ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(errors("saga { w; pure; on error Invalid { return 409; } }"),
              ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(
      errors("saga { w; when flag { pure; on error Invalid { s; } } rescue Invalid { return 400; } }"),
      IsEmpty());
}

TEST(Sagas, BehindThePivotOnlyWhatIsRetriedFollowsAWrite) {
  EXPECT_THAT(errors("saga { a; p; w; }"), IsEmpty());
  EXPECT_THAT(errors("saga { a; p; w; s; }"), IsEmpty());
  EXPECT_THAT(errors("saga { a; p; w; r; }"), ElementsAre("uncompensated-write 18"));
  EXPECT_THAT(errors("saga { a; p; p; }"), ElementsAre("second-pivot 18"));
  EXPECT_THAT(errors("saga { when flag { p; } else { p; } }"), IsEmpty());
  EXPECT_THAT(errors("saga { parallel { a; p; } }"), ElementsAre("unordered-pivot 18"));
}

TEST(Sagas, CompensationsRunInReverse) {
  EXPECT_THAT(undos("saga { a; b; c; w; }"), ElementsAre("a:", "b: a", "c: b a", "w: c b a"));
  EXPECT_THAT(undos("saga { a; p; r; }"), ElementsAre("a:", "p: a", "r:"));
}

TEST(Sagas, WhatMayNotHaveCompletedIsUndoneIfItHas) {
  EXPECT_THAT(undos("saga { when flag { a; } b; }"), ElementsAre("a:", "b: a?"));
  EXPECT_THAT(undos("saga { parallel { a; b; } w; }"), ElementsAre("a: b?", "b: a?", "w: b a"));
  EXPECT_THAT(undos("saga { parallel { when flag { a; } b; } w; }"),
              ElementsAre("a: b?", "b: a?", "w: b a?"));
  EXPECT_THAT(undos("saga { each one in many max 9 { a; } w; }"), ElementsAre("a: a*", "w: a*"));
}

TEST(Sagas, ALoopAroundASagaBeginsANewOneEachTime) {
  EXPECT_THAT(undos("each one in many max 9 { saga { a; b; } }"), ElementsAre("a:", "b: a"));
}

}  // namespace
}  // namespace zc::check
