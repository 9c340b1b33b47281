#include <zerver/server/scheduling/request_limits.h>

#include <algorithm>
#include <exception>

namespace zerver::server {
void RequestLimits::prepare(std::span<const BoundPackage> packages) {
  prepared_ = true;
  std::vector<bool> used(settings_.flow_rates.size(), false);
  for (const BoundPackage& bound : packages) {
    std::vector<FlowLimit> limits(bound.package->flows.size());
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const flow::FlowInfo& flow = bound.package->flows[i];
      limits[i].cap = flow.in_flight;
      if (flow.retry_budget_percent != 0) limits[i].retry_budget.emplace(flow.retry_budget_percent);
      any_ = any_ || flow.in_flight != 0;
      const std::string name = std::string(bound.package->name) + "." + std::string(flow.name);
      for (std::size_t r = 0; r < settings_.flow_rates.size(); ++r) {
        if (settings_.flow_rates[r].flow != name) continue;
        limits[i].rate = std::make_unique<Bucket>(settings_.flow_rates[r].limit, start_);
        used[r] = any_ = true;
      }
    }
    flows_.push_back(std::move(limits));
  }
  for (const TenantRate& rate : settings_.tenant_rates) {
    tenants_.push_back(std::make_unique<Tenants>(rate, start_));
    for (char& c : tenants_.back()->header)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    any_ = true;
  }
  const auto unused = std::ranges::find(used, false);
  if (unused == used.end()) return;
  error_ = "there is no flow `" + settings_.flow_rates[static_cast<std::size_t>(unused - used.begin())].flow +
           "` for its rate";
}

std::optional<RequestLimits::Refusal> RequestLimits::enter(const ServedExchange& exchange, std::size_t flow,
                                                           TimePoint now) noexcept try {
  for (const std::unique_ptr<Tenants>& tenants : tenants_) {
    const std::string_view tenant = exchange.request.header(tenants->header);
    const std::lock_guard lock(tenants->mutex);
    if (const async::Admission admission = tenants->limiter.take(tenant, now); !admission)
      return Refusal{429, "this tenant sends too many requests", admission.wait, true};
  }
  FlowLimit& limit = flows_[exchange.package][flow];
  if (limit.rate) {
    const std::lock_guard lock(limit.rate->mutex);
    if (const async::Admission admission = limit.rate->tokens.take(now); !admission)
      return Refusal{429, "too many requests", admission.wait};
  }
  if (limit.cap != 0 && limit.in_flight.fetch_add(1, std::memory_order_relaxed) >= limit.cap) {
    limit.in_flight.fetch_sub(1, std::memory_order_relaxed);
    return Refusal{503, "too many requests of this kind are under way", Duration::from_seconds(1)};
  }
  return std::nullopt;
} catch (const std::exception&) {  // no memory to remember one more tenant
  return Refusal{503, "the service is overloaded", Duration::from_seconds(1)};
}

void RequestLimits::leave(const ServedExchange& exchange, std::size_t flow) noexcept {
  FlowLimit& limit = flows_[exchange.package][flow];
  if (limit.cap != 0) limit.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace zerver::server
