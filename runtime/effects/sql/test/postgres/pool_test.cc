// What is sent before the answer to what was sent before it.
#include "postgres/pool/pool.h"

#include "postgres/connection/round_trip.h"
#include "runtime/effects/sql/test/postgres/fixture.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>

namespace zerver::effects::postgres {
namespace {

struct Ask final : Request {
  void answered(const postgres::Answer&) noexcept override { done = true; }
  void failed(const Failure& failure) noexcept override {
    fault = failure.kind;
    done = true;
  }
  std::optional<FaultKind> fault;
  bool done = false;
};

class PostgresPool : public PostgresTest {
 protected:
  // One connection to a server that is at least so far away.
  void open_pool(Duration round_trip) {
    ASSERT_EQ(pq.load(), "");
    ASSERT_EQ(parse_url(pq, url(), options), "");
    options.size = 1;
    options.least_round_trip = round_trip;
    pool = std::make_unique<Pool>(pq, loop, random, options, Part{.observed = &observed});
    run("create table t (a integer unique)", {});
  }
  void run(std::string_view statement, std::span<const flow::Value> values) {
    Ask ask;
    ask.statement = {statement, values};
    pool->start(ask);
    ASSERT_TRUE(run_until([&] { return ask.done; }));
    ASSERT_FALSE(ask.fault);
  }
  // Known to be quick, however slow this machine is: most of what it has taken counts for the way.
  void learn(std::string_view statement) {
    for (std::int64_t number = 1000; number < 1010; ++number) {
      const std::array<flow::Value, 1> values{flow::Value(number)};
      run(statement, values);
    }
  }
  std::uint32_t waiting() const { return observed.waiting.load(); }

  Libpq pq;
  Options options;
  Observed observed;
  std::unique_ptr<Pool> pool;
};

constexpr std::string_view kInsert = "insert into t values ($1)";

TEST(GoesAhead, OnlyAsFarAsTheServerIsAway) {
  constexpr Duration kNear = Duration::from_microseconds(20);
  constexpr Duration kFar = Duration::from_milliseconds(1);
  constexpr Duration kWork = Duration::from_microseconds(100);
  const auto times = [](Duration each, std::size_t count) {
    return Duration{each.nanoseconds * static_cast<std::int64_t>(count)};
  };
  EXPECT_TRUE(goes_ahead(1, kWork, kNear));
  EXPECT_FALSE(goes_ahead(2, times(kWork, 2), kNear));
  for (std::size_t count = 1; count < kMaxInFlight; ++count)
    EXPECT_TRUE(goes_ahead(count, times(kWork, count), kFar)) << count;
  EXPECT_FALSE(goes_ahead(kMaxInFlight, times(kWork, kMaxInFlight), kFar));
  EXPECT_FALSE(goes_ahead(4, times(kWork, 40), kFar));
}

TEST_F(PostgresPool, SendsAheadToAServerFarAwayAndOneThatFailsLeavesItsNeighboursAlone) {
  open_pool(Duration::from_seconds(60));
  learn(kInsert);
  std::deque<std::array<flow::Value, 1>> values;
  std::array<Ask, 60> asks;
  for (std::size_t index = 0; index < asks.size(); ++index) {
    const std::array<flow::Value, 1>& value =
        values.emplace_back(std::array{flow::Value(static_cast<std::int64_t>(index / 2))});
    asks[index].statement = {kInsert, value};
    pool->start(asks[index]);
  }
  EXPECT_EQ(waiting(), asks.size() - kMaxInFlight);
  ASSERT_TRUE(run_until([&] { return std::ranges::all_of(asks, &Ask::done); }));
  EXPECT_EQ(std::ranges::count_if(asks, [](const Ask& ask) { return ask.fault == FaultKind::kConflict; }),
            30);
  EXPECT_EQ(query("select count(*) from t where a < 100"), "30");
}

}  // namespace
}  // namespace zerver::effects::postgres
