#include "metrics/metrics_service.h"

#include <zerver/flow/request/answer.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/service.h>

#include <array>
#include <utility>

namespace zerver::server {

// What the one flow talks to. It performs no operations: the flow takes the page from it at once.
class MetricsService::Page final : public flow::Adapter {
 public:
  explicit Page(Write write) : write_(std::move(write)) {}

  void start(flow::Operation& operation) override {
    operation.fail({FaultKind::kInternal, "metrics are read at once", {}});
  }
  void cancel(flow::Operation& /*operation*/) noexcept override {}

  void answer(flow::Exchange& exchange) const {
    const ExpositionFormat format = exposition_format(exchange.request.header("accept"));
    OutputBuffer& body = exchange.body_buffer();
    body.clear();
    write_(body, format);
    flow::answer(exchange, 200, media_type_of(format), body.view());
    flow::answer_header(exchange, "Cache-Control", "no-store");
    flow::answer_header(exchange, "Vary", "Accept");
  }

 private:
  Write write_;
};

namespace {

constexpr std::array kFlows = {
    flow::FlowInfo{.name = "metrics", .slug = {}, .method = "GET", .path = "/metrics", .package = "zerver"}};

Settings settings_of(const std::string& address) {
  Settings settings;
  settings.listen = {address};
  settings.connections = 100;
  settings.http.body = 0;
  return settings;
}

}  // namespace

MetricsService::MetricsService(const Clock& clock, Log& log, Write write)
    : clock_(clock),
      log_(log),
      page_(std::make_unique<Page>(std::move(write))),
      target_{"zerver.metrics", page_.get(), &in_flight_} {}

MetricsService::~MetricsService() = default;

std::string MetricsService::open(const std::string& address) {
  static constexpr flow::PackageInfo kPackage{
      .name = "zerver",
      .flows = kFlows,
      .targets = {},
      .handle =
          [](flow::Exchange& exchange, flow::RouteMatch& match) {
            if (exchange.request.path != kFlows[0].path) return flow::Handled::kNow;
            match.allowed.add(Method::kGet);
            match.found = exchange.request.method == Method::kGet || exchange.request.method == Method::kHead;
            if (!match.found) return flow::Handled::kNow;
            if (const std::optional<flow::Handled> handled = exchange.begin(kFlows[0])) return *handled;
            try {
              static_cast<Page*>(exchange.target(0).adapter)->answer(exchange);
            } catch (...) {
              flow::answer_exception(exchange);
            }
            return flow::Handled::kNow;
          },
  };
  server_.emplace(settings_of(address), clock_, log_);
  server_->bind(0, {{.package = &kPackage, .targets = {&target_}}});
  return server_->open();
}

void MetricsService::stop() {
  if (!server_) return;
  server_->drain();
  server_->join();
}

}  // namespace zerver::server
