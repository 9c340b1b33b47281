// Finds threads that have been busy with one thing for too long.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/time.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace zerver::execution {

// One thread says here when it begins and ends something; the watchdog reads it.
class Heartbeat {
 public:
  explicit Heartbeat(std::string name) : name_(std::move(name)) {}

  // `now` is of the watchdog's clock.
  void begin(TimePoint now) noexcept { since_.store(now.nanoseconds + 1, std::memory_order_release); }
  void end() noexcept { since_.store(0, std::memory_order_release); }
  // When what it is at has begun; never() when it is at nothing. Any thread.
  TimePoint since() const noexcept {
    const std::int64_t since = since_.load(std::memory_order_acquire);
    return since == 0 ? TimePoint::never() : TimePoint{since - 1};
  }
  const std::string& name() const noexcept { return name_; }

 private:
  friend class Watchdog;

  std::string name_;
  std::atomic<std::int64_t> since_ = 0;  // nanoseconds plus 1; 0: idle
  std::int64_t reported_ = 0;            // the `since_` that has been reported; the watchdog's
};

// Reports to the log, as a warning, once for each thing that takes longer than the limit. For looking for
// steps and adapters that block: a thread that looks costs little, but not nothing.
class Watchdog {
 public:
  // Both outlive it.
  Watchdog(const Clock& clock, Log& log, Duration limit);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Any thread. The heartbeat lives as long as the watchdog.
  Heartbeat& watch(std::string name);
  // Looks once, and returns how many it has reported. What the thread calls, and tests.
  std::size_t check() noexcept;
  // Looks every half limit, on a thread of its own, until the watchdog goes.
  void start();

  std::uint64_t reports() const noexcept { return reports_.load(std::memory_order_relaxed); }

 private:
  void serve() noexcept;

  const Clock& clock_;
  Log& log_;
  const Duration limit_;
  std::atomic<std::uint64_t> reports_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_, like all below
  std::vector<std::unique_ptr<Heartbeat>> heartbeats_;
  std::thread thread_;
};

}  // namespace zerver::execution
