#include "request_text.h"
#include <zerver/flow/call/defaults.h>
#include <zerver/flow/request/problem.h>
#include <zerver/testing/req_test.h>
#include <zerver/trace/timeline.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace zerver::testing {

struct ReqTest::Entry {
  Entry(const flow::TargetInfo& info, async::Loop& loop)
      : fake(loop),
        shared(info),
        target{info.name,
               &fake,
               &shared.in_flight,
               shared.breaker_or_null(),
               shared.retry_budget_or_null(),
               flow::defaults::timeout_of(info.adapter)} {
    target.operations = info.operations;
  }

  FakeAdapter fake;
  flow::SharedTarget shared;
  flow::Target target;
};

struct ReqTest::Running final : flow::Exchange {
  Running(flow::Worker& worker, const RequestText& the_request)
      : Exchange(worker,
                 [](Exchange& exchange) noexcept { static_cast<Running&>(exchange).finished = true; }),
        text(the_request) {
    set_request(request, text, headers);
  }

  RequestText text;
  std::vector<Header> headers;
  flow::RouteMatch match;
  bool finished = false;
};

ReqTest::ReqTest(const flow::PackageInfo& package, std::uint64_t seed, const flow::WorkerLimits& limits)
    : package_(&package), loop_(seed), random_(seed), worker_({loop_, loop_.clock(), random_, log_}, limits) {
  worker_.set_trace(&trace_);
  for (const flow::TargetInfo& info : package.targets) {
    entries_.emplace_back(info, loop_);
    targets_.push_back(&entries_.back().target);
  }
  for (const flow::RateInfo& rate : package.rates)
    rates_of_package_.push_back(&rates_.emplace_back(rate));
}

ReqTest::~ReqTest() {
  if (running_ && !running_->finished) running_->cancel();
}

ReqTest::Entry& ReqTest::entry(std::string_view target) {
  const auto found =
      std::ranges::find(entries_, target, [](const Entry& candidate) { return candidate.target.name; });
  if (found == entries_.end())
    throw std::invalid_argument("the package has no target " + std::string(target));
  return *found;
}

flow::SagaPackage ReqTest::saga_package() const { return {package_, targets_, rates_of_package_}; }

FakeAdapter& ReqTest::fake(std::string_view target) { return entry(target).fake; }

void ReqTest::set_adapter(std::string_view target, flow::Adapter& adapter) {
  entry(target).target.adapter = &adapter;
}

flow::InFlight& ReqTest::in_flight(std::string_view target) { return entry(target).shared.in_flight; }

flow::Exchange& ReqTest::begin(const RequestText& request) {
  running_ = std::make_unique<Running>(worker_, request);
  running_->set_targets(targets_, rates_of_package_);
  if (request.overloaded) running_->set_overloaded();
  running_->finished = package_->handle(*running_, running_->match) == flow::Handled::kNow;
  last_request_ = running_->trace_id();
  if (running_->finished) running_->note_end();
  return *running_;
}

std::string ReqTest::timeline() const { return trace::timeline(trace_, last_request_); }

std::string ReqTest::take_unscripted() {
  std::string names;
  for (Entry& entry : entries_) {
    for (const std::string& step : entry.fake.take_unscripted())
      names.append(names.empty() ? "" : ", ").append(entry.target.name).append(1, '.').append(step);
  }
  return names;
}

bool ReqTest::finished() const noexcept { return running_ && running_->finished; }

ResponseText ReqTest::take() {
  ResponseText text;
  if (running_->match.found) text = response_text(running_->response);
  if (const std::string steps = take_unscripted(); !steps.empty()) {
    text = ResponseText();
    text.status = 500;
    text.content_type = flow::kProblemType;
    text.body =
        R"({"type":"urn:zerver:error:zerver.testing.Unscripted","title":"The test has no answer for an effect",)"
        R"("status":500,"detail":")" +
        steps + R"("})";
  }
  text.found = running_->match.found;
  text.allowed = running_->match.allowed;
  running_.reset();
  return text;
}

ResponseText ReqTest::send(const RequestText& request) {
  begin(request);
  if (!loop_.run_until([this] { return finished(); })) return {};
  return take();
}

}  // namespace zerver::testing
