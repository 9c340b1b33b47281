#include "metrics/metrics_text.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

namespace zerver::server {
namespace {

const flow::TargetInfo kBank{.name = "shop.bank", .adapter = "zerver.http", .configure = nullptr};

ServiceFigures some_figures() {
  ServiceFigures figures{.program = "shop", .version = "1.2.3", .most_connections = 10'000, .audit_lost = 6};
  Snapshot& snapshot = figures.snapshot;
  snapshot.connections = 12;
  snapshot.workers.resize(2);
  snapshot.workers[0].waiting = {1, 2, 3};
  snapshot.workers[1].stolen = 4;
  snapshot.workers[0].sagas = 7;
  snapshot.workers[1].sagas = 3;
  snapshot.workers[1].undos_failed = 2;
  snapshot.workers[1].reads = false;
  snapshot.sagas_open = 5;
  snapshot.sagas_stuck = 1;
  snapshot.flows.resize(2);
  snapshot.flows[0].name = "shop.buy";
  snapshot.flows[0].missed = 8;
  snapshot.flows[1].name = "shop.later";
  snapshot.answers.flows.push_back({.package = "shop",
                                    .flow = "buy",
                                    .method = "POST",
                                    .route = "/buy/{id}",
                                    .statuses = {{0, 1}, {201, 90}, {503, 10}},
                                    .times = {}});
  snapshot.answers.flows[0].times.buckets[3] = 100;
  snapshot.answers.flows.push_back(
      {.package = "shop", .flow = "later", .method = {}, .route = {}, .statuses = {}, .times = {}});
  snapshot.answers.unrouted = {{404, 11}};
  snapshot.answers.classes[1].buckets[3] = 100;
  flow::TargetStats& bank = snapshot.targets.emplace_back();
  bank.name = kBank.name;
  bank.in_flight = 3;
  bank.operations = 200;
  bank.breaker = flow::Breaker::State::kHalfOpen;
  bank.breaker_openings = 2;
  bank.retries_left = 5;
  snapshot.states.push_back({.info = &kBank,
                             .adapter = nullptr,
                             .describes = {},
                             .health = {.state = effects::Health::State::kDegraded},
                             .pool = effects::PoolState{.open = 6, .idle = 4, .waiting = 1, .most = 8},
                             .addresses = {{"10.0.0.7:80", 2, 90, 7, true}}});
  effects::OperationStats& post = snapshot.operations.emplace_back();
  post.target = kBank.name;
  post.operation = "post";
  post.sum.outcomes[flow::OperationCounts::kSuccess] = 150;
  post.sum.outcomes[flow::OperationCounts::failure(FaultKind::kTimeout)] = 50;
  post.sum.times.buckets[0] = 200;
  snapshot.jobs.push_back({.name = "shop.later", .succeeded = 9, .dead = 1, .times = {}});
  snapshot.jobs.push_back(
      {.name = "shop.settle", .times = {}, .is_durable = true, .replayed = 12, .written = 30});
  snapshot.journal = flow::JournalStats{.open = 2, .records = 40, .refused = 1};
  figures.process.resident_bytes = 4096;
  return figures;
}

std::string text_of(const ServiceFigures& figures, ExpositionFormat format = ExpositionFormat::kText) {
  OutputBuffer out;
  write_metrics(out, format, figures);
  return std::string(out.view());
}

TEST(MetricsText, HasASeriesForEachFigure) {
  const std::string text = "\n" + text_of(some_figures());
  for (const std::string line : {
           R"(zerver_build_info{program="shop",version="1.2.3"} 1)",
           R"(zerver_connections 12)",
           R"(zerver_connections_limit 10000)",
           R"(zerver_flow_requests_total{flow="shop.buy",method="POST",route="/buy/{id}",status="201"} 90)",
           R"(zerver_flow_requests_total{flow="shop.buy",method="POST",route="/buy/{id}",status="other"} 1)",
           R"(zerver_unrouted_requests_total{status="404"} 11)",
           R"(zerver_flow_duration_seconds_bucket{flow="shop.buy",le="0.0005"} 0)",
           R"(zerver_flow_duration_seconds_bucket{flow="shop.buy",le="0.001"} 100)",
           R"(zerver_flow_deadline_missed_total{flow="shop.buy"} 8)",
           R"(zerver_class_duration_seconds_bucket{class="normal",le="0.001"} 100)",
           R"(zerver_class_duration_seconds_count{class="batch"} 0)",
           R"(zerver_queue_depth{worker="0",class="batch"} 3)",
           R"(zerver_worker_stolen_total{worker="1"} 4)",
           R"(zerver_worker_reads{worker="1"} 0)",
           R"(zerver_target_in_flight{target="shop.bank"} 3)",
           R"(zerver_target_attempts_total{target="shop.bank"} 200)",
           R"(zerver_target_breaker_state{target="shop.bank",state="half-open"} 1)",
           R"(zerver_target_breaker_state{target="shop.bank",state="open"} 0)",
           R"(zerver_target_breaker_openings_total{target="shop.bank"} 2)",
           R"(zerver_target_retry_budget_tokens{target="shop.bank"} 5)",
           R"(zerver_target_health{target="shop.bank",state="degraded"} 1)",
           R"(zerver_target_connections{target="shop.bank",state="used"} 2)",
           R"(zerver_target_connections_limit{target="shop.bank"} 8)",
           R"(zerver_target_connections_waiting{target="shop.bank"} 1)",
           R"(zerver_target_address_in_flight{target="shop.bank",address="10.0.0.7:80"} 2)",
           R"(zerver_target_address_left_out{target="shop.bank",address="10.0.0.7:80"} 1)",
           R"(zerver_target_address_calls_total{target="shop.bank",address="10.0.0.7:80"} 90)",
           R"(zerver_target_address_failures_total{target="shop.bank",address="10.0.0.7:80"} 7)",
           R"(zerver_effect_attempts_total{target="shop.bank",operation="post",outcome="success"} 150)",
           R"(zerver_effect_attempts_total{target="shop.bank",operation="post",outcome="timeout"} 50)",
           R"(zerver_effect_duration_seconds_count{target="shop.bank",operation="post"} 200)",
           R"(zerver_sagas_total 10)",
           R"(zerver_saga_undos_failed_total 2)",
           R"(zerver_sagas_open 5)",
           R"(zerver_sagas_stuck 1)",
           R"(zerver_job_attempts_total{job="shop.later",kind="job",outcome="dead"} 1)",
           R"(zerver_journals_open 2)",
           R"(zerver_journal_records_total 40)",
           R"(zerver_journal_records_refused_total 1)",
           R"(zerver_job_effects_replayed_total{job="shop.settle"} 12)",
           R"(zerver_job_effects_written_total{job="shop.settle"} 30)",
           R"(zerver_audit_records_lost_total 6)",
           R"(process_resident_memory_bytes 4096)",
       })
    EXPECT_NE(text.find("\n" + line + "\n"), std::string::npos) << line;
}

TEST(MetricsText, JobsHaveNoRequests) {
  EXPECT_EQ(text_of(some_figures()).find("{flow=\"shop.later\""), std::string::npos);
}

TEST(MetricsText, EachSeriesIsThereOnceAndBelongsToItsFamily) {
  for (const ExpositionFormat format : {ExpositionFormat::kText, ExpositionFormat::kOpenMetrics}) {
    std::set<std::string> families, series;
    std::string family, line;
    std::istringstream lines(text_of(some_figures(), format));
    while (std::getline(lines, line)) {
      if (line.starts_with("# TYPE ")) {
        family = line.substr(7, line.find(' ', 7) - 7);
        EXPECT_TRUE(families.insert(family).second) << family;
      } else if (!line.starts_with('#')) {
        EXPECT_TRUE(line.starts_with(family)) << line;
        EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
      }
    }
    EXPECT_GT(families.size(), 40U);
  }
}

}  // namespace
}  // namespace zerver::server
