// Which requests are refused, and when.
#include "runtime/server/scheduling/test/scheduler_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zerver::server {
namespace {

TEST_F(SchedulerTest, WorkersShareTheRetryBudgetOfAFlow) {
  start(2);
  const auto retries = [this](std::size_t worker) { return seats_[worker]->target.counts.retries.value(); };
  send("/careful", 1);
  seats_[1]->adapter.answer();  // half a retry
  Client& retried = send("/careful", 0);
  seats_[0]->adapter.fail();  // the other half
  EXPECT_EQ(retries(0), 1U);
  EXPECT_EQ(retried.finished, 0);
  Client& refused = send("/careful", 1);
  seats_[1]->adapter.fail();  // half a retry is left
  EXPECT_EQ(retries(1), 0U);
  EXPECT_EQ(refused.finished, 1);
  cancel(retried);
}

TEST_F(SchedulerTest, ShedsWhenTheQueueStands) {
  settings_.delay[1] = {ms(5), ms(100)};
  start(1);
  make_long("usual", ms(10));
  // Every 10 ms two more come than are served: the queue stands, and after an interval requests are shed.
  int served = 0;
  int shed = 0;
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 3; ++k)
      send("/usual");
    seats_[0]->loop.context().restart();
    seats_[0]->loop.context().poll_one();
  }
  cost_ = {};
  for (const auto& client : clients_) {
    if (client->finished == 0) continue;
    if (client->exchange.response.status == 200) {
      ++served;
      continue;
    }
    ++shed;
    EXPECT_EQ(client->exchange.response.status, 503);
    ASSERT_EQ(client->exchange.response.headers().size(), 1U);
    EXPECT_EQ(client->exchange.response.headers()[0].name, "Retry-After");
  }
  EXPECT_GE(served, 100);
  EXPECT_GE(shed, 150);
  EXPECT_EQ(seats_[0]->scheduler.stats().shed, static_cast<std::uint64_t>(shed));
  poll_all();
}

TEST_F(SchedulerTest, RefusesWhatAFullQueueCannotTake) {
  settings_.queue.capacity = {1, 1, 1};
  start(1);
  make_long("usual", ms(1));
  send("/usual");
  Client& refused = send("/usual");
  EXPECT_EQ(refused.finished, 1);
  EXPECT_EQ(refused.exchange.response.status, 503);
  poll_all();
}

TEST_F(SchedulerTest, DoesNotBeginWhatWouldMissItsDeadline) {
  start(1);
  make_long("timed", ms(40));
  for (int i = 0; i < 4; ++i)
    send("/timed");
  poll_all();  // the third would be ready after 120 ms, and has 100
  std::vector<int> statuses;
  for (std::size_t i = 1; i < clients_.size(); ++i)
    statuses.push_back(clients_[i]->exchange.response.status);
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 504, 504}));
  EXPECT_EQ(order().size(), 2U);
  EXPECT_EQ(seats_[0]->scheduler.stats().expired, 2U);
  std::vector<FlowStats> flows;
  seats_[0]->scheduler.add_to(flows);
  EXPECT_EQ(flows[5].missed, 0U);
  EXPECT_EQ(flows[5].least_slack, ms(20));  // of the second
  EXPECT_EQ(flows[5].refused, 2U);
}

TEST_F(SchedulerTest, RefusesAtOnceWhatWouldWaitForLongerThanItsDeadline) {
  start(1);
  make_long("timed", ms(40));
  send("/timed");
  poll_all();  // now it is known what queued ones take
  for (int i = 0; i < 20; ++i)
    send("/timed");
  EXPECT_GT(seats_[0]->scheduler.stats().shed, 0U);
  EXPECT_EQ(clients_.back()->exchange.response.status, 503);
  EXPECT_EQ(clients_.back()->exchange.response.headers()[0].name, "Retry-After");
}

TEST_F(SchedulerTest, CountsAnswersAfterTheDeadline) {
  start(1);
  cost_of_ = "timed";
  cost_ = ms(130);
  send("/timed");
  EXPECT_EQ(clients_.back()->exchange.response.status, 200);
  std::vector<FlowStats> flows;
  seats_[0]->scheduler.add_to(flows);
  EXPECT_EQ(flows[5].missed, 1U);
}

TEST_F(SchedulerTest, TheDeadlineOfAFlowCountsFromItsArrival) {
  start(1);
  send("/quick");
  const TimePoint arrival = clock_.now() + ms(2);
  clock_.advance(ms(2));
  Client& client = send("/wait");
  client.exchange.set_deadline_in(ms(50));
  clock_.advance(ms(10));
  client.exchange.set_deadline_in(ms(50));
  EXPECT_EQ(static_cast<Exchange&>(client.exchange).deadline(), arrival + ms(50));
  poll_all();
  cancel(client);
}

TEST_F(SchedulerTest, HoldsInFlightOfAFlow) {
  start(1);
  make_long("single", ms(1));
  Client& first = send("/single");
  Client& second = send("/single");
  EXPECT_EQ(second.exchange.response.status, 503);
  poll_all();
  EXPECT_EQ(first.exchange.response.status, 200);
  send("/single");
  poll_all();
  EXPECT_EQ(clients_.back()->exchange.response.status, 200);
}

TEST_F(SchedulerTest, HoldsTheRatesOfFlowsAndTenants) {
  settings_.flow_rates = {{"test.usual", {.count = 2, .per = Duration::from_seconds(10)}}};
  settings_.tenant_rates = {{"X-Tenant", {.count = 1, .per = Duration::from_seconds(1)}}};
  start(1);
  const auto status_for = [&](std::string_view tenant, const char* path) {
    clients_.push_back(std::make_unique<Client>(seats_[0]->scheduler, path));
    Client& client = *clients_.back();
    client.scheduler = &seats_[0]->scheduler;
    const Header header{"X-Tenant", tenant};
    client.exchange.request.headers = {&header, 1};
    const io::AsioLoop::Turn turn(seats_[0]->loop);
    EXPECT_EQ(client.scheduler->handle(client.exchange), Handled::kNow);
    client.on_finished();
    return std::string(client.exchange.response.status == 200
                           ? "200"
                           : std::to_string(client.exchange.response.status) + " " +
                                 std::string(client.exchange.response.headers()[0].value));
  };
  EXPECT_EQ(status_for("a", "/quick"), "200");
  EXPECT_EQ(status_for("a", "/quick"), "429 1");
  EXPECT_EQ(status_for("b", "/usual"), "200");
  EXPECT_EQ(status_for("c", "/usual"), "200");
  EXPECT_EQ(status_for("d", "/usual"), "429 5");
  poll_all();
  clock_.advance(Duration::from_seconds(5));
  EXPECT_EQ(status_for("d", "/usual"), "200");
  EXPECT_EQ(seats_[0]->scheduler.stats().limited, 2U);
}

TEST_F(SchedulerTest, ARateForAFlowThatDoesNotExistIsAnError) {
  settings_.flow_rates = {{"test.nothing", {.count = 2, .per = Duration::from_seconds(10)}}};
  start(1);
  EXPECT_EQ(fleet_->limits().error(), "there is no flow `test.nothing` for its rate");
}

}  // namespace
}  // namespace zerver::server
