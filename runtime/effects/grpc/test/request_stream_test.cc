// Streams of messages to a server with gRPC's own library, and in both directions at once.
#include "peer.h"
#include "reading.h"
#include "tests/support/faults/fault_gate.h"
#include <zerver/testing/fake_source.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace zerver::effects {
namespace {

using peers::Blob;
using peers::Item;
using testing::AdapterHarness;
using testing::FakeSource;

std::vector<Item> items(std::int32_t from, std::int32_t to) {
  std::vector<Item> items;
  for (std::int32_t n = from; n < to; ++n)
    items.push_back({.n = n});
  return items;
}

template <class T> flow::Stream<T> stream_of(flow::Source& source) {
  return {.source = &source, .rows = {}, .is_typed = true};
}

// One message after the other, for ever.
class Endless final : public flow::Source {
 public:
  explicit Endless(std::string text) : text_(std::move(text)) {
    blob_.content = Bytes::borrowed(text_);
    part_ = List<Blob>::borrowed(std::span(&blob_, 1));
  }
  void next(Reader& reader) noexcept override {
    ++asked_;
    reader.on_part(&part_);
  }
  void close() noexcept override { is_closed_ = true; }
  std::size_t asked() const noexcept { return asked_; }
  bool is_closed() const noexcept { return is_closed_; }

 private:
  std::string text_;
  Blob blob_;
  List<Blob> part_;
  std::size_t asked_ = 0;
  bool is_closed_ = false;
};

class GrpcRequestStreams : public GrpcPeerTest {
 protected:
  static PeerAdapter::SumArguments sum(flow::Source& source) { return {.items = stream_of<Item>(source)}; }
  static PeerAdapter::SwapArguments swap(flow::Source& source) { return {.items = stream_of<Item>(source)}; }
};

TEST_F(GrpcRequestStreams, MessagesOfAllPartsAreSent) {
  FakeSource source;
  source.values(items(0, 300)).values(items(300, 301)).values(items(301, 1'001));
  const auto total = harness_->perform(sum(source));
  ASSERT_TRUE(total->ok()) << total->why();
  EXPECT_EQ(total->value().count, 1'001);
  EXPECT_EQ(total->value().sum, 500'500);
  EXPECT_TRUE(source.is_closed());
}

TEST_F(GrpcRequestStreams, OneMayBeEmpty) {
  FakeSource source;
  const auto total = harness_->perform(sum(source));
  ASSERT_TRUE(total->ok()) << total->why();
  EXPECT_EQ(total->value().count, 0);
}

TEST_F(GrpcRequestStreams, MessagesMayBeLargerThanAFrameAndCompressed) {
  constexpr std::size_t kBytes = 900'000;
  const std::string text(kBytes, 'x');
  for (const char* const compress : {"false", "true"}) {
    harness_ = open_peer(PeerServer::shared().url(), {{"compress", compress}});
    FakeSource source;
    for (int part = 0; part < 3; ++part)
      source.values(std::vector<Blob>(2, Blob{.content = Bytes::borrowed(text)}));
    const auto total = harness_->perform(PeerAdapter::MeasureArguments{.blobs = stream_of<Blob>(source)});
    ASSERT_TRUE(total->ok()) << total->why();
    EXPECT_EQ(total->value().count, 6);
    EXPECT_EQ(total->value().sum, 6 * static_cast<std::int64_t>(kBytes));
  }
}

TEST_F(GrpcRequestStreams, AnAnswerBeforeTheirEndIsTheAnswer) {
  FakeSource source;
  source.values(items(7, 9)).values(items(9, 12)).hold_back_from(1);
  const auto total = harness_->perform(PeerAdapter::TakeTwoArguments{.items = stream_of<Item>(source)});
  ASSERT_TRUE(total->ok()) << total->why();
  EXPECT_EQ(total->value().sum, 15);
  EXPECT_TRUE(source.is_closed());
}

TEST_F(GrpcRequestStreams, ARefusalBeforeTheirEndIsTold) {
  FakeSource source;
  source.values(items(0, 2)).values(items(2, 3)).hold_back_from(1);
  const auto total = harness_->perform(PeerAdapter::RefuseSecondArguments{.items = stream_of<Item>(source)});
  EXPECT_EQ(total->fault(), FaultKind::kConflict);
  EXPECT_EQ(total->why(), "not two of them");
  EXPECT_TRUE(source.is_closed());
}

TEST_F(GrpcRequestStreams, WhatFailsOnTheWayGivesTheCallUp) {
  const std::int32_t before = given_up();
  FakeSource source;
  source.values(items(0, 2)).fails(FaultKind::kUnavailable, "the database is gone");
  const auto total = harness_->perform(sum(source));
  EXPECT_EQ(total->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(total->why(), "what it is to send has failed: the database is gone");
  EXPECT_TRUE(source.is_closed());
  EXPECT_GT(ask_until_above<PeerAdapter::GivenUpArguments>(before), before);
}

// The windows of HTTP/2 are full; others have theirs.
TEST_F(GrpcRequestStreams, WhoTakesNothingIsSentNoMoreThanItsWindow) {
  const std::int32_t begun = ask_until_above<PeerAdapter::BegunArguments>(-1);
  const std::int32_t before = given_up();
  Endless source(std::string(10'000, 'x'));
  const auto holding = harness_->start(PeerAdapter::HoldArguments{.blobs = stream_of<Blob>(source)});
  ask_until_above<PeerAdapter::BegunArguments>(begun);
  std::size_t asked = 0;
  for (int quiet = 0; quiet < 20; ++quiet) {
    if (source.asked() != asked) quiet = 0;
    asked = source.asked();
    ASSERT_LT(asked, 2'000U) << "20 MB that nobody has taken";
    ASSERT_TRUE(harness_->perform(count_to(10))->ok());
  }
  EXPECT_FALSE(source.is_closed());
  holding->cancel();
  EXPECT_TRUE(source.is_closed());
  EXPECT_GT(ask_until_above<PeerAdapter::GivenUpArguments>(before), before);
}

TEST_F(GrpcRequestStreams, OneThatHasBegunIsNotSentAgain) {
  test::FaultGate gate(PeerServer::shared().port());
  harness_ = open_peer("http://127.0.0.1:" + std::to_string(gate.port()));
  ASSERT_TRUE(harness_->perform(count_to(1))->ok());
  FakeSource source;
  source.values(items(0, 2)).values(items(2, 3)).hold_back_from(1);
  const auto total = harness_->start(sum(source));
  ASSERT_TRUE(harness_->run_until([&] { return source.is_waiting(); }));
  gate.reset_connections();
  ASSERT_TRUE(harness_->run_until([&] { return total->ended(); }));
  EXPECT_EQ(total->fault(), FaultKind::kUnavailable);
  EXPECT_TRUE(source.is_closed());
  EXPECT_TRUE(harness_->perform(count_to(1))->ok());
}

// --- In both directions ---

TEST_F(GrpcRequestStreams, AnswersComeWhileMessagesAreSent) {
  FakeSource source;
  source.values(items(0, 3)).values(items(3, 4)).values(items(4, 1'000)).hold_back_from(1);
  flow::Source* const opened = open(swap(source));
  ASSERT_NE(opened, nullptr);
  Reading<Item> reading(*harness_, *opened);
  std::int32_t count = 0;
  const auto take = [&](const List<Item>* part) {
    ASSERT_NE(part, nullptr) << reading.why();
    for (const Item& item : *part)
      EXPECT_EQ(item.n, count++);
  };
  while (count < 3)
    take(reading.next());
  for (const std::int32_t next : {4, 1'000}) {
    ASSERT_TRUE(harness_->run_until([&] { return source.is_waiting(); }));
    source.release();
    while (count < next)
      take(reading.next());
  }
  ASSERT_TRUE(harness_->run_until([&] { return source.is_waiting(); }));
  source.release();
  EXPECT_EQ(reading.next(), nullptr);
  EXPECT_EQ(reading.fault(), std::nullopt) << reading.why();
  EXPECT_TRUE(source.is_closed());
}

TEST_F(GrpcRequestStreams, WhatFailsOnTheWayFailsTheAnswersToo) {
  FakeSource source;
  source.values(items(0, 3)).fails(FaultKind::kUnavailable).hold_back_from(1);
  flow::Source* const opened = open(swap(source));
  ASSERT_NE(opened, nullptr);
  Reading<Item> reading(*harness_, *opened);
  ASSERT_NE(reading.next(), nullptr);
  source.release();
  reading.read_all([](const Item&) {});
  EXPECT_EQ(reading.fault(), FaultKind::kUnavailable);
  EXPECT_TRUE(source.is_closed());
}

TEST_F(GrpcRequestStreams, WhoClosesTheAnswersGivesTheMessagesBack) {
  const std::int32_t before = given_up();
  FakeSource source;
  source.values(items(0, 3)).values(items(3, 4)).hold_back_from(1);
  flow::Source* const opened = open(swap(source));
  ASSERT_NE(opened, nullptr);
  Reading<Item> reading(*harness_, *opened);
  ASSERT_NE(reading.next(), nullptr);
  EXPECT_FALSE(source.is_closed());
  reading.close();
  EXPECT_TRUE(source.is_closed());
  EXPECT_GT(ask_until_above<PeerAdapter::GivenUpArguments>(before), before);
}

}  // namespace
}  // namespace zerver::effects
