#include "shared.h"

#include <algorithm>

namespace zerver::effects::http_client {

std::shared_ptr<AddressCounts> Addresses::counts_of(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(all_, [](const auto& counts) { return counts.use_count() == 1; });
  const auto known =
      std::ranges::find_if(all_, [&](const auto& counts) { return counts->address == address; });
  return known != all_.end() ? *known : all_.emplace_back(std::make_shared<AddressCounts>(address));
}

std::vector<AddressState> Addresses::states() const {
  const std::scoped_lock lock(mutex_);
  std::vector<AddressState> states;
  for (const auto& counts : all_)
    states.push_back({.address = counts->address,
                      .in_flight = counts->in_flight.load(std::memory_order_relaxed),
                      .calls = counts->calls.load(std::memory_order_relaxed),
                      .failures = counts->failures.load(std::memory_order_relaxed),
                      .is_left_out = counts->is_left_out.load(std::memory_order_relaxed)});
  return states;
}

}  // namespace zerver::effects::http_client
