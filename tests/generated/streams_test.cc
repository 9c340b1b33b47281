// Answers whose body is made while it is sent, as generated code makes them. What goes over a socket is
// tested with the server.

#include "streams.flow.h"
#include <zerver/testing/fake_source.h>
#include <zerver/testing/matchers.h>
#include <zerver/testing/req_test.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace zerver::testing {
namespace {

using flow::Value;
using ::streams::Item;
using ::streams::Pair;

class Streams : public ::testing::Test {
 protected:
  using Row = std::vector<Value>;

  static Row item(std::int64_t id, std::string_view name, std::string_view note = {}) {
    return {Value(id), Value(String::borrowed(name)), note.empty() ? Value() : Value(String::borrowed(note))};
  }
  FakeSource& source_of(std::string_view step) {
    sources_.push_back(std::make_shared<FakeSource>());
    things_.answer(step, FakeReply::open(sources_.back()));
    return *sources_.back();
  }
  ResponseText get(const std::string& target) { return test_.send({.target = target}); }

  static inline const std::vector<std::string> kColumns{"id", "name", "note"};

  ReqTest test_{::streams::package()};
  FakeAdapter& things_ = test_.fake("streams.things");
  std::vector<std::shared_ptr<FakeSource>> sources_;
};

TEST_F(Streams, AListIsALineAnElement) {
  const ResponseText answer = test_.send({Method::kPost, "/list", "[1, 2, 3]"});
  EXPECT_THAT(answer, HasStatus(200));
  EXPECT_EQ(answer.content_type, "application/jsonl");
  EXPECT_EQ(answer.body, "1\n2\n3\n");
}

TEST_F(Streams, ALongListIsComplete) {
  std::string list = "[0";
  std::string lines = "0\n";
  for (int i = 1; i < 20'000; ++i) {
    list += "," + std::to_string(i);
    lines += std::to_string(i) + "\n";
  }
  EXPECT_TRUE(test_.send({Method::kPost, "/list", list + "]"}).body == lines);
}

TEST_F(Streams, AListIsAnEventAnElement) {
  const ResponseText answer = test_.send({Method::kPost, "/list/events", "[7, 8]"});
  EXPECT_EQ(answer.content_type, "text/event-stream");
  EXPECT_EQ(answer.body, "data: 7\n\ndata: 8\n\n");
}

TEST_F(Streams, RowsComeInPartsAndBecomeLines) {
  FakeSource& source = source_of("find");
  source.rows(kColumns, {item(1, "a"), item(2, "b")}).rows(kColumns, {item(3, "c", "[1,\n 2]")});
  const ResponseText answer = get("/rows?below=9");
  EXPECT_THAT(answer, HasStatus(200));
  EXPECT_EQ(
      answer.body,
      "{\"id\":1,\"name\":\"a\"}\n{\"id\":2,\"name\":\"b\"}\n{\"id\":3,\"name\":\"c\",\"note\":[1,  2]}\n");
  EXPECT_EQ(source.asked(), 3U) << "two parts and the end";
  EXPECT_TRUE(source.is_closed());
}

TEST_F(Streams, ValuesAreSentAsTheyAre) {
  FakeSource& source = source_of("find_ready");
  const auto item_of = [](std::int64_t id) {
    return Item{.id = id, .name = String::borrowed("n"), .note = {}};
  };
  source.values<Item>({item_of(1), item_of(2)}).values<Item>({item_of(3)});
  EXPECT_EQ(get("/ready?below=9").body,
            "{\"id\":1,\"name\":\"n\"}\n{\"id\":2,\"name\":\"n\"}\n{\"id\":3,\"name\":\"n\"}\n");
  EXPECT_TRUE(source.is_closed());
}

TEST_F(Streams, ValuesMayBeWhatNoRowHolds) {
  source_of("find_pairs").values<Pair>({{.left = {.id = 1, .name = {}, .note = {}}, .right = {}}});
  EXPECT_EQ(get("/pairs").body, "data: {\"left\":{\"id\":1,\"name\":\"\"}}\n\n");
}

TEST_F(Streams, ASlotHoldsRowsOrValues) {
  source_of("find").rows(kColumns, {item(1, "row")});
  source_of("find_ready").values<Item>({{.id = -1, .name = String::borrowed("value"), .note = {}}});
  EXPECT_EQ(get("/either?below=1").body, "{\"id\":1,\"name\":\"row\"}\n");
  EXPECT_EQ(get("/either?below=-1").body, "{\"id\":-1,\"name\":\"value\"}\n");
}

TEST_F(Streams, RowsBecomeEvents) {
  source_of("find").rows(kColumns, {item(1, "a\nb")});
  EXPECT_EQ(get("/events?below=1").body, "data: {\"id\":1,\"name\":\"a\\nb\"}\n\n");
}

TEST_F(Streams, WithoutElementsTheBodyIsEmpty) {
  source_of("find");
  const ResponseText answer = get("/rows?below=1");
  EXPECT_THAT(answer, HasStatus(200));
  EXPECT_EQ(answer.body, "");
}

TEST_F(Streams, BytesComeAsTheyAre) {
  source_of("fetch").bytes("one ").bytes(std::string(100'000, 'x')).bytes(" end");
  const ResponseText answer = get("/bytes");
  EXPECT_THAT(answer, HasStatus(200));
  EXPECT_EQ(answer.content_type, "application/octet-stream");
  EXPECT_EQ(answer.body, "one " + std::string(100'000, 'x') + " end");
  EXPECT_EQ(get("/typed").content_type, "image/png");
}

TEST_F(Streams, WhatCannotBeOpenedIsAnErrorOfTheStep) {
  things_.answer("find", FakeReply::fault(FaultKind::kUnavailable));
  EXPECT_THAT(get("/rows?below=1"), IsProblem(503, "streams.Busy"));
}

TEST_F(Streams, WhatFailsBeforeAByteWasSentIsAProblem) {
  source_of("find").rows(kColumns, {item(1, "a")}).fails(FaultKind::kUnavailable);
  EXPECT_THAT(get("/rows?below=1"), HasStatus(503));
  EXPECT_TRUE(sources_.back()->is_closed());
}

TEST_F(Streams, ARowThatDoesNotFitEndsTheStream) {
  FakeSource& source = source_of("find");
  source.rows({"id"}, {{Value(std::int64_t{1})}});
  EXPECT_THAT(get("/rows?below=1"), HasStatus(500));
  EXPECT_TRUE(source.is_closed());
}

TEST_F(Streams, TheDeadlineOfTheFlowEndsIt) {
  FakeSource& source = source_of("find");
  source.rows(kColumns, {item(1, "a")}).hold_back_from(1);
  EXPECT_THAT(get("/rows?below=1"), HasStatus(504));
  EXPECT_TRUE(source.is_closed());
}

TEST_F(Streams, WhatIsNotSentIsClosedUnread) {
  FakeSource& source = source_of("find");
  source.rows(kColumns, {item(1, "a")});
  EXPECT_EQ(get("/unsent?below=-1").body, "none");
  EXPECT_TRUE(source.is_closed());
  EXPECT_EQ(source.asked(), 0U);
}

TEST_F(Streams, ThatAreHandedToAnOperationAreClosedWithTheRequestAtTheLatest) {
  FakeSource& raw = source_of("fetch");
  FakeSource& items = source_of("find");
  things_.answer("keep", FakeReply::value(std::int64_t{5}));
  EXPECT_EQ(test_.send({Method::kPost, "/kept?below=1"}).body, "{\"kept\":5}");
  EXPECT_TRUE(raw.is_closed());
  EXPECT_TRUE(items.is_closed());
}

// As adapters do that are done with them earlier.
TEST_F(Streams, ThatAreFinishedByAnOperationAreClosedOnce) {
  FakeSource& raw = source_of("fetch");
  source_of("find");
  things_.answer("keep", FakeReply::call([&raw](flow::Operation& operation) {
                   static_cast<const ::streams::StoreAdapter::KeepArguments*>(operation.arguments())
                       ->body.source->finish();
                   EXPECT_TRUE(raw.is_closed());
                   const std::int64_t kept = 6;
                   operation.complete(&kept);
                 }));
  EXPECT_EQ(test_.send({Method::kPost, "/kept?below=1"}).body, "{\"kept\":6}");
}

}  // namespace
}  // namespace zerver::testing
