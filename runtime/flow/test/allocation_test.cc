// What a request costs in heap allocations once the first ones have warmed everything up: none. A program of
// its own, because operator new counts.
#include "handmade.flow.h"
#include "tests/support/allocation_count.h"
#include "zerver.flow.h"
#include <zerver/core/random.h>
#include <zerver/flow/generated.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace zerver::flow {
namespace {

// Answers each statement with the same row, at once.
class OneRow final : public SqlAdapter {
 public:
  OneRow() {
    for (const char* const column : {"id", "title", "done", "due"})
      rows_.add_column(column);
    rows_.add_cell(Value(String("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")));
    rows_.add_cell(Value(String("tea")));
    rows_.add_cell(Value(std::int64_t{0}));
    rows_.add_cell(Value());
  }
  void one(const OneArguments&, RowsReply reply) override { reply.rows(rows_); }
  void maybe(const MaybeArguments&, RowsReply reply) override { reply.rows(rows_); }
  void many(const ManyArguments&, RowsReply reply) override { reply.rows(rows_); }
  void exec(const ExecArguments&, Reply<std::int64_t> reply) override { reply.succeed(1); }
  void cancel(Operation&) noexcept override {}

 private:
  RowSet rows_;
};

class SameUuid final : public RandomAdapter {
 public:
  void uuid(const UuidArguments&, Reply<Uuid> reply) override { reply.succeed({}); }
  void u64(const U64Arguments&, Reply<std::uint64_t> reply) override { reply.succeed(0); }
  void cancel(Operation&) noexcept override {}
};

class Sent final : public Exchange {
 public:
  explicit Sent(Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

class Allocations : public ::testing::Test {
 protected:
  // Those of one request, behind some that warm up.
  std::size_t of(Method method, std::string_view path, std::string body, std::uint16_t status) {
    const std::size_t size = body.size();
    body.resize(size + Request::kBodyPadding);
    std::size_t before = 0;
    for (int request = 0; request < 10; ++request) {
      exchange.reset();
      before = test::allocations();
      exchange.request.method = method;
      exchange.request.path = path;
      exchange.request.body = std::string_view(body).substr(0, size);
      exchange.set_targets(targets);
      RouteMatch match;
      EXPECT_EQ(handmade::v1::package().handle(exchange, match), Handled::kNow);
      EXPECT_EQ(exchange.response.status, status);
    }
    return test::allocations() - before;
  }

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker{{loop, loop.clock(), random, log}};
  Sent exchange{worker};
  OneRow db;
  SameUuid uuids;
  InFlight db_in_flight{64};
  InFlight uuids_in_flight{64};
  Target db_target{"handmade.v1.db", &db, &db_in_flight};
  Target uuids_target{"zerver.random", &uuids, &uuids_in_flight};
  Target* targets[2] = {&db_target, &uuids_target};
};

TEST_F(Allocations, OfAFlowWithoutEffectsAreNone) {
  EXPECT_EQ(of(Method::kGet, "/hello/w%C3%B6rld", "", 200), 0U);
}

TEST_F(Allocations, OfAFlowWithJsonAndEffectsAreNone) {
  EXPECT_EQ(of(Method::kPost, "/todos", R"({"title":"tea","tags":["a","b"],"urgency":"high"})", 201), 0U);
}

TEST_F(Allocations, OfADocumentInMessagePackAreNone) {
  Arena& arena = exchange.arena();
  OutputBuffer out;
  std::string text;
  std::size_t before = 0;
  for (int request = 0; request < 10; ++request) {
    arena.reset();
    out.clear();
    const Document document = text.empty()
                                  ? Document{.text = R"({"title":"tea","tags":["a","b"],"urgency":"high"})"}
                                  : Document{.text = text, .format = Format::kMessagePack, .stays = true};
    before = test::allocations();
    const auto todo = read_document<handmade::v1::NewTodo>(worker.json_reader(), document, arena);
    ASSERT_TRUE(todo);
    EXPECT_EQ(todo->title, "tea");
    JsonWriter writer(out, Format::kMessagePack);
    write_json(writer, *todo);
    if (text.empty()) text = out.view();
  }
  EXPECT_EQ(test::allocations() - before, 0U);
  EXPECT_EQ(out.view(), text);
}

// Each join of four members, two of which are ready at once and two a turn later; hedges, a breaker, a
// budget.
class Half final : public Adapter {
 public:
  void start(Operation& operation) override {
    if (operation.index() % 2 == 0) return operation.complete(&value_);
    waiting_[static_cast<std::size_t>(count_++)] = &operation;
  }
  void cancel(Operation& operation) noexcept override {
    const auto waits = std::find(waiting_.begin(), waiting_.begin() + count_, &operation);
    *waits = waiting_[static_cast<std::size_t>(--count_)];
  }
  void answer_all() {
    while (count_ != 0)
      waiting_[static_cast<std::size_t>(--count_)]->complete(&value_);
  }
  bool has_waiting() const { return count_ != 0; }

 private:
  std::int64_t value_ = 1;
  std::array<Operation*, 16> waiting_{};
  std::ptrdiff_t count_ = 0;
};

constexpr CallPolicy kHedged{
    .timeout = Duration::from_milliseconds(50), .hedges = 1, .hedge_after = Duration::from_milliseconds(5)};
constexpr CallSite kHalf[] = {{.step = "a", .target = 0, .operation = 0, .policy = kHedged},
                              {.step = "b", .target = 0, .operation = 1, .policy = kHedged}};

FlowTask every_join(Exchange& exchange) {
  for (const Join join : {Join::kAll, Join::kAllRequired, Join::kAny, Join::kFirstSuccess, Join::kRace,
                          Join::kQuorum, Join::kSequential}) {
    ValueCall<std::int64_t> a(exchange, kHalf[0], nullptr);
    ValueCall<std::int64_t> b(exchange, kHalf[1], nullptr);
    ValueCall<std::int64_t> c(exchange, kHalf[0], nullptr);
    ValueCall<std::int64_t> d(exchange, kHalf[1], nullptr);
    Group<2> inner(exchange, Join::kSequential, {{&c}, {&d}});
    Group<3> group(exchange, join, {{&a}, {&b, kOptional}, {&inner}}, 2);
    co_await group;
    EXPECT_TRUE(group.result().has_value());
  }
}

TEST_F(Allocations, OfJoinsAndPoliciesAreNone) {
  // With one place calls wait for it, with many they are hedged.
  for (const std::uint32_t cap : {1U, 8U}) {
    Half half;
    InFlight places(cap, 8);
    Breaker breaker({.percent = 50, .of = 20});
    RetryBudget budget(100);
    Target target{"half", &half, &places, &breaker, &budget};
    Target* half_only[] = {&target};
    std::size_t before = 0;
    for (int request = 0; request < 10; ++request) {
      exchange.reset();
      before = test::allocations();
      exchange.set_targets(half_only);
      static_cast<void>(every_join(exchange).handled());
      while (half.has_waiting()) {
        loop.run_for(Duration::from_milliseconds(6));
        half.answer_all();
        loop.run_ready();
      }
    }
    EXPECT_EQ(test::allocations() - before, 0U);
    EXPECT_GT((cap == 1 ? target.counts.waited : target.counts.hedges).value(), 0U);
    EXPECT_EQ(places.count(), 0U);
  }
}

TEST_F(Allocations, OfARefusalAreNone) {
  EXPECT_EQ(of(Method::kPost, "/todos", R"({"title":"","tags":[]})", 400), 0U);
}

}  // namespace
}  // namespace zerver::flow
