#include <zerver/effects/systems.h>
#include <zerver/flow/call/defaults.h>
#include <zerver/flow/rpc/rpc.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace zerver::effects {

std::string Systems::open(std::span<const flow::PackageInfo* const> packages, const Registry& registry,
                          const flow::Environment& environment) {
  packages_.assign(packages.begin(), packages.end());
  std::string errors;
  const auto add = [&errors](std::string_view line) {
    if (!errors.empty()) errors += '\n';
    errors += line;
  };
  for (const std::string& error : registry.errors())
    add(error);
  for (const flow::PackageInfo* const package : packages_) {
    for (const flow::TargetInfo& target : package->targets) {
      const bool has_failed = std::ranges::any_of(
          failures_, [&target](const Failure& failure) { return failure.info->name == target.name; });
      if (find(target.name) != nullptr || has_failed) continue;
      if (std::string error = open_target(target, registry, environment); !error.empty()) {
        add("target `" + std::string(target.name) + "`: " + error);
        failures_.push_back({&target, std::move(error)});
      }
    }
    std::vector<flow::Rate*>& rates = rates_of_.emplace_back();
    for (const flow::RateInfo& rate : package->rates)
      rates.push_back(&rates_.emplace_back(rate));
  }
  return errors;
}

std::string Systems::open_target(const flow::TargetInfo& info, const Registry& registry,
                                 const flow::Environment& environment) {
  const Registry::Entry* entry = registry.find(info.adapter);
  // One that is declared with `@grpc` needs no implementation of its own.
  if (entry == nullptr && !info.rpcs.empty()) entry = registry.find("zerver.grpc");
  const std::string adapter = "adapter `" + std::string(info.adapter) + "`";
  if (entry == nullptr) return "no implementation of " + adapter + " is registered";
  flow::TargetConfig config;
  if (info.configure != nullptr) info.configure(environment, config);
  if (!config.missing().empty()) {
    std::string names;
    for (const std::string& name : config.missing())
      names += (names.empty() ? "`" : ", `") + name + "`";
    return names + (config.missing().size() == 1 ? " is not set" : " are not set");
  }
  Opened opened;
  try {
    opened = entry->open(info, config);
  } catch (const std::exception& error) {
    opened.error = error.what();
  }
  if (opened.system == nullptr)
    return adapter + ": " + (opened.error.empty() ? "it does not say why it cannot be opened" : opened.error);
  entries_.emplace_back(info, std::move(config), entry->info, std::move(opened.system));
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
                          entry.shared.breaker_or_null(), entry.shared.retry_budget_or_null(),
                          flow::defaults::timeout_of(entry.info.adapter));
    targets_.back().operations = entry.info.operations;
    if (!counts_operations_) continue;
    operation_counts_.push_back(std::make_unique<flow::OperationCounts[]>(entry.info.operations.size()));
    targets_.back().by_operation = operation_counts_.back().get();
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

std::vector<OperationStats> Systems::operation_stats() const {
  std::vector<OperationStats> stats;
  if (operation_counts_.empty()) return stats;
  for (std::size_t entry = 0; entry < entries_.size(); ++entry) {
    const std::span<const flow::OperationInfo> operations = entries_[entry].info.operations;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      stats.push_back({entries_[entry].name, operations[i].name, {}});
      // Those of one worker lie in the order of the entries.
      for (std::size_t target = entry; target < operation_counts_.size(); target += entries_.size())
        operation_counts_[target][i].add_to(stats.back().sum);
    }
  }
  return stats;
}

std::vector<TargetState> Systems::states() const {
  std::vector<TargetState> states;
  for (const Entry& entry : entries_) {
    states.push_back({.info = &entry.info,
                      .adapter = &entry.adapter,
                      .describes = entry.system->describe(),
                      .health = entry.system->health(),
                      .pool = entry.system->pool(),
                      .addresses = entry.system->addresses()});
  }
  return states;
}

void Systems::probe(flow::Worker& worker, const std::function<void(std::size_t, Health)>& done) {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    entries_[i].system->probe(worker, [&done, i](Health health) { done(i, std::move(health)); });
}

std::vector<Systems::Renewal> Systems::renew(const flow::Environment& environment) {
  std::vector<Renewal> renewals;
  for (Entry& entry : entries_) {
    if (entry.info.configure == nullptr) continue;
    flow::TargetConfig config;
    entry.info.configure(environment, config);
    bool is_taken = true;
    for (const flow::TargetConfig::Argument& argument : config.arguments()) {
      if (!argument.is_secret() || entry.config.get(argument.name) == argument.value) continue;
      Renewal& renewal = renewals.emplace_back(&entry.info, argument.name);
      try {
        renewal.why = entry.system->renew(argument.name, argument.value);
      } catch (const std::exception& error) {
        renewal.why = error.what();
      }
      is_taken = is_taken && renewal.why.empty();
    }
    if (is_taken) entry.config = std::move(config);
  }
  return renewals;
}

void Systems::close(Duration patience) noexcept {
  // Those of one worker lie in the order of the entries.
  while (!adapters_.empty())
    adapters_.pop_back();
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->system == nullptr) continue;
    entry->system->stop(patience);
    entry->system.reset();
  }
}

}  // namespace zerver::effects
