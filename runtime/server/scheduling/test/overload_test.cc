// Flows that answer with less when there is no time for them.
#include "runtime/server/scheduling/test/scheduler_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zerver::server {
namespace {

// "kind" and "lone" have an `on overload`, which answers `less`.
class OverloadTest : public SchedulerTest {
 protected:
  std::vector<std::string> answers(std::size_t from = 0) const {
    std::vector<std::string> result;
    for (std::size_t i = from; i < clients_.size(); ++i) {
      const auto& response = clients_[i]->exchange.response;
      result.push_back(response.status == 200 ? std::string(response.body) : std::to_string(response.status));
    }
    return result;
  }
  FlowStats stats_of(std::string_view flow) {
    std::vector<FlowStats> flows;
    for (const auto& seat : seats_)
      seat->scheduler.add_to(flows);
    return *std::ranges::find(flows, "test." + std::string(flow), &FlowStats::name);
  }
};

TEST_F(OverloadTest, AnswersWhatAStandingQueueWouldShed) {
  settings_.delay[1] = {ms(5), ms(50)};
  start(1);
  make_long("kind", ms(10));
  for (int i = 0; i < 40; ++i) {
    send("/kind");
    send("/kind");
    seats_[0]->loop.context().restart();
    seats_[0]->loop.context().poll_one();
  }
  cost_ = {};
  poll_all();
  for (const std::string& answer : answers(1))
    EXPECT_TRUE(answer == "kind" || answer == "less") << answer;
  const FlowStats stats = stats_of("kind");
  EXPECT_GE(stats.degraded, 30U);
  EXPECT_EQ(stats.refused, 0U);
  EXPECT_EQ(stats.begun + stats.degraded, 81U);
  EXPECT_EQ(seats_[0]->scheduler.stats().degraded, stats.degraded);
  EXPECT_EQ(seats_[0]->scheduler.stats().shed, 0U);
  for (const auto& client : clients_)
    EXPECT_TRUE(client->exchange.response.headers().empty());  // Retry-After is for the flow to say
}

TEST_F(OverloadTest, AnswersAtOnceWhatAFullQueueCannotTake) {
  settings_.queue.capacity = {1, 1, 1};
  start(1);
  make_long("kind", ms(1));
  Client& waiting = send("/kind");
  EXPECT_EQ(send("/kind").finished, 1);
  EXPECT_EQ(answers().back(), "less");
  EXPECT_EQ(waiting.finished, 0);
  poll_all();
  EXPECT_EQ(waiting.exchange.response.body, "kind");
}

TEST_F(OverloadTest, AnswersAboveInFlight) {
  start(1);
  make_long("lone", ms(1));
  send("/lone");
  EXPECT_EQ(send("/lone").exchange.response.body, "less");
  poll_all();
  EXPECT_EQ(answers(1), (std::vector<std::string>{"lone", "less"}));
  EXPECT_EQ(stats_of("lone").degraded, 1U);
  EXPECT_EQ(send("/lone").finished, 0);  // the place is free again
  poll_all();
  EXPECT_EQ(answers().back(), "lone");
}

TEST_F(OverloadTest, AnswersAboveTheRateOfTheFlowButNotOfATenant) {
  settings_.flow_rates = {{"test.kind", {.count = 1, .per = Duration::from_seconds(10)}}};
  settings_.tenant_rates = {{"X-Tenant", {.count = 3, .per = Duration::from_seconds(10)}}};
  start(1);
  for (int i = 0; i < 4; ++i)
    send("/kind");
  EXPECT_EQ(answers(), (std::vector<std::string>{"kind", "less", "less", "429"}));
  EXPECT_EQ(stats_of("kind").refused, 1U);
}

TEST_F(OverloadTest, AnswersWhatWouldMissItsDeadline) {
  start(1);
  make_long("kind", ms(40));
  for (int i = 0; i < 4; ++i)
    send("/kind");
  poll_all();  // two take 80 ms of 100; what comes then is still in time for less
  EXPECT_EQ(answers(1), (std::vector<std::string>{"kind", "kind", "less", "less"}));
  EXPECT_EQ(seats_[0]->scheduler.stats().expired, 0U);
}

TEST_F(OverloadTest, NothingIsInTimeBehindTheDeadline) {
  start(1);
  make_long("kind", ms(1));
  send("/kind");
  clock_.advance(ms(100));
  poll_all();
  EXPECT_EQ(answers(1), (std::vector<std::string>{"504"}));
  EXPECT_EQ(seats_[0]->scheduler.stats().expired, 1U);
}

TEST_F(OverloadTest, AnswersOnTheWorkerThatTookItOver) {
  settings_.delay[1] = {ms(5), ms(50)};
  start(2);
  make_long("kind", ms(10));
  for (int i = 0; i < 40; ++i) {
    send("/kind");
    send("/kind");
    send("/kind");
    seats_[1]->loop.context().restart();
    seats_[1]->loop.context().poll_one();  // one of three
  }
  cost_ = {};
  poll_all();
  for (const auto& client : clients_)
    EXPECT_EQ(client->finished, 1);
  EXPECT_GT(seats_[1]->scheduler.stats().degraded, 0U);
  EXPECT_EQ(seats_[1]->scheduler.guests(), nullptr);
}

}  // namespace
}  // namespace zerver::server
