#include "job_service.h"

#include <algorithm>
#include <string>
#include <utility>

namespace zerver::server {

class JobService::Queue final : public effects::System {
 public:
  explicit Queue(JobService& service) noexcept : service_(service) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return service_.make_runner(worker);
  }

 private:
  JobService& service_;
};

void JobService::offer(effects::Registry& registry) {
  registry.add_default(
      {std::string(flow::JobsAdapter::kTarget), ZERVER_VERSION, "the jobs that wait in this process"},
      [this](const flow::TargetInfo&, const flow::TargetConfig&) {
        return effects::Opened{std::make_unique<Queue>(*this), {}};
      });
}

std::unique_ptr<jobs::JobRunner> JobService::make_runner(flow::Worker& worker) {
  Bound& bound = *bound_.emplace_back(std::make_unique<Bound>(Bound{&worker, nullptr, {}}));
  auto runner = std::make_unique<jobs::JobRunner>(worker, group_,
                                                  [&bound](std::size_t package, flow::Exchange& exchange) {
                                                    const BoundPackage& reached = bound.packages[package];
                                                    exchange.set_targets(reached.targets, reached.rates);
                                                  });
  bound.runner = runner.get();
  return runner;
}

jobs::JobRunner* JobService::bind(flow::Worker& worker, std::vector<BoundPackage> packages) {
  const auto bound =
      std::ranges::find_if(bound_, [&worker](const auto& each) { return each->worker == &worker; });
  if (bound == bound_.end()) return nullptr;
  (*bound)->packages = std::move(packages);
  return (*bound)->runner;
}

void JobService::end(Log& log) noexcept {
  for (const std::unique_ptr<Bound>& bound : bound_)
    bound->runner->stop();
  const std::size_t waiting = store_.counts().waiting;
  if (waiting != 0)
    log.write(LogLevel::kWarning,
              std::to_string(waiting) + " jobs that still waited are lost: the queue is in memory");
}

}  // namespace zerver::server
