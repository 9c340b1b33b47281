// Turns, pauses and changes of addresses, without a socket.
#include "runtime/effects/http/src/connect/balancer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zerver::effects::http_client {
namespace {

constexpr TimePoint at(std::int64_t milliseconds) {
  return TimePoint{} + Duration::from_milliseconds(milliseconds);
}
Place place(const std::string& address) { return {.address = address, .port = 80, .name = "a"}; }

class BalancerTest : public ::testing::Test {
 protected:
  BalancerTest() { balancer_.update({place("1"), place("2"), place("3")}); }

  // The addresses that are tried at that time, in order.
  std::vector<Balancer::Id> try_all(TimePoint now) {
    std::vector<Balancer::Id> ids;
    while (const std::optional<Balancer::Id> id = balancer_.try_next(now))
      ids.push_back(*id);
    return ids;
  }
  std::vector<Balancer::Id> connect_all() {
    std::vector<Balancer::Id> ids = try_all(at(0));
    for (const Balancer::Id id : ids)
      balancer_.connected(id);
    return ids;
  }
  void lose(Balancer::Id lost) {
    balancer_.note_lost([&](Balancer::Id id) { return id == lost; });
  }
  // The addresses whose turn it is, one after the other; "-" for none.
  std::string turns(int count) {
    std::string addresses;
    for (int i = 0; i < count; ++i) {
      const std::optional<Balancer::Id> id = balancer_.next(at(0), 0, [](Balancer::Id) { return true; });
      addresses += id ? balancer_.place(*id).address : "-";
    }
    return addresses;
  }

  SeededRandom random_{1};
  Balancer balancer_{random_};
};

TEST_F(BalancerTest, AllAreTriedAtOnceAndEachOnce) {
  EXPECT_EQ(try_all(at(0)).size(), 3U);
  EXPECT_FALSE(balancer_.is_hopeless());
  EXPECT_EQ(turns(1), "-");
}

TEST_F(BalancerTest, ThoseThatAreConnectedTakeTurns) {
  const std::vector<Balancer::Id> ids = connect_all();
  EXPECT_EQ(turns(4), "1231");
  lose(ids[1]);
  EXPECT_EQ(turns(3), "313");
}

TEST_F(BalancerTest, OneThatCannotTakeAnyIsPassedOver) {
  const std::vector<Balancer::Id> ids = connect_all();
  const auto but_second = [&](Balancer::Id id) { return id != ids[1]; };
  for (const std::size_t expected : {0U, 2U, 0U})
    EXPECT_EQ(balancer_.next(at(0), 0, but_second), ids[expected]);
  EXPECT_EQ(balancer_.next(at(0), 0, [](Balancer::Id) { return false; }), std::nullopt);
}

TEST_F(BalancerTest, OneThatWasLostIsTriedAtOnceAndThenBehindPausesThatGrow) {
  const Balancer::Id second = connect_all()[1];
  lose(second);
  std::int64_t now = 0;
  std::int64_t pause = 100;
  for (int failures = 0; failures < 8; ++failures) {
    ASSERT_EQ(try_all(at(now)), std::vector{second}) << failures;
    balancer_.failed(second, at(now));
    EXPECT_TRUE(try_all(at(now + pause - 1)).empty()) << "before " << pause << " ms";
    now += pause + pause / 5;
    pause = std::min<std::int64_t>(2 * pause, 2000);
  }
  ASSERT_EQ(try_all(at(now)), std::vector{second});
  balancer_.connected(second);
  lose(second);
  ASSERT_EQ(try_all(at(now)), std::vector{second});
  balancer_.failed(second, at(now));
  EXPECT_EQ(try_all(at(now + 120)), std::vector{second}) << "it was there meanwhile: the first pause again";
}

TEST_F(BalancerTest, WhenAllAreDownOneIsTriedWithoutWaiting) {
  const std::vector<Balancer::Id> ids = try_all(at(0));
  balancer_.failed(ids[0], at(0));
  balancer_.failed(ids[1], at(1'000));
  EXPECT_TRUE(try_all(at(0)).empty()) << "the third may still answer";
  balancer_.failed(ids[2], at(2'000));
  EXPECT_EQ(try_all(at(0)), std::vector{ids[0]}) << "the one whose pause ends first, and no other";
  balancer_.failed(ids[0], at(3'000));
  EXPECT_EQ(try_all(at(0)), std::vector{ids[1]});
}

TEST_F(BalancerTest, WhoHasTheFewestCallsUnderWayIsNext) {
  const std::vector<Balancer::Id> ids = connect_all();
  balancer_.began(ids[0]);
  balancer_.began(ids[0]);
  balancer_.began(ids[1]);
  EXPECT_EQ(turns(2), "33");
  balancer_.began(ids[2]);
  EXPECT_EQ(turns(4), "2323");
  balancer_.ended(ids[0]);
  EXPECT_EQ(turns(3), "123");
}

TEST_F(BalancerTest, WhatACallHasTriedIsForWhenThereIsNoOther) {
  const std::vector<Balancer::Id> ids = connect_all();
  const auto next = [&](std::uint64_t tried) {
    return balancer_.next(at(0), tried, [](Balancer::Id) { return true; });
  };
  const std::uint64_t first_two = Balancer::bit_of(ids[0]) | Balancer::bit_of(ids[1]);
  for (int i = 0; i < 3; ++i) {
    balancer_.began(ids[2]);  // although it is the busiest
    EXPECT_EQ(next(first_two), ids[2]);
  }
  EXPECT_EQ(next(first_two | Balancer::bit_of(ids[2])), ids[0]);
}

TEST_F(BalancerTest, WhoOnlyFailsIsLeftOutForPausesThatGrow) {
  const std::vector<Balancer::Id> ids = connect_all();
  const auto fail = [&](Balancer::Id id, std::int64_t now) {
    return balancer_.judge(id, Balancer::Verdict::kBad, at(now));
  };
  const auto turns_at = [&](std::int64_t now) {
    std::string addresses;
    for (int i = 0; i < 3; ++i)
      addresses += balancer_.place(*balancer_.next(at(now), 0, [](Balancer::Id) { return true; })).address;
    return addresses;
  };
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(fail(ids[0], 0));
  EXPECT_FALSE(balancer_.judge(ids[0], Balancer::Verdict::kGood, at(0)));
  for (int i = 0; i < 4; ++i)
    EXPECT_FALSE(fail(ids[0], 0)) << "they count from the last answer on";
  EXPECT_TRUE(fail(ids[0], 0));
  EXPECT_FALSE(fail(ids[0], 0)) << "it is left out already";
  EXPECT_EQ(turns_at(99), "232");
  EXPECT_EQ(turns_at(121).find('1') == std::string::npos, false);
  EXPECT_TRUE(fail(ids[0], 121)) << "one is enough behind the pause";
  EXPECT_EQ(turns_at(121 + 199).find('1'), std::string::npos);
  balancer_.judge(ids[0], Balancer::Verdict::kGood, at(500));
  EXPECT_NE(turns_at(500).find('1'), std::string::npos);
}

TEST_F(BalancerTest, HalfOfAllAtLeastAreNeverLeftOut) {
  const std::vector<Balancer::Id> ids = connect_all();
  int left_out = 0;
  for (const Balancer::Id id : ids)
    for (int i = 0; i < 20; ++i)
      left_out += balancer_.judge(id, Balancer::Verdict::kBad, at(0));
  EXPECT_EQ(left_out, 1);
  EXPECT_EQ(turns(4), "2323");
}

TEST_F(BalancerTest, WhoIsLeftOutIsCalledWhenNobodyElseIsThere) {
  const std::vector<Balancer::Id> ids = connect_all();
  for (int i = 0; i < 5; ++i)
    balancer_.judge(ids[0], Balancer::Verdict::kBad, at(0));
  EXPECT_EQ(turns(2), "23");
  lose(ids[1]);
  lose(ids[2]);
  EXPECT_EQ(turns(2), "11");
}

TEST_F(BalancerTest, NothingIsHopelessThatHasNotBeenTried) {
  EXPECT_FALSE(balancer_.is_hopeless());
  const std::vector<Balancer::Id> ids = try_all(at(0));
  balancer_.failed(ids[0], at(0));
  balancer_.failed(ids[1], at(0));
  EXPECT_FALSE(balancer_.is_hopeless());
  balancer_.failed(ids[2], at(0));
  EXPECT_TRUE(balancer_.is_hopeless());
}

TEST_F(BalancerTest, AddressesComeAndGo) {
  const std::vector<Balancer::Id> ids = connect_all();
  balancer_.update({place("3"), place("4"), place("1"), place("4")});
  EXPECT_FALSE(balancer_.has(ids[1]));
  EXPECT_EQ(balancer_.place(ids[0]).address, "1");
  const std::vector<Balancer::Id> fresh = try_all(at(0));
  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_EQ(balancer_.place(fresh.front()).address, "4");
  balancer_.connected(fresh.front());
  EXPECT_EQ(turns(4), "3413");
  // What comes too late for one that has gone means nothing.
  lose(ids[1]);
  balancer_.failed(ids[1], at(0));
  balancer_.connected(ids[1]);
  EXPECT_TRUE(try_all(at(0)).empty());
}

}  // namespace
}  // namespace zerver::effects::http_client
