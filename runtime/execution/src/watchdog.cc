// Finds threads that have been busy with one thing for too long.
#include <zerver/execution/watchdog.h>

#include <chrono>
#include <utility>

namespace zerver::execution {

Watchdog::Watchdog(const Clock& clock, Log& log, Duration limit) : clock_(clock), log_(log), limit_(limit) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Heartbeat& Watchdog::watch(std::string name) {
  const std::lock_guard lock(mutex_);
  return *heartbeats_.emplace_back(std::make_unique<Heartbeat>(std::move(name)));
}

std::size_t Watchdog::check() noexcept {
  const std::lock_guard lock(mutex_);
  const TimePoint now = clock_.now();
  std::size_t found = 0;
  for (const std::unique_ptr<Heartbeat>& heartbeat : heartbeats_) {
    const std::int64_t since = heartbeat->since_.load(std::memory_order_acquire);
    if (since == 0 || since == heartbeat->reported_) continue;
    const Duration busy = now - TimePoint{since - 1};
    if (busy <= limit_) continue;
    heartbeat->reported_ = since;
    ++found;
    log_.write(LogLevel::kWarning, heartbeat->name() + " has been blocked for " +
                                       std::to_string(busy.nanoseconds / 1'000'000) + " ms");
  }
  reports_.fetch_add(found, std::memory_order_relaxed);
  return found;
}

void Watchdog::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
}

void Watchdog::serve() noexcept {
  const std::chrono::nanoseconds pause(limit_.nanoseconds / 2 + 1);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    check();
    lock.lock();
  }
}

}  // namespace zerver::execution
