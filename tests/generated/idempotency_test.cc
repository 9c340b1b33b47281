// Requests that come again: one runs, all are answered alike.

#include "idempotency.flow.h"
#include <zerver/testing/sim_world.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::testing {
namespace {

RequestText order(std::string key, std::string item = "tea", std::string target = "/orders") {
  RequestText request{Method::kPost, std::move(target), R"({"item":")" + item + R"("})"};
  request.headers.emplace_back("Idempotency-Key", std::move(key));
  return request;
}

// Where records are kept, and what the flows themselves count.
struct Stores {
  const char* name;
  const char* records;
  const char* orders;

  void set(SimWorld& world) const {
    world.set_variable("STORE", records);
    world.set_variable("ORDERS", orders);
  }
};
constexpr Stores kMemory{"Memory", "memory:", "memory:"};
constexpr Stores kSqlite{"Sqlite", "sqlite:records.db", "sqlite:orders.db"};
std::string name_of_stores(const ::testing::TestParamInfo<Stores>& info) { return info.param.name; }

class Idempotency : public ::testing::TestWithParam<Stores> {
 protected:
  Idempotency() : world_({&idem::v1::package()}, {}) {
    world_.faults().set(FaultPlan::calm());
    GetParam().set(world_);
  }

  // One after the other.
  ResponseText ask(RequestText request) {
    world_.send(std::move(request));
    EXPECT_TRUE(world_.run());
    EXPECT_TRUE(world_.violations().empty());
    return world_.requests().back().response;
  }
  std::vector<ResponseText> ask_at_once(const std::vector<RequestText>& requests) {
    const std::size_t first = world_.requests().size();
    for (const RequestText& request : requests)
      world_.send(request);
    EXPECT_TRUE(world_.run());
    std::vector<ResponseText> responses;
    for (std::size_t i = first; i < world_.requests().size(); ++i)
      responses.push_back(world_.requests()[i].response);
    return responses;
  }

  SimWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Each, Idempotency, ::testing::Values(kMemory, kSqlite), name_of_stores);

TEST_P(Idempotency, AnswersAgainWhatItHasAnswered) {
  const ResponseText first = ask(order("\"k1\""));
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.body, R"({"n":1,"item":"tea"})");
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  for (const char* const same : {"\"k1\"", "k1"}) {
    const ResponseText again = ask(order(same));
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(again.content_type, "application/json");
    EXPECT_EQ(again.header("Location"), "/orders/1");
    EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  }
  EXPECT_EQ(ask(order("k2")).body, R"({"n":2,"item":"tea"})");
}

// What is kept of an answer is written while its bytes are still to be sent. A key of the counter has 1 KiB.
TEST_P(Idempotency, TheFirstAnswerIsWholeHoweverLongItIs) {
  for (std::size_t size = 1; size < 1000; size += size / 4 + 1) {
    const std::string item(size, 'x');
    const std::string key = "k" + std::to_string(size);
    const ResponseText first = ask(order(key, item));
    EXPECT_EQ(first.status, 201);
    EXPECT_TRUE(first.body.ends_with(R"(,"item":")" + item + R"("})")) << size;
    EXPECT_EQ(ask(order(key, item)).body, first.body);
  }
}

TEST_P(Idempotency, RefusesWhatIsNoKey) {
  const std::string longest(255, 'k');
  EXPECT_EQ(ask(order(longest)).status, 201);
  for (const std::string& wrong :
       {std::string(), longest + "k", std::string("\"open"), std::string("\"a\"b\""), std::string("a b"),
        std::string("a,b"), std::string("\"a\";p=1"), std::string("\"\""), std::string("\"\\x\""),
        std::string("k\xc3\xa4")})
    EXPECT_EQ(ask(order(wrong)).status, 400) << wrong;
  RequestText twice = order("a");
  twice.headers.emplace_back("idempotency-key", "a");
  EXPECT_EQ(ask(twice).status, 400);
  RequestText none = order("a");
  none.headers.clear();
  EXPECT_EQ(ask(none).status, 400);
  none.target = "/waited";
  EXPECT_EQ(ask(none).status, 201);
}

TEST_P(Idempotency, RefusesAnotherRequestWithTheSameKey) {
  EXPECT_EQ(ask(order("k", "tea")).status, 201);
  EXPECT_EQ(ask(order("k", "coffee")).status, 422);
  RequestText other_target = order("k", "tea");
  other_target.target += "?x=1";
  EXPECT_EQ(ask(other_target).status, 422);
  // Of another flow it is another key.
  EXPECT_EQ(ask(order("k", "milk", "/waited")).status, 201);
}

TEST_P(Idempotency, KeepsClientsApart) {
  RequestText request = order("k");
  request.headers.emplace_back("Authorization", "Bearer ada");
  EXPECT_EQ(ask(request).body, R"({"n":1,"item":"tea"})");
  request.headers.back().second = "Bearer bob";
  EXPECT_EQ(ask(request).body, R"({"n":2,"item":"tea"})");
  request.headers.back() = {"Cookie", "session=1"};
  EXPECT_EQ(ask(request).body, R"({"n":3,"item":"tea"})");
  request.headers.back() = {"Authorization", "Bearer ada"};
  EXPECT_EQ(ask(request).body, R"({"n":1,"item":"tea"})");
}

TEST_P(Idempotency, IsAConflictWhileTheFirstIsUnderWay) {
  const std::vector<ResponseText> both = ask_at_once({order("k"), order("k")});
  EXPECT_EQ(both[0].status + both[1].status, 201 + 409);
  const ResponseText& refused = both[0].status == 409 ? both[0] : both[1];
  EXPECT_EQ(refused.header("Retry-After"), "1");
  EXPECT_EQ(ask(order("k")).body, R"({"n":1,"item":"tea"})");
}

TEST_P(Idempotency, WaitsForTheFirstWhenToldSo) {
  const std::vector<ResponseText> all =
      ask_at_once({order("k", "tea", "/waited"), order("k", "tea", "/waited"), order("k", "tea", "/waited")});
  for (const ResponseText& each : all) {
    EXPECT_EQ(each.status, 201);
    EXPECT_EQ(each.body, R"({"n":1})");
  }
}

TEST_P(Idempotency, LetsClientsTryAgainBehindAnAnswerThatIsNotFinal) {
  EXPECT_EQ(ask(order("k", "tea", "/falls")).status, 503);
  EXPECT_EQ(ask(order("k", "tea", "/falls")).status, 503);
  EXPECT_EQ(ask(order("other", "tea")).body, R"({"n":3,"item":"tea"})");
}

TEST_P(Idempotency, ForgetsWhenItsTimeIsOver) {
  EXPECT_EQ(ask(order("k")).body, R"({"n":1,"item":"tea"})");
  world_.run_for(Duration::from_seconds(3601));
  EXPECT_EQ(ask(order("k")).body, R"({"n":2,"item":"tea"})");
}

TEST_P(Idempotency, SaysThatNobodyKnowsHowAnInterruptedRequestEnded) {
  // The client leaves while the effect is under way.
  FaultPlan slow = FaultPlan::calm();
  slow.latency_least = slow.latency_most = Duration::from_milliseconds(500);
  world_.faults().set("idem.v1.orders", slow);
  for (const char* const target : {"/orders", "/again"}) {
    world_.send(order("k", "tea", target));
    world_.run_for(Duration::from_milliseconds(100));
    world_.leave(world_.requests().size() - 1);
    EXPECT_TRUE(world_.run());
  }
  EXPECT_EQ(ask(order("k")).status, 409);
  EXPECT_EQ(ask(order("k", "tea", "/again")).status, 201);
}

TEST_P(Idempotency, AnswersThatItsStoreIsGone) {
  FaultPlan gone;
  gone.lost_request = 1000;
  world_.faults().set("idem.v1.cache", gone);
  const ResponseText refused = ask(order("k"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  world_.faults().set("idem.v1.cache", FaultPlan::calm());
  EXPECT_EQ(ask(order("k")).body, R"({"n":1,"item":"tea"})");
}

// Clients that send the same requests, again and again, and leave; a store that fails in every way: each runs
// once.
class IdempotencyModel : public ::testing::TestWithParam<Stores> {};
INSTANTIATE_TEST_SUITE_P(Each, IdempotencyModel, ::testing::Values(kMemory, kSqlite), name_of_stores);

TEST_P(IdempotencyModel, RunsOnceForEachKeyWhateverHappens) {
  std::size_t replayed = 0;
  std::size_t conflicts = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SimWorld world({&idem::v1::package()}, {.seed = seed, .workers = 2});
    GetParam().set(world);
    FaultPlan rough = FaultPlan::rough();
    rough.refusals = false;
    world.faults().set(FaultPlan::calm());
    world.faults().set("idem.v1.cache", rough);
    for (int client = 0; client < 3; ++client) {
      ClientPlan plan;
      plan.request = [](std::size_t number, Random&) {
        const std::string name = std::to_string(number % 14);
        return order("k" + name, "i" + name, number % 2 == 0 ? "/orders" : "/waited");
      };
      plan.requests = 30;
      plan.patience = Duration::from_milliseconds(client == 2 ? 8 : 5'000);
      plan.retries = 2;
      world.add_client(std::move(plan));
    }
    ASSERT_TRUE(world.run());
    EXPECT_TRUE(world.violations().empty()) << "seed " << seed;
    for (const SimRequest& request : world.requests()) {
      const ResponseText& response = request.response;
      if (request.left) continue;
      if (response.status == 201) {
        EXPECT_NE(response.body.find("\"n\":1"), std::string::npos)
            << "seed " << seed << ": " << response.body;
        if (response.header("Idempotency-Replayed") == "true") ++replayed;
      } else {
        EXPECT_TRUE(response.status == 409 || response.status == 503 || response.status == 504)
            << response.status;
        if (response.status == 409) ++conflicts;
      }
    }
  }
  EXPECT_GT(replayed, 500U);
  EXPECT_GT(conflicts, 5U);
}

}  // namespace
}  // namespace zerver::testing
