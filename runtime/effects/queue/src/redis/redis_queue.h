// Queues in Redis, on one server or on a cluster.
#pragma once

#include "redis/scripts.h"
#include <zerver/core/random.h>
#include <zerver/effects/redis/options.h>
#include <zerver/io/net/tls.h>
#include <zerver/jobs/queue_store.h>

#include <memory>
#include <string>
#include <string_view>

namespace zerver::effects::queue {

// As safe as the server keeps its data: with `appendonly yes` and `appendfsync always` what has been accepted
// outlives it. Sessions have connections of their own, on their loops.
class RedisQueue final : public jobs::QueueStore {
 public:
  // Reads the URL, and asks the server. Empty, or what is wrong.
  [[nodiscard]] std::string open(std::string_view url, const Clock& clock);

  std::unique_ptr<jobs::QueueSession> session(async::Loop& loop, const Clock& clock,
                                              jobs::QueueListener* listener) override;
  bool is_durable() const noexcept override { return true; }

 private:
  class Session;

  redis::Options options_;
  std::unique_ptr<io::net::TlsClient> tls_;  // null: without
  RedisScripts scripts_;
};

}  // namespace zerver::effects::queue
