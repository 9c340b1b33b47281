// When requests run, and in which order.
#include "runtime/server/scheduling/test/scheduler_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zerver::server {
namespace {

TEST_F(SchedulerTest, BeginsAtOnceWhileTheQuantumLasts) {
  start(1);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(send("/quick").finished, 1);
  EXPECT_EQ(seats_[0]->scheduler.stats().queued, 0U);
  clock_.advance(ms(2));  // since the sockets were looked at
  Client& late = send("/quick");
  EXPECT_EQ(late.finished, 0);
  poll(0);
  EXPECT_EQ(late.finished, 1);
  EXPECT_EQ(late.exchange.response.status, 200);
  EXPECT_EQ(seats_[0]->scheduler.stats().queued, 1U);
}

TEST_F(SchedulerTest, WorksOffMoreUrgentClassesFirst) {
  start(1);
  send("/quick");
  clock_.advance(ms(20));
  ran_.clear();
  for (const char* const path : {"/heavy", "/usual", "/quick", "/usual", "/quick"})
    send(path);
  poll_all();
  EXPECT_EQ(order(), (std::vector<std::string>{"quick", "quick", "usual", "usual", "heavy"}));
}

TEST_F(SchedulerTest, LooksAtTheSocketsAfterAQuantum) {
  start(1);
  make_long("usual", ms(3));  // its quantum is 5 ms
  for (int i = 0; i < 4; ++i)
    send("/usual");
  EXPECT_EQ(ran_.size(), 0U);  // what takes long waits until all input is read
  seats_[0]->loop.context().restart();
  seats_[0]->loop.context().poll_one();
  EXPECT_EQ(ran_.size(), 2U);
  poll_all();
  EXPECT_EQ(ran_.size(), 4U);
}

TEST_F(SchedulerTest, CountsOverrunsAndProposesQuanta) {
  start(1);
  make_long("usual", ms(7));
  for (int i = 0; i < 120; ++i) {
    send("/usual");
    poll_all();
  }
  const SchedulerStats stats = seats_[0]->scheduler.stats();
  EXPECT_EQ(stats.overruns[1], 121U);
  EXPECT_EQ(stats.overruns[0], 0U);
  const async::Quanta proposed = async::propose_quanta(seats_[0]->scheduler.run_times(), settings_.quanta);
  EXPECT_GE(proposed[Priority::kNormal], ms(7));
  EXPECT_LE(proposed[Priority::kNormal], ms(8));
  std::vector<FlowStats> flows;
  seats_[0]->scheduler.add_to(flows);
  EXPECT_EQ(flows[1].overruns, 121U);
  EXPECT_EQ(flows[1].longest_run, ms(7));
}

TEST_F(SchedulerTest, WhatWaitsIsCancelledAtOnce) {
  start(1);
  make_long("usual", ms(1));
  Client& client = send("/usual");
  cancel(client);
  EXPECT_EQ(client.finished, 1);
  poll_all();
  EXPECT_TRUE(ran_.empty());
  EXPECT_EQ(client.finished, 1);
}

}  // namespace
}  // namespace zerver::server
