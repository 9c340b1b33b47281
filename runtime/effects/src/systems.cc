#include <zerver/effects/systems.h>

#include <algorithm>
#include <utility>

namespace zerver::effects {

std::string Systems::open(std::span<const flow::PackageInfo* const> packages, const Registry& registry,
                          const flow::Environment& environment) {
  packages_.assign(packages.begin(), packages.end());
  for (const flow::PackageInfo* const package : packages_) {
    for (const flow::TargetInfo& target : package->targets) {
      if (find(target.name) != nullptr) continue;
      if (std::string error = open_target(target, registry, environment); !error.empty()) {
        return "target `" + std::string(target.name) + "`: " + std::move(error);
      }
    }
    std::vector<flow::Rate*>& rates = rates_of_.emplace_back();
    for (const flow::RateInfo& rate : package->rates)
      rates.push_back(&rates_.emplace_back(rate));
  }
  return {};
}

std::string Systems::open_target(const flow::TargetInfo& info, const Registry& registry,
                                 const flow::Environment& environment) {
  const Registry::Open* const open = registry.find(info.adapter);
  if (open == nullptr)
    return "no implementation of adapter `" + std::string(info.adapter) + "` is registered";
  flow::TargetConfig config;
  if (info.configure != nullptr) info.configure(environment, config);
  if (!config.missing().empty()) return "`" + config.missing().front() + "` is not set";
  Opened opened = (*open)(info, config);
  if (opened.system == nullptr) return std::move(opened.error);
  entries_.emplace_back(info).system = std::move(opened.system);
  return {};
}

Systems::Entry* Systems::find(std::string_view name) noexcept {
  const auto entry = std::ranges::find(entries_, name, &Entry::name);
  return entry == entries_.end() ? nullptr : &*entry;
}

std::vector<std::vector<flow::Target*>> Systems::bind(flow::Worker& worker) {
  const std::size_t first = targets_.size();
  for (Entry& entry : entries_) {
    adapters_.push_back(entry.system->adapter(worker));
    targets_.emplace_back(entry.name, adapters_.back().get(), &entry.shared.in_flight,
                          entry.shared.breaker_or_null(), entry.shared.retry_budget_or_null());
  }
  std::vector<std::vector<flow::Target*>> bound;
  for (const flow::PackageInfo* const package : packages_) {
    std::vector<flow::Target*>& targets = bound.emplace_back();
    for (const flow::TargetInfo& info : package->targets) {
      const auto entry = std::ranges::find(entries_, info.name, &Entry::name);
      targets.push_back(&targets_[first + static_cast<std::size_t>(entry - entries_.begin())]);
    }
  }
  return bound;
}

std::vector<flow::TargetStats> Systems::stats() const {
  std::vector<flow::TargetStats> stats;
  for (const Entry& entry : entries_)
    stats.push_back(flow::stats_of(entry.name, entry.shared));
  for (std::size_t i = 0; i < targets_.size(); ++i)
    flow::add(stats[i % entries_.size()], targets_[i].counts);
  return stats;
}

}  // namespace zerver::effects
