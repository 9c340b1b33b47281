#include "metrics/answer_metrics.h"

#include <algorithm>

namespace zerver::server {

void StatusCounts::note(std::uint16_t status) noexcept {
  for (Entry& entry : entries_) {
    const std::uint64_t known = entry.status.value();
    if (known != status && known != 0) continue;
    entry.count.add();
    if (known == 0) entry.status.set(status);
    return;
  }
  others_.add();
}

void StatusCounts::add_to(StatusSums& sums) const {
  const auto add = [&sums](std::uint16_t status, std::uint64_t count) {
    if (count == 0) return;
    const auto place = std::ranges::lower_bound(sums, status, {}, &StatusSums::value_type::first);
    if (place != sums.end() && place->first == status) {
      place->second += count;
    } else {
      sums.insert(place, {status, count});
    }
  };
  for (const Entry& entry : entries_) {
    if (const std::uint64_t status = entry.status.value(); status != 0)
      add(static_cast<std::uint16_t>(status), entry.count.value());
  }
  add(0, others_.value());
}

void AnswerMetrics::bind(std::span<const BoundPackage> packages) {
  packages_.clear();
  flows_.clear();
  for (const BoundPackage& bound : packages) {
    packages_.push_back(bound.package);
    flows_.push_back(std::make_unique<OfFlow[]>(bound.package->flows.size()));
  }
}

void AnswerMetrics::note(const ServedExchange& exchange, std::uint16_t status) noexcept {
  const flow::FlowInfo* const flow = exchange.flow();
  if (flow == nullptr) return unrouted_.note(status);
  const auto position = static_cast<std::size_t>(flow - packages_[exchange.package]->flows.data());
  OfFlow& counted = flows_[exchange.package][position];
  counted.statuses.note(status);
  counted.times.record(clock_->now() - exchange.arrived());
}

void AnswerMetrics::add_to(AnswersStats& stats) const {
  std::size_t next = 0;
  const bool is_first = stats.flows.empty();
  for (std::size_t p = 0; p < packages_.size(); ++p) {
    for (std::size_t f = 0; f < packages_[p]->flows.size(); ++f, ++next) {
      const flow::FlowInfo& info = packages_[p]->flows[f];
      if (is_first)
        stats.flows.push_back({.package = packages_[p]->name,
                               .flow = info.name,
                               .method = info.method,
                               .route = info.path,
                               .statuses = {},
                               .times = {}});
      flows_[p][f].statuses.add_to(stats.flows[next].statuses);
      flows_[p][f].times.add_to(stats.flows[next].times);
      flows_[p][f].times.add_to(stats.classes[static_cast<std::size_t>(info.priority)]);
    }
  }
  unrouted_.add_to(stats.unrouted);
}

}  // namespace zerver::server
