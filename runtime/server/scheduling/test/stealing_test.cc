// Requests that run on another worker than their own.
#include "runtime/server/scheduling/test/scheduler_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zerver::server {
namespace {

TEST_F(SchedulerTest, AnIdleWorkerTakesWhatWaitsElsewhereAndItComesBack) {
  start(2);
  make_long("usual", ms(1));
  Client& first = send("/usual");
  Client& second = send("/usual");
  poll(1);  // the second worker, while the first is busy
  EXPECT_EQ(ran_, (std::vector<Ran>{{"usual", 1}, {"usual", 1}}));
  EXPECT_EQ(first.finished + second.finished, 0);  // that is said at home
  poll(0);
  EXPECT_EQ(first.finished, 1);
  EXPECT_EQ(second.finished, 1);
  EXPECT_EQ(first.exchange.response.status, 200);
  EXPECT_EQ(&first.exchange.worker(), &seats_[0]->worker);
  EXPECT_EQ(seats_[1]->scheduler.stats().stolen, 2U);
}

TEST_F(SchedulerTest, WithoutStealingRequestsStay) {
  settings_.steal = false;
  start(2);
  make_long("usual", ms(1));
  send("/usual");
  send("/usual");
  poll(1);
  EXPECT_TRUE(ran_.empty());
  poll_all();
  EXPECT_EQ(ran_, (std::vector<Ran>{{"usual", 0}, {"usual", 0}}));
}

TEST_F(SchedulerTest, AFlowThatWaitsHereIsCancelledHere) {
  start(2);
  Client& client = send("/wait");
  EXPECT_EQ(seats_[0]->scheduler.stats().suspended, 1U);
  EXPECT_TRUE(client.exchange.stays());
  EXPECT_EQ(client.exchange.waits_for(), "wait of held");
  cancel(client);
  EXPECT_EQ(client.finished, 1);
  EXPECT_EQ(seats_[0]->adapter.cancelled, 1);
  EXPECT_EQ(seats_[0]->scheduler.stats().suspended, 0U);
}

// Flows that wait for an effect on the second worker, their clients are on the first.
class AwayTest : public SchedulerTest {
 protected:
  Client& send_away() {
    start(2);
    make_long("wait", ms(1));
    while (!seats_[0]->adapter.held.empty())
      seats_[0]->adapter.answer();
    while (!seats_[1]->adapter.held.empty())
      seats_[1]->adapter.answer();
    poll_all();
    Client& client = send("/wait");
    send("/wait");  // two are worth waking somebody
    poll(1);
    EXPECT_EQ(seats_[1]->adapter.held.size(), 2U);
    EXPECT_EQ(&client.exchange.worker(), &seats_[1]->worker);
    EXPECT_EQ(client.home().place_of(client.exchange), Scheduler::Place::kAway);
    return client;
  }
  void finish_the_rest() {
    while (!seats_[1]->adapter.held.empty())
      seats_[1]->adapter.answer();
    poll_all();
    for (const auto& client : clients_)
      EXPECT_EQ(client->finished, 1);
    EXPECT_EQ(seats_[1]->scheduler.guests(), nullptr);
    EXPECT_EQ(seats_[1]->scheduler.stats().suspended, 0U);
  }
};

TEST_F(AwayTest, FinishesAwayAndIsAnsweredAtHome) {
  Client& client = send_away();
  seats_[1]->adapter.answer();
  seats_[1]->adapter.answer();
  EXPECT_EQ(client.finished, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  EXPECT_EQ(client.exchange.response.body, "waited");
  finish_the_rest();
}

TEST_F(AwayTest, IsCancelledWhereItRuns) {
  Client& client = send_away();
  cancel(client);
  EXPECT_EQ(client.finished, 0);
  poll(1);
  EXPECT_EQ(seats_[1]->adapter.cancelled, 1);
  EXPECT_EQ(client.finished, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  EXPECT_EQ(client.exchange.response.status, 504);
  finish_the_rest();
}

TEST_F(AwayTest, FinishesWhileTheCancellationIsOnItsWay) {
  Client& client = send_away();
  cancel(client);
  seats_[1]->adapter.answer();
  seats_[1]->adapter.answer();
  poll(0);
  EXPECT_EQ(client.finished, 0);  // the cancellation still refers to it
  poll(1);
  EXPECT_EQ(seats_[1]->adapter.cancelled, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  finish_the_rest();
}

TEST_F(AwayTest, IsCancelledWhileItIsOnItsWayHome) {
  Client& client = send_away();
  seats_[1]->adapter.answer();
  seats_[1]->adapter.answer();
  cancel(client);
  poll(1);
  EXPECT_EQ(client.finished, 0);
  poll(0);
  EXPECT_EQ(client.finished, 1);
  finish_the_rest();
}

}  // namespace
}  // namespace zerver::server
