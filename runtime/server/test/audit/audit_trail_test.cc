#include "audit/audit_trail.h"

#include "tests/support/child_process.h"
#include <zerver/core/message.h>
#include <zerver/core/random.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace zerver::server {
namespace {

class AuditTrailTest : public ::testing::Test {
 protected:
  AuditTrailTest() { EXPECT_EQ(audit.open({.folder = folder.path().string()}, "shop"), ""); }

  std::string records() const {
    std::ifstream file(std::filesystem::directory_iterator(folder.path())->path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void happens(std::uint64_t request, trace::Kind kind, std::string_view name, std::int64_t detail = 0) {
    worker.trace()->record(
        {.at = loop.now(), .request = request, .name = name, .detail = detail, .kind = kind});
  }

  test::TemporaryDirectory folder;
  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  flow::Worker worker{{loop, loop.clock(), random, log}};
  AuditLog audit{loop.clock(), log};
};

TEST_F(AuditTrailTest, EachThingThatHappensIsARecordWithItsTime) {
  AuditTrail trail(worker, 2, audit);
  trail.start();
  loop.run_for(Duration::from_milliseconds(10));
  const std::uint64_t request = worker.trace()->next_request();
  happens(request, trace::Kind::kBegin, "buy", static_cast<std::int64_t>(Method::kPost));
  happens(request, trace::Kind::kStep, "reserve");
  loop.run_for(Duration::from_milliseconds(5));
  happens(request, trace::Kind::kEnd, "buy", 201);
  EXPECT_EQ(records(), "") << "nothing waits for the records, which are written now and then";
  loop.run_for(AuditTrail::kPause);
  EXPECT_EQ(records(), R"({"time":"1970-01-01T00:00:00.010000Z","worker":2,"request":2199023255553,)"
                       R"("kind":"begin","name":"buy","method":"POST"})"
                       "\n"
                       R"({"time":"1970-01-01T00:00:00.010000Z","worker":2,"request":2199023255553,)"
                       R"("kind":"step","name":"reserve"})"
                       "\n"
                       R"({"time":"1970-01-01T00:00:00.015000Z","worker":2,"request":2199023255553,)"
                       R"("kind":"end","name":"buy","status":201})"
                       "\n");
}

TEST_F(AuditTrailTest, WhatIsLeftAtTheEndIsWritten) {
  AuditTrail trail(worker, 0, audit);
  happens(1, trace::Kind::kStep, "last");
  trail.finish();
  EXPECT_NE(records().find(R"("name":"last")"), std::string::npos);
  const std::string before = records();
  trail.finish();
  EXPECT_EQ(records(), before) << "once";
}

TEST_F(AuditTrailTest, MoreThanTheRingTakesIsSaidToBeLost) {
  AuditTrail trail(worker, 0, audit, 4);
  for (int i = 0; i < 10; ++i)
    happens(1, trace::Kind::kStep, "many");
  trail.finish();
  EXPECT_TRUE(records().starts_with(
      "{\"time\":\"1970-01-01T00:00:00.000000Z\",\"worker\":0,\"kind\":\"lost\",\"count\":6}\n"));
  EXPECT_EQ(std::ranges::count(records(), '\n'), 5);
}

TEST_F(AuditTrailTest, TheWorkerHasNoRingWithoutIt) {
  {
    const AuditTrail trail(worker, 0, audit);
  }
  EXPECT_EQ(worker.trace(), nullptr);
}

}  // namespace
}  // namespace zerver::server
