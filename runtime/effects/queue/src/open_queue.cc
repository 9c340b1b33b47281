#include "nats/nats_backend.h"
#include "postgres/postgres_backend.h"
#include "redis/redis_queue.h"
#include "sqlite/sqlite_backend.h"
#include "threaded_queue.h"
#include <zerver/effects/queue/open_queue.h>
#include <zerver/jobs/job_store.h>

#include <utility>

namespace zerver::effects {

OpenedQueue open_queue(std::string_view url, const Clock& clock) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url == "memory:") return {std::make_unique<jobs::JobStore>(), {}};
  if (url.starts_with(kSqlite)) {
    const std::string path(url.substr(kSqlite.size()));
    auto backend = std::make_unique<queue::SqliteBackend>();
    if (std::string error = backend->open(path); !error.empty())
      return {nullptr, "cannot open the queue in " + path + ": " + error};
    return {std::make_unique<queue::ThreadedQueue>(std::move(backend), clock), {}};
  }
  if (url.starts_with("postgres://") || url.starts_with("postgresql://")) {
    auto backend = std::make_unique<queue::PostgresBackend>();
    if (std::string error = backend->open(std::string(url)); !error.empty())
      return {nullptr, "cannot open the queue in PostgreSQL: " + error};
    return {std::make_unique<queue::ThreadedQueue>(std::move(backend), clock), {}};
  }
  if (url.starts_with("redis")) {
    auto store = std::make_unique<queue::RedisQueue>();
    if (std::string error = store->open(url, clock); !error.empty())
      return {nullptr, "cannot open the queue in Redis: " + error};
    return {std::move(store), {}};
  }
  if (url.starts_with("nats://")) {
    auto backend = std::make_unique<queue::NatsBackend>();
    if (std::string error = backend->open(std::string(url)); !error.empty())
      return {nullptr, "cannot open the queue in NATS: " + error};
    return {std::make_unique<queue::ThreadedQueue>(std::move(backend), clock), {}};
  }
  return {nullptr,
          "the URL of a queue begins with `memory:`, `sqlite:`, `postgres://`, `redis://` or `nats://`"};
}

}  // namespace zerver::effects
