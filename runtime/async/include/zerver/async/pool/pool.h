// Connections, or whatever is dear to make, that are used again and again.
#pragma once

#include <zerver/async/combine/select.h>
#include <zerver/async/pool/idle_list.h>
#include <zerver/async/sleep.h>
#include <zerver/async/sync/event.h>
#include <zerver/async/sync/semaphore.h>
#include <zerver/async/task.h>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace zerver::async {

struct PoolStats {
  std::size_t leased = 0;  // connections in use or being made
  std::size_t idle = 0;
  std::size_t waiting = 0;
  std::uint64_t made = 0;  // since the start, like the following
  std::uint64_t reused = 0;
  std::uint64_t closed = 0;  // too old, unhealthy or discarded
  std::uint64_t refused = 0;
};

// Of one loop. Places go to those who wait in the order of their coming. Nobody leases from it or waits when
// it goes: close(), then drained(). Closing a connection is its destructor's matter.
template <class Connection> class Pool {
  // One of its places, with or without a connection.
  class Place {
   public:
    Place(Pool& pool, Permits&& permit) noexcept : pool_(&pool), permit_(std::move(permit)) {
      ++pool.stats_.leased;
      pool.leased_.add();
    }
    Place(Place&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), permit_(std::move(other.permit_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (pool_ == nullptr) return;
      --pool_->stats_.leased;
      permit_.release();
      pool_->leased_.done();
    }
    Pool* pool() const noexcept { return pool_; }

   private:
    Pool* pool_;
    Permits permit_;
  };

 public:
  using Connect = std::function<Task<Result<Connection>>()>;
  using Probe = std::function<Task<bool>(Connection&)>;  // false: it is of no use any more

  // A connection on loan; goes back to the pool, which outlives it.
  class [[nodiscard]] Lease {
   public:
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (place_.pool() != nullptr) place_.pool()->take_back(std::move(pooled_), discarded_);
    }

    Connection& operator*() noexcept { return pooled_.connection; }
    Connection* operator->() noexcept { return &pooled_.connection; }
    // It is closed instead of being given back.
    void discard() noexcept { discarded_ = true; }

   private:
    friend class Pool;
    Lease(Pooled<Connection>&& pooled, Place&& place) noexcept
        : place_(std::move(place)), pooled_(std::move(pooled)) {}

    Place place_;  // given up last
    Pooled<Connection> pooled_;
    bool discarded_ = false;
  };

  Pool(Loop& loop, const PoolOptions& options, Connect connect, Probe probe = nullptr)
      : loop_(loop),
        options_(options),
        connect_(std::move(connect)),
        probe_(std::move(probe)),
        idle_(options),
        places_(options.size),
        old_(*this) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    assert(stats_.leased == 0 && stats_.waiting == 0);
    loop_.stop(old_);
  }

  // Waits for a place, for at most that span: then `timeout`. `unavailable` when too many wait, or the pool
  // is or becomes closed; else what connecting failed with.
  Task<Result<Lease>> acquire(Duration at_most = Duration::max()) {
    Result<Place> place = co_await place_within(at_most);
    if (!place) co_return place.error();
    while (std::optional<Pooled<Connection>> pooled = idle_.take()) {
      const bool is_usable = co_await usable(*pooled);
      if (is_usable && !closed_.is_set()) {
        ++stats_.reused;
        co_return Lease(*std::move(pooled), *std::move(place));
      }
      ++stats_.closed;
    }
    if (closed_.is_set()) co_return refuse("the pool is closed");
    Result<Connection> connection = co_await connect_();
    if (!connection) co_return connection.error();
    ++stats_.made;
    co_return Lease({*std::move(connection), loop_.now(), loop_.now()}, *std::move(place));
  }

  // Nothing is given out any more. What is idle is closed now, what is leased when it is given back.
  void close() noexcept {
    stats_.closed += idle_.size();
    idle_.clear();
    loop_.stop(old_);
    closed_.set();
  }
  bool is_closed() const noexcept { return closed_.is_set(); }
  // Waits until nothing is leased. Fails only when it is cancelled.
  Awaiting<Event::Wait> drained() noexcept { return leased_.wait(); }
  PoolStats stats() const noexcept {
    PoolStats stats = stats_;
    stats.idle = idle_.size();
    return stats;
  }

 private:
  struct OldTimer final : Timer {
    explicit OldTimer(Pool& its_pool) noexcept : Timer(fire), pool(its_pool) {}
    static void fire(Timer& timer) noexcept { static_cast<OldTimer&>(timer).pool.close_old(); }
    Pool& pool;
  };

  Task<Result<Place>> place_within(Duration at_most) {
    if (closed_.is_set()) co_return refuse("the pool is closed");
    if (Result<Permits> at_once = places_.try_acquire()) co_return Place(*this, *std::move(at_once));
    if (stats_.waiting >= options_.waiting) co_return refuse("too many wait for a connection");
    ++stats_.waiting;
    auto chosen = co_await select(places_.acquire(), closed_.wait(), sleep_for(at_most));
    --stats_.waiting;
    if (!chosen) co_return chosen.error();
    if (chosen->index() == 1) co_return refuse("the pool is closed");
    if (chosen->index() == 2) co_return Fault{FaultKind::kTimeout, "no connection became free in time", {}};
    co_return Place(*this, *std::get<0>(*std::move(chosen)));
  }
  Fault refuse(String why) noexcept {
    ++stats_.refused;
    return {FaultKind::kUnavailable, why, {}};
  }
  Task<bool> usable(Pooled<Connection>& pooled) {
    const TimePoint now = loop_.now();
    if (idle_.expired(pooled, now)) co_return false;
    if (!probe_ || !idle_.wants_probe(pooled, now)) co_return true;
    co_return co_await probe_(pooled.connection);
  }
  void take_back(Pooled<Connection>&& pooled, bool discarded) {
    pooled.used = loop_.now();
    if (discarded || closed_.is_set() || idle_.expired(pooled, loop_.now())) {
      ++stats_.closed;
      return;
    }
    idle_.put(std::move(pooled));
    if (!old_.running() && idle_.next_expiry() != TimePoint::never()) loop_.start(old_, idle_.next_expiry());
  }
  void close_old() noexcept {
    stats_.closed += idle_.take_expired(loop_.now()).size();
    if (const TimePoint next = idle_.next_expiry(); next != TimePoint::never()) loop_.start(old_, next);
  }

  Loop& loop_;
  PoolOptions options_;
  Connect connect_;
  Probe probe_;
  IdleList<Connection> idle_;
  Semaphore places_;
  Event closed_;
  WaitGroup leased_;
  PoolStats stats_;
  OldTimer old_;
};

}  // namespace zerver::async
