// Limits that hold for a whole server: in_flight, rates and retry budgets of flows, rates of tenants.
#pragma once

#include <zerver/async/rate/keyed_limiter.h>
#include <zerver/async/rate/token_bucket.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/budget.h>
#include <zerver/server/scheduling.h>
#include <zerver/server/scheduling/bound_package.h>
#include <zerver/server/scheduling/served_exchange.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::server {

// enter() and leave() are for any thread; what has no limit costs nothing.
class RequestLimits {
 public:
  struct Refusal {
    std::uint16_t status;
    std::string_view detail;  // static
    Duration retry_after;
    bool of_tenant = false;  // who has had what it may have, however idle the server is
  };

  RequestLimits(const Scheduling& settings, TimePoint now) noexcept : settings_(settings), start_(now) {}

  // Before the first request.
  void prepare(std::span<const BoundPackage> packages);
  // What is wrong with the settings; empty: nothing.
  const std::string& error() const noexcept { return error_; }
  bool prepared() const noexcept { return prepared_; }
  // There is one that enter() looks at.
  bool any() const noexcept { return any_; }
  // Of that flow, by positions; null: unbounded. Stays ours.
  flow::RetryBudget* retry_budget(std::size_t package, std::size_t flow) noexcept {
    std::optional<flow::RetryBudget>& budget = flows_[package][flow].retry_budget;
    return budget ? &*budget : nullptr;
  }

  // A request for that flow may be served; then leave() follows when it is answered.
  std::optional<Refusal> enter(const ServedExchange& exchange, std::size_t flow, TimePoint now) noexcept;
  void leave(const ServedExchange& exchange, std::size_t flow) noexcept;

 private:
  // A rate, for many threads.
  struct Bucket {
    Bucket(const async::RateLimit& limit, TimePoint now) noexcept : tokens(limit, now) {}
    std::mutex mutex;
    async::TokenBucket tokens;
  };
  struct FlowLimit {
    std::uint32_t cap = 0;  // 0: none
    std::atomic<std::uint32_t> in_flight = 0;
    std::unique_ptr<Bucket> rate;
    std::optional<flow::RetryBudget> retry_budget;
  };
  struct Tenants {
    Tenants(const TenantRate& settings, TimePoint now)
        : header(settings.header), limiter(settings.limit, settings.tenants, now) {}
    std::string header;  // in lower case
    std::mutex mutex;
    async::KeyedLimiter<async::TokenBucket> limiter;
  };

  const Scheduling& settings_;
  TimePoint start_;
  std::string error_;
  bool prepared_ = false;
  bool any_ = false;
  std::vector<std::vector<FlowLimit>> flows_;  // by package and flow; not changed after prepare()
  std::vector<std::unique_ptr<Tenants>> tenants_;
};

}  // namespace zerver::server
