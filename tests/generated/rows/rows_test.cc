// What generated code binds to statements and reads from their rows, over SQLite in memory; also when its
// tables are not those any more that the program was compiled for.
#include "rows.flow.h"
#include <zerver/effects/system.h>
#include <zerver/flow/data/row_set.h>
#include <zerver/testing/fake_source.h>
#include <zerver/testing/sim_world.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::testing {
namespace {

// Hands out one stream, whichever is asked for.
class Feed final : public effects::System {
 public:
  explicit Feed(FakeSource& source) noexcept : source_(&source) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override { return std::make_unique<Lines>(*source_); }

 private:
  class Lines final : public rows::v1::FeedAdapter {
   public:
    explicit Lines(FakeSource& source) noexcept : source_(&source) {}
    void values(const ValuesArguments&, flow::StreamReply reply) override { reply.open(*source_); }
    void rows(const RowsArguments&, flow::StreamReply reply) override { reply.open(*source_); }
    void cancel(flow::Operation&) noexcept override {}

   private:
    FakeSource* source_;
  };
  FakeSource* source_;
};

class Rows : public ::testing::Test {
 protected:
  Rows() {
    world.registry().add("rows.v1.feed", [this](const flow::TargetInfo&, const flow::TargetConfig&) {
      return effects::Opened{std::make_unique<Feed>(source), {}};
    });
    const std::string body =
        R"([{"id":1,"name":"tea \"x\"","tags":[]},{"id":2,"name":"milk","tags":["cold","a, b"]}])";
    EXPECT_EQ(answer({Method::kPost, "/items", body}).body, R"({"added":2})");
  }

  ResponseText answer(RequestText request) {
    world.send(std::move(request));
    EXPECT_TRUE(world.run());
    return world.requests().back().response;
  }
  std::string get(std::string target) {
    const ResponseText response = answer({Method::kGet, std::move(target)});
    return response.status == 200 ? response.body : std::to_string(response.status);
  }
  void change(std::string_view statement) {
    flow::RowSet rows;
    world.sqlite().query("sqlite:rows.db", statement, rows);
  }

  static flow::Value text(std::string_view value) { return {String::borrowed(value)}; }
  static rows::v1::Line line(std::int64_t id, std::string_view name) {
    return {.id = id, .name = String::borrowed(name), .tags = {}};
  }

  FakeSource source;
  SimWorld world{{&rows::v1::package()}, {}};
};

constexpr std::string_view kTea = R"({"id":1,"name":"tea \"x\"","price":7,"stars":3,"tags":[]})";
constexpr std::string_view kMilk = R"({"id":2,"name":"milk","price":7,"stars":3,"tags":["cold","a, b"]})";

TEST_F(Rows, AreReadIntoTheFieldsOfTheirNames) {
  EXPECT_EQ(get("/items/1"), kTea);
  EXPECT_EQ(get("/items/2"), kMilk);
  EXPECT_EQ(get("/items/3"), "404");
}

TEST_F(Rows, TakeListsForConditionsAndGiveThemBack) {
  EXPECT_EQ(get("/items?ids=2&ids=9&ids=1"), '[' + std::string(kTea) + ',' + std::string(kMilk) + ']');
  EXPECT_EQ(get("/items?ids=9"), "[]");
  EXPECT_EQ(get("/items/2/tags"), R"({"tags":["cold","a, b"]})");
}

TEST_F(Rows, AreInsertedAllOrNone) {
  const std::string body = R"([{"id":8,"name":"a","tags":[]},{"id":1,"name":"b","tags":[]}])";
  EXPECT_EQ(answer({Method::kPost, "/items", body}).status, 409);
  EXPECT_EQ(get("/items/8"), "404");
}

TEST_F(Rows, AreCopiedFromTheFieldsOfTheirColumns) {
  const std::string body = R"([{"id":8,"name":"a\tb","tags":["x","y"]},{"id":9,"name":"","tags":[]}])";
  const ResponseText copied = answer({Method::kPost, "/copies", body});
  EXPECT_EQ(copied.status, 201);
  EXPECT_EQ(copied.body, R"({"added":2})");
  EXPECT_EQ(get("/items/8"), R"({"id":8,"name":"a\tb","price":7,"stars":3,"tags":["x","y"]})");
  EXPECT_EQ(get("/items/9"), R"({"id":9,"name":"","price":7,"stars":3,"tags":[]})");
  EXPECT_EQ(answer({Method::kPost, "/copies", "[]"}).body, R"({"added":0})");
}

TEST_F(Rows, AreCopiedAllOrNone) {
  const std::string body = R"([{"id":8,"name":"a","tags":[]},{"id":1,"name":"b","tags":[]}])";
  EXPECT_EQ(answer({Method::kPost, "/copies", body}).status, 409);
  EXPECT_EQ(get("/items/8"), "404");
  // In a transaction what was copied before goes, too.
  EXPECT_EQ(answer({Method::kPost, "/twice", R"([{"id":8,"name":"a","tags":[]}])"}).status, 409);
  EXPECT_EQ(get("/items/8"), "404");
}

TEST_F(Rows, AreCopiedWithEveryTypeOfField) {
  const std::string body =
      R"([{"id":1,"name":"n","state":"out of date","price":"12345678901234567.89","at":"2024-02-29T12:30:00.500000Z",)"
      R"("span":"PT26H","key":"0189f7e4-5b5c-7cc3-98c4-dc0c0c07398f","flag":true,"ratio":0.1,)"
      R"("big":18446744073709551615,"data":"AP8=","tags":["a"],"doc":{"x":[1]}},)"
      R"({"id":2,"name":"","state":"fresh","price":"0","at":"1970-01-01T00:00:00Z",)"
      R"("key":"00000000-0000-0000-0000-000000000000","flag":false,"ratio":-1.5,)"
      R"("big":0,"data":"","doc":null}])";
  const ResponseText copied = answer({Method::kPost, "/kinds", body});
  EXPECT_EQ(copied.status, 201);
  EXPECT_EQ(copied.body, body);
}

TEST_F(Rows, OfAStreamOfValuesAreCopied) {
  source.values<rows::v1::Line>({line(8, "a"), line(9, "b\tc")}).values<rows::v1::Line>({line(10, "")});
  const ResponseText copied = answer({Method::kPost, "/streams/values", ""});
  EXPECT_EQ(copied.body, R"({"added":3})");
  EXPECT_EQ(get("/items/9"), R"({"id":9,"name":"b\tc","price":7,"stars":3,"tags":[]})");
  EXPECT_TRUE(source.is_closed());
}

TEST_F(Rows, OfAStreamOfRowsAreReadIntoTheStructFirst) {
  source
      .rows({"name", "tags", "id"},
            {{text("a"), text(R"(["x"])"), {std::int64_t{8}}}, {text("b"), text("[]"), {std::int64_t{9}}}})
      .rows({"name", "tags", "id"}, {{text("c"), text("[]"), {std::int64_t{10}}}});
  EXPECT_EQ(answer({Method::kPost, "/streams/rows", ""}).body, R"({"added":3})");
  EXPECT_EQ(get("/items/8"), R"({"id":8,"name":"a","price":7,"stars":3,"tags":["x"]})");
  EXPECT_EQ(get("/items/10"), R"({"id":10,"name":"c","price":7,"stars":3,"tags":[]})");
}

TEST_F(Rows, OfAStreamHaveFieldsOfEveryType) {
  source.rows(
      {"id", "name", "state", "price", "at", "span", "key", "flag", "ratio", "big", "data", "tags", "doc"},
      {{{std::int64_t{1}},
        text("n"),
        text("out of date"),
        text("12345678901234567.89"),
        text("2024-02-29T12:30:00.500000Z"),
        {},
        text("0189f7e4-5b5c-7cc3-98c4-dc0c0c07398f"),
        {std::int64_t{1}},
        {0.1},
        text("18446744073709551615"),
        {Bytes::borrowed("\x01\xFF")},
        text(R"(["a"])"),
        text(R"({"x":[1]})")}});
  const ResponseText copied = answer({Method::kPost, "/streams/kinds", ""});
  EXPECT_EQ(copied.status, 201) << copied.body;
  EXPECT_EQ(
      copied.body,
      R"([{"id":1,"name":"n","state":"out of date","price":"12345678901234567.89","at":"2024-02-29T12:30:00.500000Z",)"
      R"("key":"0189f7e4-5b5c-7cc3-98c4-dc0c0c07398f","flag":true,"ratio":0.1,)"
      R"("big":18446744073709551615,"data":"Af8=","tags":["a"],"doc":{"x":[1]}}])");
}

// The row of the table that is wrong stands in the log.
TEST_F(Rows, OfAStreamThatAreNoneEndTheRequest) {
  source.rows({"id", "name", "tags"}, {{{std::int64_t{8}}, text("a"), text("[]")}})
      .rows({"id", "name", "tags"},
            {{{std::int64_t{9}}, text("b"), text("[]")}, {text("ten"), text("c"), text("[]")}});
  EXPECT_EQ(answer({Method::kPost, "/streams/rows", ""}).status, 500);
  ASSERT_FALSE(world.log().empty());
  EXPECT_NE(world.log().back().find("row 3: "), std::string::npos) << world.log().back();
  EXPECT_EQ(get("/items/8"), "404");
  EXPECT_TRUE(source.is_closed());
}

TEST_F(Rows, OfAStreamThatBreaksOffLeaveNothing) {
  source.values<rows::v1::Line>({line(8, "a")}).fails(FaultKind::kTimeout);
  EXPECT_EQ(answer({Method::kPost, "/streams/values", ""}).status, 503);
  EXPECT_EQ(get("/items/8"), "404");
}

// What a network delivers twice finds nothing the second time: the flow is told that it may have happened.
TEST_F(Rows, OfAStreamAreThereOnceWhenTheyAreSentTwice) {
  source.values<rows::v1::Line>({line(8, "a"), line(9, "b")});
  FaultPlan twice = FaultPlan::calm();
  twice.duplicate = 1000;
  world.faults().set("rows.v1.db", twice);
  EXPECT_EQ(answer({Method::kPost, "/streams/values", ""}).status, 503);
  EXPECT_TRUE(source.is_closed());
  EXPECT_EQ(world.sqlite().number("sqlite:rows.db", "select count(*) from item where id in (8, 9)"), 2);
}

TEST_F(Rows, OfAStreamArePartOfATransaction) {
  source.values<rows::v1::Line>({line(8, "a"), line(9, "b")});
  // What comes behind them is there already.
  EXPECT_EQ(answer({Method::kPost, "/streams/tx", R"([{"id":1,"name":"x","tags":[]}])"}).status, 409);
  EXPECT_EQ(get("/items/8"), "404");
}

TEST_F(Rows, AreNotLookedForByAValueThatCannotBeUsed) {
  EXPECT_EQ(get("/first?word=1"), R"({"names":["tea \"x\""]})");
  const ResponseText refused = answer({Method::kGet, "/first?word=many"});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("a value cannot be used"), std::string::npos) << refused.body;
  // Who writes calls it a conflict.
  EXPECT_EQ(answer({Method::kPost, "/words?word=many", ""}).status, 409);
}

TEST_F(Rows, AreNeverRounded) {
  EXPECT_EQ(answer({Method::kPost, "/prices/1?price=123456789.012345", ""}).status, 201);
  EXPECT_EQ(answer({Method::kPost, "/prices/2?price=1234567890123.4567", ""}).status, 409);
  EXPECT_EQ(answer({Method::kPost, "/prices", R"([{"id":3,"price":"1.5"},{"id":4,"price":"2"}])"}).status,
            201);
  EXPECT_EQ(
      answer({Method::kPost, "/prices", R"([{"id":5,"price":"1.5"},{"id":6,"price":"0.1234567890123456"}])"})
          .status,
      409);
  EXPECT_EQ(world.sqlite().number("sqlite:rows.db", "select count(*) from priced"), 3);
}

TEST_F(Rows, MayHaveFurtherColumnsByNow) {
  EXPECT_EQ(get("/items/2"), kMilk);
  change("alter table item add column stars integer not null default 5");
  EXPECT_EQ(get("/items/2"), R"({"id":2,"name":"milk","price":7,"stars":5,"tags":["cold","a, b"]})");
}

TEST_F(Rows, MayHaveTheirColumnsInAnotherOrderByNow) {
  EXPECT_EQ(get("/items/2"), kMilk);
  change("create table other (name text not null, price integer not null, tags text not null, id integer)");
  change("insert into other select name, price, tags, id from item");
  change("drop table item");
  change("alter table other rename to item");
  EXPECT_EQ(get("/items/2"), kMilk);
  EXPECT_EQ(get("/items?ids=1"), '[' + std::string(kTea) + ']');
}

TEST_F(Rows, WithoutARequiredColumnEndTheRequest) {
  EXPECT_EQ(get("/items/2"), kMilk);
  change("alter table item rename column name to title");
  EXPECT_EQ(get("/items/2"), "500");
  ASSERT_FALSE(world.log().empty());
  EXPECT_NE(world.log().back().find("the row has no column `name`"), std::string::npos) << world.log().back();
}

}  // namespace
}  // namespace zerver::testing
