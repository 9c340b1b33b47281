// A target that is reached over connections: what its workers share, and the pool that one of them has.
#pragma once

#include "operations.h"
#include "target_url.h"
#include <zerver/async/pool/pool.h>
#include <zerver/async/task_group.h>
#include <zerver/effects/net/open_net.h>
#include <zerver/effects/system.h>
#include <zerver/io/net/connector.h>
#include <zerver/io/net/tls.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zerver::effects::net {

// From an adapter's parameters.
struct StreamSettings {
  TargetUrl url;
  Duration idle;
  Duration connect;
  std::size_t most = 0;    // bytes of an answer
  std::uint32_t pool = 0;  // connections of all workers; 0: kConnections for each
};

// Read by any thread, written by its worker.
struct PoolCounts {
  std::atomic<std::uint32_t> open = 0;
  std::atomic<std::uint32_t> idle = 0;
  std::atomic<std::uint32_t> waiting = 0;
};

// What all workers share. `settings` does not change once the workers run.
struct StreamShared {
  static constexpr std::uint32_t kConnections = 16;

  StreamSettings settings;
  io::net::Endpoint endpoint;
  std::unique_ptr<io::net::TlsClient> tls;
  ConnectorOf connector;
  HealthRecord health;
  std::deque<PoolCounts> counts;  // of each worker

  std::uint32_t connections() const noexcept {
    const auto workers = static_cast<std::uint32_t>(std::max<std::size_t>(1, counts.size()));
    return settings.pool == 0 ? kConnections : std::max(1U, settings.pool / workers);
  }
  PoolState pool() const noexcept;
  // Empty, or why not. `secured` is the scheme with TLS.
  std::string set_endpoint(std::string_view secured, const std::optional<std::string>& ca,
                           const std::optional<std::string>& certificate,
                           const std::optional<std::string>& private_key);
  // Notes how an operation ended, as far as it says something about the other side.
  template <class T> void note(const Result<T>& result, TimePoint now) {
    if (result) {
      health.note(Health::State::kUp, {}, now);
    } else if (result.error().kind == FaultKind::kUnavailable) {
      health.note(Health::State::kDown, result.error().why, now);
    }
  }
};

// The connections of one worker. A connection makes itself ready (`open`), says whether it can be used again
// (`is_usable`), and remembers that it was (`was_used`). One that does something while nobody has it begins
// with `rest`.
template <class Connection> class StreamPool {
 public:
  using ConnectionPtr = std::unique_ptr<Connection>;
  using Pool = async::Pool<ConnectionPtr>;
  using Lease = typename Pool::Lease;

  StreamPool(StreamShared& shared, flow::Worker& worker)
      : shared_(shared),
        worker_(worker),
        counts_(shared.counts.emplace_back()),
        tasks_(worker.loop(), {}, async::OnFailure::kGoOn) {}

  async::Task<Result<Lease>> acquire() {
    if (!pool_) open();
    Result<Lease> lease = co_await pool_->acquire();
    publish();
    co_return std::move(lease);
  }
  // Behind what it was used for; a connection that is not usable any more is closed.
  void give_back(Lease&& lease, bool is_usable) {
    {
      Lease ended = std::move(lease);
      (*ended)->was_used = true;
      if (!is_usable) {
        ended.discard();
      } else if constexpr (requires { (*ended)->rest(tasks_); }) {
        (*ended)->rest(tasks_);
      }
    }
    publish();
  }
  void close() noexcept {
    if (pool_) pool_->close();
    tasks_.finish();
  }

 private:
  void publish() noexcept {
    const async::PoolStats stats = pool_->stats();
    counts_.open.store(static_cast<std::uint32_t>(stats.leased + stats.idle), std::memory_order_relaxed);
    counts_.idle.store(static_cast<std::uint32_t>(stats.idle), std::memory_order_relaxed);
    counts_.waiting.store(static_cast<std::uint32_t>(stats.waiting), std::memory_order_relaxed);
  }
  // All workers are known when the first operation comes.
  void open() {
    const async::PoolOptions options{
        .size = shared_.connections(), .idle_timeout = shared_.settings.idle, .probe_after = Duration{-1}};
    pool_.emplace(
        worker_.loop(), options, [this] { return connect(); },
        [](ConnectionPtr& connection) { return connection->is_usable(); });
  }
  async::Task<Result<ConnectionPtr>> connect() {
    io::net::Connector* const connector = shared_.connector(worker_);
    if (connector == nullptr) co_return Fault{FaultKind::kUnavailable, "there is no network here", {}};
    const TimePoint until = worker_.loop().now() + shared_.settings.connect;
    auto stream = co_await connector->connect(shared_.endpoint, until);
    if (!stream) co_return unreachable(stream.error());
    co_return co_await Connection::open(*std::move(stream), shared_, worker_);
  }
  // That it took longer than `connect` says nothing about how long the operation has.
  static Fault unreachable(const Fault& fault) noexcept {
    return {fault.kind == FaultKind::kTimeout ? FaultKind::kUnavailable : fault.kind, fault.why, {}};
  }

  StreamShared& shared_;
  flow::Worker& worker_;
  PoolCounts& counts_;
  async::TaskGroup tasks_;  // of connections that nobody has
  std::optional<Pool> pool_;
};

// A target with such pools: one `Shared`, and an adapter of it for each worker.
template <class Shared, class WorkerAdapter> class StreamSystem : public System {
 public:
  explicit StreamSystem(std::unique_ptr<Shared> shared) noexcept : shared_(std::move(shared)) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    auto adapter = std::make_unique<WorkerAdapter>(*shared_, worker);
    workers_.emplace_back(&worker, adapter.get());
    return adapter;
  }
  std::string describe() const override { return net::describe(shared_->settings.url); }
  Health health() const override { return shared_->health.health(); }
  std::optional<PoolState> pool() const override { return shared_->pool(); }
  void probe(flow::Worker& worker, ProbeDone done) override {
    for (const auto& [each, adapter] : workers_) {
      if (each == &worker) return adapter->probe(std::move(done));
    }
    done(health());
  }

 protected:
  Shared& shared() noexcept { return *shared_; }

 private:
  std::unique_ptr<Shared> shared_;
  std::vector<std::pair<flow::Worker*, WorkerAdapter*>> workers_;
};

}  // namespace zerver::effects::net
