#include "test_client.h"
#include "test_service.h"
#include <zerver/zerver.h>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

namespace zerver::server {
namespace {

Snapshot some_snapshot() {
  Snapshot snapshot;
  snapshot.connections = 12;
  snapshot.workers.resize(2);
  snapshot.workers[0].waiting = {1, 2, 3};
  snapshot.workers[0].begun = {100, 20, 3};
  snapshot.workers[0].stolen = 4;
  snapshot.workers[0].shed = 5;
  snapshot.workers[0].sagas = 7;
  snapshot.workers[0].sagas_unwound = 2;
  snapshot.workers[0].undos_failed = 4;
  snapshot.workers[0].sagas_recovered = 1;
  snapshot.workers[1].batch = true;
  snapshot.workers[1].sagas = 3;
  snapshot.sagas_open = 6;
  snapshot.sagas_stuck = 5;
  snapshot.classes[1] = {.runs = 123,
                         .p95 = Duration::from_microseconds(900),
                         .p99 = Duration::from_microseconds(2500),
                         .quantum = Duration::from_milliseconds(5),
                         .proposed = Duration::from_microseconds(2500)};
  snapshot.answers.classes[1].buckets[3] = 95;  // up to a millisecond
  snapshot.answers.classes[1].buckets[5] = 5;   // up to five
  snapshot.jobs.push_back(
      {.name = "shop.settle", .times = {}, .is_durable = true, .replayed = 12, .written = 30});
  snapshot.journal = flow::JournalStats{.open = 2, .records = 40, .refused = 1};
  snapshot.flows.resize(2);
  snapshot.flows[0].name = "shop.buy";
  snapshot.flows[0].begun = 100;
  snapshot.flows[0].arena_peak = 4096;
  snapshot.flows[1].name = "shop.idle";
  snapshot.flows[0].degraded = 9;
  snapshot.workers[0].degraded = 8;
  snapshot.workers[0].accept_pauses = 2;
  snapshot.workers[0].read_pauses = 1;
  snapshot.workers[0].reads = false;
  snapshot.live = {{"buy", "pay", "pay of bank", Duration::from_milliseconds(1500), 0},
                   {"buy", "", "turn", Duration::from_milliseconds(2), 0}};
  snapshot.live_count = 5;
  snapshot.busy_workers = {1};
  snapshot.targets.resize(1);
  snapshot.targets[0].name = "shop.db";
  snapshot.targets[0].in_flight = 3;
  snapshot.targets[0].in_flight_cap = 64;
  snapshot.targets[0].operations = 200;
  snapshot.targets[0].breaker = flow::Breaker::State::kHalfOpen;
  return snapshot;
}

TEST(Snapshot, IsATableForPeople) {
  EXPECT_EQ(
      to_text(some_snapshot()),
      "connections: 12\n"
      "\n"
      "worker     waiting     begun  overruns  suspended  stolen  shed  limited  expired  degraded  pauses\n"
      "0            1/2/3  100/20/3     0/0/0          0       4     5        0        0         8     2/1\n"
      "1 (batch)    0/0/0     0/0/0     0/0/0          0       0     0        0        0         0     0/0\n"
      "\n"
      "class   runs  p95 us  p99 us  quantum us  proposed us\n"
      "normal   123     900    2500        5000         2500\n"
      "\n"
      "sagas  unwound  undos failed  recovered  open  stuck\n"
      "10           2             4          1     6      5\n"
      "\n"
      "flow       class  begun  refused  degraded  missed  overruns  arena peak\n"
      "shop.buy  normal    100        0         9       0         0        4096\n"
      "\n"
      "target   in flight  waiting  operations  failed  retries  refused    breaker\n"
      "shop.db       3/64        0         200       0        0        0  half-open\n"
      "\n"
      "live flow  step    waits for      age  worker\n"
      "buy         pay  pay of bank  1500 ms       0\n"
      "buy           -         turn     2 ms       0\n"
      "and 3 more\n"
      "worker 1 is busy\n");
}

TEST(Snapshot, TellsWhatEachAddressOfATargetDoes) {
  flow::TargetInfo info;
  info.name = "shop.db";
  Snapshot snapshot = some_snapshot();
  snapshot.states.push_back(
      {.info = &info,
       .adapter = nullptr,
       .describes = {},
       .health = {},
       .pool = std::nullopt,
       .addresses = {{"10.0.0.7:80", 2, 90, 7, true}, {"10.0.0.8:80", 1, 110, 0, false}}});
  EXPECT_NE(to_text(snapshot).find("\n"
                                   "address              in flight  calls  failures  left out\n"
                                   "shop.db 10.0.0.7:80          2     90         7       yes\n"
                                   "shop.db 10.0.0.8:80          1    110         0         -\n"),
            std::string::npos)
      << to_text(snapshot);
  EXPECT_NE(to_json(snapshot).find(R"("addresses":[{"address":"10.0.0.7:80","in_flight":2,"calls":90,)"
                                   R"("failures":7,"left_out":true},{"address":"10.0.0.8:80",)"),
            std::string::npos)
      << to_json(snapshot);
}

TEST(Snapshot, IsJsonForPrograms) {
  const std::string text = to_json(some_snapshot());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(text);
  EXPECT_EQ(std::uint64_t(json["connections"]), 12U);
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["waiting"]["batch"]), 3U);
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["stolen"]), 4U);
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["sagas"]), 7U);
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["sagas_unwound"]), 2U);
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["undos_failed"]), 4U);
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["sagas_recovered"]), 1U);
  EXPECT_EQ(std::uint64_t(json["classes"]["normal"]["p99_us"]), 2500U);
  EXPECT_EQ(std::uint64_t(json["classes"]["normal"]["proposed_quantum_us"]), 2500U);
  EXPECT_EQ(std::uint64_t(json["classes"]["normal"]["answered"]), 100U);
  EXPECT_EQ(std::uint64_t(json["classes"]["normal"]["latency_p95_le_us"]), 1000U);
  EXPECT_EQ(std::uint64_t(json["classes"]["normal"]["latency_p99_le_us"]), 5000U);
  EXPECT_EQ(json["classes"]["batch"]["answered"].error(), simdjson::NO_SUCH_FIELD);
  EXPECT_EQ(std::uint64_t(json["journal"]["open"]), 2U);
  EXPECT_EQ(std::uint64_t(json["durable_jobs"].at(0)["replayed"]), 12U);
  EXPECT_EQ(std::uint64_t(json["classes"]["batch"]["runs"]), 0U);
  EXPECT_EQ(std::uint64_t(json["sagas"]["open"]), 6U);
  EXPECT_EQ(std::uint64_t(json["sagas"]["stuck"]), 5U);
  EXPECT_TRUE(bool(json["workers"].at(1)["batch"]));
  EXPECT_EQ(simdjson::dom::array(json["flows"]).size(), 2U);
  EXPECT_EQ(std::uint64_t(json["flows"].at(0)["arena_peak"]), 4096U);
  EXPECT_EQ(json["flows"].at(0)["least_slack_us"].error(), simdjson::NO_SUCH_FIELD);
  EXPECT_EQ(std::string_view(json["targets"].at(0)["breaker"]), "half-open");
  EXPECT_EQ(std::uint64_t(json["targets"].at(0)["operations"]), 200U);
  EXPECT_EQ(std::uint64_t(json["flows"].at(0)["degraded"]), 9U);
  EXPECT_FALSE(bool(json["workers"].at(0)["reads"]));
  EXPECT_TRUE(bool(json["workers"].at(0)["accepts"]));
  EXPECT_EQ(std::uint64_t(json["workers"].at(0)["accept_pauses"]), 2U);
  EXPECT_EQ(std::string_view(json["live"].at(0)["waits_for"]), "pay of bank");
  EXPECT_EQ(std::int64_t(json["live"].at(0)["age_us"]), 1'500'000);
  EXPECT_EQ(std::uint64_t(json["live_count"]), 5U);
  EXPECT_EQ(std::uint64_t(json["busy_workers"].at(0)), 1U);
}

TEST(Snapshot, SaysNothingOfSagasWhereThereAreNone) {
  EXPECT_EQ(to_text(Snapshot{}).find("sagas"), std::string::npos);
}

TEST(Snapshot, CountsSagas) {
  TestService service;  // which has none of its own
  flow::Counters& counters = service.server().worker(0).counters();
  counters.sagas.add(4);
  counters.sagas_unwound.add(3);
  counters.undos_failed.add(2);
  counters.sagas_recovered.add(1);
  std::vector<flow::OpenSaga> open(3);
  open[1].why = "somebody must look into it";
  const Snapshot snapshot = snapshot_of(service.server(), effects::Systems(), open);
  EXPECT_EQ(snapshot.workers[0].sagas, 4U);
  EXPECT_EQ(snapshot.workers[0].sagas_unwound, 3U);
  EXPECT_EQ(snapshot.workers[0].undos_failed, 2U);
  EXPECT_EQ(snapshot.workers[0].sagas_recovered, 1U);
  EXPECT_EQ(snapshot.sagas_open, 3U);
  EXPECT_EQ(snapshot.sagas_stuck, 1U);
}

TEST(Snapshot, IsTakenWhileAServiceRuns) {
  TestService service;
  TestClient client(service.address());
  client.send("GET /plaintext HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  const effects::Systems systems;
  const Snapshot snapshot = snapshot_of(service.server(), systems, {}, Duration::max());
  EXPECT_TRUE(snapshot.live.empty());
  EXPECT_TRUE(snapshot.busy_workers.empty());
  EXPECT_EQ(snapshot.connections, 1U);
  ASSERT_EQ(snapshot.workers.size(), service.server().worker_count());
  EXPECT_EQ(snapshot.workers[0].shed, 0U);
}

}  // namespace
}  // namespace zerver::server
