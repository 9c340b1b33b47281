// What branches and loops cost in heap allocations once the first requests have warmed everything up: none. A
// program of its own, because operator new counts.

#include "blocks.flow.h"
#include "tests/support/allocation_count.h"
#include <zerver/core/random.h>
#include <zerver/flow/service.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace zerver::flow {
namespace {

// Answers at once; 13 is not there.
class Answers final : public blocks::v1::SystemAdapter {
 public:
  void get(const GetArguments& arguments, Reply<std::int64_t> reply) override {
    if (arguments.id == 13) return reply.fail({FaultKind::kMissing, "thirteen", {}});
    reply.succeed(arguments.id);
  }
  void put(const PutArguments& arguments, Reply<std::int64_t> reply) override {
    if (arguments.id == 13) return reply.fail({FaultKind::kConflict, "thirteen", {}});
    reply.succeed(arguments.id);
  }
  void note(const NoteArguments&, Reply<void> reply) override { reply.succeed(); }
  void cancel(Operation&) noexcept override {}
};

class Sent final : public Exchange {
 public:
  explicit Sent(Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

class BlockAllocations : public ::testing::Test {
 protected:
  // Those of one request, behind some that warm up.
  std::size_t of(Method method, std::string_view path, std::string_view query, std::string body,
                 std::uint16_t status) {
    const std::size_t size = body.size();
    body.resize(size + Request::kBodyPadding);
    std::size_t before = 0;
    for (int request = 0; request < 10; ++request) {
      exchange.reset();
      before = test::allocations();
      exchange.request.method = method;
      exchange.request.path = path;
      exchange.request.query = query;
      exchange.request.body = std::string_view(body).substr(0, size);
      exchange.set_targets(targets);
      RouteMatch match;
      EXPECT_EQ(blocks::v1::package().handle(exchange, match), Handled::kNow);
      EXPECT_EQ(exchange.response.status, status);
    }
    return test::allocations() - before;
  }

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  Worker worker{{loop, loop.clock(), random, log}};
  Sent exchange{worker};
  Answers system;
  InFlight in_flight{64};
  Target target{"blocks.v1.left", &system, &in_flight};
  Target* targets[3] = {&target, &target, &target};
};

TEST_F(BlockAllocations, OfHooksAreNone) {
  EXPECT_EQ(of(Method::kGet, "/hooked", "id=4", "", 200), 0U);
  EXPECT_EQ(of(Method::kGet, "/hooked", "id=13", "", 409), 0U);
}

TEST_F(BlockAllocations, OfBranchesAreNone) {
  EXPECT_EQ(of(Method::kGet, "/parallel", "id=4", "", 200), 0U);
  EXPECT_EQ(of(Method::kGet, "/deep", "id=4", "", 200), 0U);
  EXPECT_EQ(of(Method::kGet, "/parallel", "id=13", "", 404), 0U);
}

TEST_F(BlockAllocations, OfLoopsAreNone) {
  EXPECT_EQ(of(Method::kPost, "/turn", "", "[1,2,13,4]", 200), 0U);
  EXPECT_EQ(of(Method::kPost, "/fetch", "", "[1,2,3,4,5,6,7]", 200), 0U);
  EXPECT_EQ(of(Method::kPost, "/grid", "", "[[1,2],[3],[4,5,6]]", 200), 0U);
}

}  // namespace
}  // namespace zerver::flow
