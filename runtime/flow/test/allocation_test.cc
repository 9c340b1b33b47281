// What a request costs in heap allocations once the first ones have warmed everything up: none. A program of
// its own, because it replaces operator new.
#include "handmade.flow.h"
#include "zerver.flow.h"
#include <zerver/core/random.h>
#include <zerver/flow/generated.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

namespace {

std::atomic<std::size_t> allocations = 0;

void* counted(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

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
      before = allocations.load();
      exchange.request.method = method;
      exchange.request.path = path;
      exchange.request.body = std::string_view(body).substr(0, size);
      exchange.set_targets(targets);
      RouteMatch match;
      EXPECT_EQ(handmade::v1::package().handle(exchange, match), Handled::kNow);
      EXPECT_EQ(exchange.response.status, status);
    }
    return allocations.load() - before;
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

TEST_F(Allocations, OfARefusalAreNone) {
  EXPECT_EQ(of(Method::kPost, "/todos", R"({"title":"","tags":[]})", 400), 0U);
}

}  // namespace
}  // namespace zerver::flow
