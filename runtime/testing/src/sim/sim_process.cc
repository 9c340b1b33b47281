#include "sim_process.h"

#include "fault_adapter.h"
#include <zerver/effects/queue/zone_file.h>
#include <zerver/flow/job/job.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace zerver::testing {

// The system behind `enqueue`: what the flows of a worker enqueue runs there.
class SimProcess::Queue final : public effects::System {
 public:
  explicit Queue(SimProcess& process) noexcept : process_(&process) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    const std::size_t index = process_->service_.index_of(worker);
    const auto bind = [process = process_, index](std::size_t package, flow::Exchange& exchange) {
      exchange.set_targets(process->targets_[index][package], process->systems_.rates(package));
    };
    auto runner = std::make_unique<jobs::JobRunner>(worker, process_->job_group_, bind);
    if (process_->service_.workers()[index].is_batch()) runner->only_forward();
    process_->runners_.push_back(runner.get());
    return runner;
  }

 private:
  SimProcess* process_;
};

SimProcess::SimProcess(const std::vector<const flow::PackageInfo*>& packages,
                       const SimWorld::Options& options, const SimSurroundings& around)
    : packages_(&packages),
      options_(&options),
      around_(around),
      job_group_(packages, around.queue, {.journal = &around.journal}),
      service_(around.loop, flow::Seams{around.loop, around.loop.clock(), around.random, around.log},
               packages, options.scheduling, options.computing) {
  service_.add_workers(std::max(1U, options.workers), options.batch_workers, options.limits);
  for (SimWorker& each : service_.workers()) {
    each.worker().set_trace(&around.ring);
    each.worker().set_saga_log(around.sagas);
  }
}

void SimProcess::offer_jobs(effects::Registry& registry) {
  registry.replace({.name = std::string(flow::JobsAdapter::kTarget), .version = {}, .reaches = {}},
                   [this](const flow::TargetInfo&, const flow::TargetConfig&) {
                     return effects::Opened{std::make_unique<Queue>(*this), {}};
                   });
}

effects::Registry SimProcess::with_faults() {
  effects::Registry systems = around_.registry;
  offer_jobs(systems);
  effects::Registry wrapped;
  for (const flow::PackageInfo* const package : *packages_) {
    for (const flow::TargetInfo& target : package->targets) {
      const effects::Registry::Entry* const entry = systems.find(target.adapter);
      if (entry == nullptr) continue;  // Systems::open says so
      if (target.adapter == "zerver.clock" || target.adapter == "zerver.random") {
        wrapped.replace(entry->info, entry->open);
        continue;
      }
      wrapped.replace(entry->info, [this, open = entry->open](const flow::TargetInfo& info,
                                                              const flow::TargetConfig& config) {
        effects::Opened opened = open(info, config);
        if (opened.system != nullptr) {
          auto system = std::make_unique<FaultSystem>(std::move(opened.system), std::string(info.name),
                                                      *around_.source, around_.counts);
          fault_systems_.push_back(system.get());
          opened.system = std::move(system);
        }
        return opened;
      });
    }
  }
  return wrapped;
}

void SimProcess::start() {
  if (std::exchange(started_, true)) return;
  if (const std::string error = job_group_.load_crons(effects::read_zone_file); !error.empty())
    throw std::runtime_error(error);
  if (const std::string error = systems_.open(*packages_, with_faults(), around_.variables); !error.empty())
    throw std::runtime_error(error);
  for (SimWorker& each : service_.workers()) {
    targets_.push_back(systems_.bind(each.worker()));
    service_.bind(targets_.size() - 1, targets_.back(),
                  [this](std::size_t package) { return systems_.rates(package); });
  }
  if (const std::string error = service_.start(); !error.empty()) throw std::runtime_error(error);
  std::vector<flow::SagaPackage> saga_packages;
  for (std::size_t i = 0; i < packages_->size(); ++i)
    saga_packages.push_back({(*packages_)[i], targets_[0][i], systems_.rates(i)});
  recovery_.emplace(service_.workers()[0].worker(), around_.sagas, std::move(saga_packages),
                    options_->recovery);
  recovery_->start();
}

void SimProcess::die(Random& random) {
  service_.die();
  // No answer comes any more, whatever happens in the systems meanwhile.
  for (FaultSystem* const system : fault_systems_)
    system->break_connections();
  for (FaultSystem* const system : fault_systems_)
    system->deliver_sent(random);
  for (jobs::JobRunner* const runner : runners_)
    runner->discard();
  recovery_.reset();
}

void SimProcess::add_violations(std::vector<std::string>& found) const {
  for (const FaultSystem* const system : fault_systems_) {
    if (system->in_flight() != 0)
      found.push_back(std::to_string(system->in_flight()) + " operations are still in flight");
  }
  for (const auto& worker : targets_) {
    for (const auto& package : worker) {
      for (const flow::Target* const target : package) {
        if (target->in_flight->count() != 0)
          found.push_back("target " + std::string(target->name) + " has places that were not given back");
      }
    }
  }
}

}  // namespace zerver::testing
