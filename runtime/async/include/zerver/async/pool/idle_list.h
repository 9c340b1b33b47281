// Connections that wait to be used again: which one is next, and which are too old.
#pragma once

#include <zerver/core/time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace zerver::async {

// kLatest keeps few connections warm and lets the rest grow old; kOldest uses all of them in turn.
enum class Reuse : std::uint8_t { kLatest, kOldest };

struct PoolOptions {
  std::size_t size = 16;       // connections at the same time
  std::size_t waiting = 1024;  // who waits for one; more are refused
  Reuse reuse = Reuse::kLatest;
  Duration idle_timeout = Duration::from_seconds(60);  // one that was not used for so long is closed
  Duration max_lifetime = Duration::max();  // one that is older is closed instead of being used again
  Duration probe_after = Duration::max();   // one that was idle for longer is probed before it is used
};

// A connection and its times.
template <class Connection> struct Pooled {
  Connection connection;
  TimePoint made;
  TimePoint used;  // when it was given back last
};

// Sans-I/O: whoever owns it tells the time and closes what comes out.
template <class Connection> class IdleList {
 public:
  explicit IdleList(const PoolOptions& options) noexcept : options_(options) {}

  void put(Pooled<Connection>&& pooled) { idle_.push_back(std::move(pooled)); }
  // The next one to use, which may be too old.
  std::optional<Pooled<Connection>> take() {
    if (idle_.empty()) return std::nullopt;
    const auto next = options_.reuse == Reuse::kLatest ? idle_.end() - 1 : idle_.begin();
    std::optional<Pooled<Connection>> taken(std::move(*next));
    idle_.erase(next);
    return taken;
  }
  bool expired(const Pooled<Connection>& pooled, TimePoint now) const noexcept {
    return expiry(pooled) <= now;
  }
  bool wants_probe(const Pooled<Connection>& pooled, TimePoint now) const noexcept {
    return now - pooled.used > options_.probe_after;
  }
  // Takes out those that are too old.
  std::vector<Pooled<Connection>> take_expired(TimePoint now) {
    std::vector<Pooled<Connection>> taken;
    auto kept = idle_.begin();
    for (auto each = idle_.begin(); each != idle_.end(); ++each) {
      if (expired(*each, now)) {
        taken.push_back(std::move(*each));
      } else {
        if (kept != each) *kept = std::move(*each);
        ++kept;
      }
    }
    idle_.erase(kept, idle_.end());
    return taken;
  }
  // When the next of them is too old; never() when there is none.
  TimePoint next_expiry() const noexcept {
    TimePoint next = TimePoint::never();
    for (const Pooled<Connection>& pooled : idle_)
      next = std::min(next, expiry(pooled));
    return next;
  }
  void clear() noexcept { idle_.clear(); }
  std::size_t size() const noexcept { return idle_.size(); }

 private:
  TimePoint expiry(const Pooled<Connection>& pooled) const noexcept {
    return std::min(pooled.used + options_.idle_timeout, pooled.made + options_.max_lifetime);
  }

  PoolOptions options_;
  // Given back last, last. Keeps its memory, which a deque that grows and shrinks at its end does not.
  std::vector<Pooled<Connection>> idle_;
};

}  // namespace zerver::async
