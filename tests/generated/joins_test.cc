// Joins as generated code runs them: every outcome of three effects in every order, against the table of
// docs/language.md written down once more.

#include "joins.flow.h"
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zerver::testing {
namespace {

struct Effect {
  int after;  // milliseconds
  bool succeeds;
};
using Effects = std::array<Effect, 3>;
// What the slots hold; 0: unset.
using Slots = std::array<int, 3>;

struct Expected {
  bool fails = false;
  Slots slots{};
};

constexpr Expected kFails{.fails = true};
constexpr std::array<std::size_t, 3> kAll = {0, 1, 2};

int value_of(std::size_t index) { return static_cast<int>(index) + 1; }

std::vector<std::size_t> in_order_of_end(const Effects& effects) {
  std::vector<std::size_t> order(kAll.begin(), kAll.end());
  std::ranges::sort(order, {}, [&effects](std::size_t index) { return effects[index].after; });
  return order;
}

Expected only(std::size_t index) {
  Expected result;
  result.slots[index] = value_of(index);
  return result;
}

// The first two are required, the third is not.
Expected all(const Effects& effects) {
  if (!effects[0].succeeds || !effects[1].succeeds) return kFails;
  return {.slots = {1, 2, effects[2].succeeds ? 3 : 0}};
}
Expected all_required(const Effects& effects) {
  Expected result = all(effects);
  const bool is_late = effects[2].after > std::max(effects[0].after, effects[1].after);
  if (is_late) result.slots[2] = 0;
  return result;
}
Expected first_to_end(const Effects& effects) {
  const std::size_t first = in_order_of_end(effects).front();
  return effects[first].succeeds ? only(first) : kFails;
}
Expected first_success(const Effects& effects) {
  for (const std::size_t index : in_order_of_end(effects)) {
    if (effects[index].succeeds) return only(index);
  }
  return kFails;
}
Expected quorum_of_two(const Effects& effects) {
  Expected result;
  int successes = 0;
  for (const std::size_t index : in_order_of_end(effects)) {
    if (!effects[index].succeeds) continue;
    result.slots[index] = value_of(index);
    if (++successes == 2) return result;
  }
  return kFails;
}
// The second and the third are an optional group, all or nothing.
Expected groups(const Effects& effects) {
  if (!effects[0].succeeds) return kFails;
  const bool has_both = effects[1].succeeds && effects[2].succeeds;
  return {.slots = {1, has_both ? 2 : 0, has_both ? 3 : 0}};
}
// All write the same slot.
Expected winners(const Effects& effects) {
  const Expected first = first_to_end(effects);
  return {.fails = first.fails, .slots = {*std::ranges::max_element(first.slots), 0, 0}};
}

struct Join {
  const char* path;
  const char* step;
  Expected (*expected)(const Effects& effects);
  bool has_all_slots = true;
};

class Joins : public ::testing::TestWithParam<Join> {
 protected:
  static ResponseText run(const Join& join, const Effects& effects) {
    ReqTest service(joins::v1::package());
    constexpr std::array kTargets = {"joins.v1.a", "joins.v1.b", "joins.v1.c"};
    for (const std::size_t index : kAll) {
      FakeReply reply = effects[index].succeeds ? FakeReply::value<std::int64_t>(value_of(index))
                                                : FakeReply::fault(FaultKind::kUnavailable);
      service.fake(kTargets[index])
          .answer(join.step, std::move(reply).after(Duration::from_milliseconds(effects[index].after)));
    }
    const ResponseText response = service.send({.target = join.path});
    service.loop().run();
    for (const char* target : kTargets)
      EXPECT_EQ(service.in_flight(target).count(), 0U) << "nothing is left behind";
    return response;
  }

  static std::string body(const Join& join, const Slots& slots) {
    std::string text = "{\"x\":" + std::to_string(slots[0]);
    if (join.has_all_slots)
      text += ",\"y\":" + std::to_string(slots[1]) + ",\"z\":" + std::to_string(slots[2]);
    return text + "}";
  }
};

TEST_P(Joins, AnswerAsTheTableSays) {
  const Join& join = GetParam();
  std::array<int, 3> order = {10, 20, 30};
  do {
    for (unsigned successes = 0; successes < 8; ++successes) {
      Effects effects;
      for (const std::size_t index : kAll)
        effects[index] = {order[index], (successes >> index & 1U) != 0};
      const Expected expected = join.expected(effects);
      const ResponseText response = run(join, effects);
      SCOPED_TRACE(std::string(join.path) + " " + std::to_string(order[0]) + "," + std::to_string(order[1]) +
                   "," + std::to_string(order[2]) + " successes " + std::to_string(successes));
      EXPECT_EQ(response.status, expected.fails ? 503 : 200);
      if (!expected.fails) {
        EXPECT_EQ(response.body, body(join, expected.slots));
      }
    }
  } while (std::ranges::next_permutation(order).found);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Joins,
    ::testing::Values(Join{"/all", "of_all", all}, Join{"/required", "of_required", all_required},
                      Join{"/any", "of_any", first_to_end}, Join{"/first", "of_first", first_success},
                      Join{"/race", "of_race", first_to_end}, Join{"/quorum", "of_quorum", quorum_of_two},
                      Join{"/sequential", "of_order", all}, Join{"/groups", "of_groups", groups},
                      Join{"/winners", "of_winners", winners, false}),
    [](const auto& each) { return std::string(each.param.path + 1); });

TEST(Hedge, StartsTheEffectAgainAndTakesWhatIsThereFirst) {
  ReqTest service(joins::v1::package());
  FakeAdapter& a = service.fake("joins.v1.a");
  a.answer("of_hedge", FakeReply::value<std::int64_t>(1).after(Duration::from_milliseconds(500)));
  a.answer("of_hedge", FakeReply::value<std::int64_t>(2).after(Duration::from_milliseconds(20)));
  const TimePoint before = service.loop().now();
  EXPECT_EQ(service.send({.target = "/hedge"}).body, R"({"x":2})");
  ASSERT_EQ(a.asked().size(), 2U);
  EXPECT_GE(a.asked()[1].at - a.asked()[0].at, Duration::from_milliseconds(10));
  EXPECT_LT(service.loop().now() - before, Duration::from_milliseconds(50));
  EXPECT_EQ(service.in_flight("joins.v1.a").count(), 0U);
}

TEST(Sequential, StartsNothingBehindAFailure) {
  ReqTest service(joins::v1::package());
  service.fake("joins.v1.a").answer("of_order", FakeReply::fault(FaultKind::kUnavailable));
  EXPECT_EQ(service.send({.target = "/sequential"}).status, 503);
  EXPECT_TRUE(service.fake("joins.v1.b").asked().empty());
  EXPECT_TRUE(service.fake("joins.v1.c").asked().empty());
}

TEST(Race, CancelsItsLosers) {
  ReqTest service(joins::v1::package());
  service.fake("joins.v1.a").answer("of_race", FakeReply::silence());
  service.fake("joins.v1.b").answer("of_race", FakeReply::value<std::int64_t>(2));
  service.fake("joins.v1.c").answer("of_race", FakeReply::silence());
  EXPECT_EQ(service.send({.target = "/race"}).body, R"({"x":0,"y":2,"z":0})");
  EXPECT_EQ(service.fake("joins.v1.a").cancelled() + service.fake("joins.v1.c").cancelled(),
            service.fake("joins.v1.a").asked().size() + service.fake("joins.v1.c").asked().size());
}

}  // namespace
}  // namespace zerver::testing
