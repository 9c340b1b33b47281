// What the pools of all workers show of a server.
#pragma once

#include <zerver/effects/health.h>
#include <zerver/effects/renewable.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace zerver::effects::postgres {

// Written by each worker with what has changed, read by any thread.
struct Observed {
  HealthRecord health;
  std::atomic<std::uint32_t> open = 0;
  std::atomic<std::uint32_t> idle = 0;
  std::atomic<std::uint32_t> waiting = 0;
};

// Among whom the connections of a process are dealt out: the first ones get what is left over, and nobody
// gets none.
struct Workers {
  std::size_t count = 0;

  std::size_t share(std::size_t size, std::size_t worker) const noexcept {
    const std::size_t share = size / count + (worker < size % count ? 1 : 0);
    return share == 0 ? 1 : share;
  }
};

// A worker's part of both; null: all of them, and nobody looks. And the password of new connections; null: it
// stays that of the URL.
struct Part {
  const Workers* workers = nullptr;
  std::size_t worker = 0;  // from 0
  Observed* observed = nullptr;
  const Renewable<std::string>* password = nullptr;
};

// What one worker adds to what is observed.
struct Counted {
  std::uint32_t open = 0;
  std::uint32_t idle = 0;
  std::uint32_t waiting = 0;
};

}  // namespace zerver::effects::postgres
