// Opens the store of a queue by its URL, and the adapter `queue` over it.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/effects/registry.h>
#include <zerver/jobs/queue_store.h>

#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects {

// A store, or why it cannot be opened: one line, without a secret.
struct OpenedQueue {
  std::unique_ptr<jobs::QueueStore> store;
  std::string error;
};

// `memory:`, `sqlite:PATH`, `postgres://...`, `redis://...` and its relatives, or `nats://...`. `clock`
// outlives the store; several threads read it.
OpenedQueue open_queue(std::string_view url, const Clock& clock);

// The adapter `queue` over any of them, for Registry::add("zerver.queue", ...).
Registry::Open open_queue_adapter();

}  // namespace zerver::effects
