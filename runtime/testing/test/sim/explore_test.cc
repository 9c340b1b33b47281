#include "shop_world.h"
#include <zerver/testing/explore.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace zerver::testing {
namespace {

using ::testing::IsEmpty;

std::function<std::unique_ptr<SimWorld>()> shop(Bank& bank) {
  return [&bank] {
    auto world = std::make_unique<SimWorld>(std::vector{&shop::package()}, SimWorld::Options{});
    world->registry().add("shop.bank", [&bank](const flow::TargetInfo&, const flow::TargetConfig&) {
      return effects::Opened{std::make_unique<BankSystem>(bank), {}};
    });
    return world;
  };
}

TEST(Explore, SeesEveryAnswerThatAFaultCanCause) {
  Bank bank;
  const Exploration found = explore(shop(bank), ShopWorld::order(1));
  EXPECT_THAT(found.violations, IsEmpty()) << found.text();
  EXPECT_THAT(found.undeclared, IsEmpty()) << found.text();
  const auto saw = [&](std::uint16_t status, std::string_view type) {
    return std::ranges::any_of(found.seen, [&](const SeenOutcome& outcome) {
      return outcome.status == status && outcome.type == type;
    });
  };
  EXPECT_TRUE(saw(201, "")) << found.text();
  EXPECT_TRUE(saw(402, "urn:zerver:error:shop.Declined")) << found.text();
  EXPECT_TRUE(saw(409, "urn:zerver:error:shop.Booked")) << found.text();
  EXPECT_TRUE(saw(503, "urn:zerver:error:shop.Down")) << found.text();
  EXPECT_TRUE(saw(504, "about:blank")) << found.text();  // the client left
  // A bad request and too little memory are no faults of effects.
  ASSERT_EQ(found.unseen.size(), 2U) << found.text();
  EXPECT_EQ(found.unseen[0].status, 400);
  EXPECT_EQ(found.unseen[1].type, "about:blank");
}

TEST(Explore, DoesOneAtATimeWhenItIsToldTo) {
  Bank bank;
  const Exploration single = explore(shop(bank), ShopWorld::order(1), {.pairs = false, .departures = false});
  // charge: three kinds and four faults of the network; book: three kinds, for a database, and four.
  EXPECT_EQ(single.runs, 1U + 7U + 7U) << single.text();
}

TEST(Explore, SaysWithWhichFaultsAPropertyDoesNotHold) {
  Bank bank;
  const Exploration found = explore(
      shop(bank), ShopWorld::order(1),
      {.pairs = false, .departures = false, .check = [](SimWorld& world) -> std::string {
         const bool booked = world.sqlite().number("sqlite:shop.db", "select count(*) from booking") == 1;
         return booked && world.requests().at(0).response.status != 201 ? "booked, and not said" : "";
       }});
  EXPECT_THAT(found.violations, ::testing::UnorderedElementsAre(
                                    "booked, and not said; lost-answer of shop.db at book, attempt 1",
                                    "booked, and not said; duplicate of shop.db at book, attempt 1",
                                    "booked, and not said; disconnect of shop.db at book, attempt 1"));
}

TEST(Explore, EndsAtTheMostRuns) {
  Bank bank;
  EXPECT_EQ(explore(shop(bank), ShopWorld::order(1), {.most_runs = 5}).runs, 5U);
}

}  // namespace
}  // namespace zerver::testing
