// What the workers of one target have in common.
#pragma once

#include <zerver/effects/health.h>
#include <zerver/effects/renewable.h>
#include <zerver/effects/system.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects::http_client {

// What all workers do with one address.
struct AddressCounts {
  explicit AddressCounts(std::string its_address) : address(std::move(its_address)) {}

  const std::string address;
  std::atomic<std::uint32_t> in_flight = 0;
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> failures = 0;  // to connect, and answers that speak against it
  std::atomic<bool> is_left_out = false;
};

// Any thread.
class Addresses {
 public:
  // Kept as long as somebody has it.
  std::shared_ptr<AddressCounts> counts_of(const std::string& address);
  std::vector<AddressState> states() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<AddressCounts>> all_;
};

// Any thread.
struct Shared {
  // So many connections that could not be made, or broke, one behind the other, are an outage.
  static constexpr std::uint32_t kFailuresOfOutage = 3;

  void note_answer(TimePoint now) {
    if (failures.exchange(0, std::memory_order_relaxed) != 0 ||
        !known.exchange(true, std::memory_order_relaxed))
      health.note(Health::State::kUp, {}, now);
  }
  void note_failure(std::string_view why, TimePoint now) {
    const std::uint32_t so_far = failures.fetch_add(1, std::memory_order_relaxed) + 1;
    known.store(true, std::memory_order_relaxed);
    health.note(so_far >= kFailuresOfOutage ? Health::State::kDown : Health::State::kDegraded, why, now);
  }

  Renewable<std::string> authorization;  // the value of a field; empty: none
  HealthRecord health;
  std::atomic<std::uint32_t> failures = 0;  // since the last answer
  std::atomic<bool> known = false;
  std::atomic<std::uint32_t> workers = 0;
  std::atomic<std::uint32_t> open = 0;  // connections
  std::atomic<std::uint32_t> idle = 0;
  std::atomic<std::uint32_t> waiting = 0;
  Addresses addresses;
};

}  // namespace zerver::effects::http_client
