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
      const std::optional<Balancer::Id> id = balancer_.next([](Balancer::Id) { return true; });
      addresses += id ? balancer_.place(*id).address : "-";
    }
    return addresses;
  }

  SeededRandom random_{1};
  Balancer balancer_{random_};
};

TEST_F(BalancerTest, AllAreTriedAtOnceAndEachOnce) {
  EXPECT_EQ(try_all(at(0)).size(), 3U);
  EXPECT_TRUE(balancer_.is_connecting());
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
    EXPECT_EQ(balancer_.next(but_second), ids[expected]);
  EXPECT_EQ(balancer_.next([](Balancer::Id) { return false; }), std::nullopt);
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
