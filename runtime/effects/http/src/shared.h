// What the workers of one target have in common.
#pragma once

#include <zerver/effects/health.h>
#include <zerver/effects/renewable.h>
#include <zerver/effects/system.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace zerver::effects::http_client {

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
};

}  // namespace zerver::effects::http_client
