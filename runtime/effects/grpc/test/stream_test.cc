// Streams of messages from a server with gRPC's own library, read as a flow reads them.
#include "peer.h"
#include "reading.h"
#include "tests/support/faults/fault_gate.h"
#include <zerver/core/list.h>
#include <zerver/flow/stream/source.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects {
namespace {

using peers::Blob;
using peers::Item;
using peers::Seen;
using testing::AdapterHarness;

class GrpcStreams : public GrpcPeerTest {
 protected:
  using GrpcPeerTest::GrpcPeerTest;
};

TEST_F(GrpcStreams, MessagesComeInTheirOrder) {
  flow::Source* const source = open(pass(1'001));
  ASSERT_NE(source, nullptr);
  Reading<Item> reading(*harness_, *source);
  std::int32_t count = 0;
  reading.read_all([&](const Item& item) { EXPECT_EQ(item.n, count++); });
  EXPECT_EQ(count, 1'001);
  EXPECT_EQ(reading.fault(), std::nullopt);
}

TEST_F(GrpcStreams, OneMayBeEmpty) {
  flow::Source* const source = open(pass(0));
  ASSERT_NE(source, nullptr);
  Reading<Item> reading(*harness_, *source);
  EXPECT_EQ(reading.next(), nullptr);
  EXPECT_EQ(reading.fault(), std::nullopt);
}

TEST_F(GrpcStreams, WhatFailsBeforeTheFirstMessageFailsTheOperation) {
  const auto none = harness_->perform(pass(3, -1));
  EXPECT_EQ(none->fault(), FaultKind::kMissing);
  EXPECT_EQ(none->status(), 5);
  EXPECT_EQ(none->why(), "none at all");
  const auto missing = harness_->perform(PeerAdapter::MissingStreamArguments{});
  EXPECT_EQ(missing->fault(), FaultKind::kRejected);
  EXPECT_EQ(missing->status(), 12);
}

TEST_F(GrpcStreams, WhatFailsLaterEndsTheStream) {
  flow::Source* const source = open(pass(10, 5));
  ASSERT_NE(source, nullptr);
  Reading<Item> reading(*harness_, *source);
  std::int32_t count = 0;
  reading.read_all([&](const Item& item) { EXPECT_EQ(item.n, count++); });
  EXPECT_EQ(count, 5);
  EXPECT_EQ(reading.fault(), FaultKind::kUnavailable);
  EXPECT_EQ(reading.status(), 15);
  EXPECT_EQ(reading.why(), "no more of them");
}

TEST_F(GrpcStreams, AMessageAgainstTheTraitsOfItsTypeEndsTheStream) {
  flow::Source* const source = open(pass(1'003));
  ASSERT_NE(source, nullptr);
  Reading<Item> reading(*harness_, *source);
  std::int32_t count = 0;
  reading.read_all([&](const Item&) { ++count; });
  EXPECT_LE(count, 1'001);
  EXPECT_EQ(reading.fault(), FaultKind::kUnavailable);
  EXPECT_EQ(reading.why(), "field 1 of its answer must be from 0 to 1000");
}

TEST_F(GrpcStreams, MessagesMayBeLargerThanTheWindowAndCompressed) {
  constexpr std::uint32_t kBytes = 900'000;
  for (const bool compressed : {false, true}) {
    flow::Source* const source = open(fetch_many(kBytes, 4, compressed));
    ASSERT_NE(source, nullptr);
    Reading<Blob> reading(*harness_, *source);
    int count = 0;
    reading.read_all([&](const Blob& blob) {
      EXPECT_EQ(blob.content.view(), std::string(kBytes, 'x'));
      ++count;
    });
    EXPECT_EQ(count, 4) << reading.why();
  }
}

class GrpcStreamsWithABound : public GrpcStreams {
 protected:
  GrpcStreamsWithABound() : GrpcStreams({{"max_body", "50000"}}) {}
};

TEST_F(GrpcStreamsWithABound, TheBoundIsThatOfAMessage) {
  for (const bool compressed : {false, true}) {
    flow::Source* const source = open(fetch_many(40'000, 20, compressed));
    ASSERT_NE(source, nullptr);
    Reading<Blob> reading(*harness_, *source);
    int count = 0;
    reading.read_all([&](const Blob&) { ++count; });
    EXPECT_EQ(count, 20) << reading.why();
    const auto large = harness_->perform(fetch_many(60'000, 1, compressed));
    EXPECT_EQ(large->fault(), FaultKind::kUnavailable);
  }
}

TEST_F(GrpcStreams, WhoClosesOneResetsIt) {
  const std::int32_t before = given_up();
  flow::Source* const source = open(PeerAdapter::EndlessArguments{});
  ASSERT_NE(source, nullptr);
  Reading<Item> reading(*harness_, *source);
  for (int parts = 0; parts < 5; ++parts)
    ASSERT_NE(reading.next(), nullptr);
  reading.close();
  EXPECT_GT(ask_until_above<PeerAdapter::GivenUpArguments>(before), before);
}

TEST_F(GrpcStreams, WhoGivesUpBeforeTheFirstMessageResetsIt) {
  const std::int32_t before = given_up();
  const std::int32_t begun = ask_until_above<PeerAdapter::BegunArguments>(-1);
  const auto waiting = harness_->start(PeerAdapter::WaitForStreamArguments{});
  ask_until_above<PeerAdapter::BegunArguments>(begun);
  waiting->cancel();
  EXPECT_GT(ask_until_above<PeerAdapter::GivenUpArguments>(before), before);
  const auto timed =
      harness_->perform(PeerAdapter::WaitForStreamArguments{}, {.patience = Duration::from_milliseconds(50)});
  EXPECT_EQ(timed->fault(), FaultKind::kTimeout);
}

// The first message comes while the server has nothing else to say.
TEST_F(GrpcStreams, AMessageIsToldWhenItComes) {
  flow::Source* const source = open(PeerAdapter::WatchArguments{});
  ASSERT_NE(source, nullptr);
  Reading<Seen> reading(*harness_, *source);
  const List<Seen>* const part = reading.next();
  ASSERT_NE(part, nullptr);
  ASSERT_EQ(part->size(), 1U);
  EXPECT_FALSE((*part)[0].fields.empty());
}

// It is quiet, but there.
TEST_F(GrpcStreams, WhoIsAskedWhetherItIsThereSaysSo) {
  const auto harness = open_peer(PeerServer::shared().url(), {{"keepalive", "400ms"}});
  const auto waited = harness->perform(PeerAdapter::WaitForStreamArguments{},
                                       {.patience = Duration::from_milliseconds(1'500)});
  EXPECT_EQ(waited->fault(), FaultKind::kTimeout);
}

TEST_F(GrpcStreams, AConnectionThatIsDeadEndsThem) {
  test::FaultGate gate(PeerServer::shared().port());
  harness_ = open_peer("http://127.0.0.1:" + std::to_string(gate.port()), {{"keepalive", "50ms"}});
  flow::Source* const source = open(PeerAdapter::WatchArguments{});
  ASSERT_NE(source, nullptr);
  Reading<Seen> reading(*harness_, *source);
  ASSERT_NE(reading.next(), nullptr);
  gate.set(test::GateFault::kBlackHole);
  EXPECT_EQ(reading.next(), nullptr);
  EXPECT_EQ(reading.fault(), FaultKind::kUnavailable);
  EXPECT_EQ(reading.why(), "it does not say that it is there");
}

// Nobody takes from it: the server has to wait, and others need not.
TEST_F(GrpcStreams, OneThatIsNotReadHoldsUpNobodyElse) {
  flow::Source* const idle = open(fetch_many(100'000, 1'000));
  ASSERT_NE(idle, nullptr);
  Reading<Blob> reading(*harness_, *idle);
  ASSERT_NE(reading.next(), nullptr);
  for (int call = 0; call < 50; ++call)
    ASSERT_TRUE(harness_->perform(fetch_bytes(100'000))->ok());
  EXPECT_NE(reading.next(), nullptr);
}

}  // namespace
}  // namespace zerver::effects
