// How many retries, and how many calls in a time, a process allows itself.
#pragma once

#include <zerver/async/rate/sliding_window.h>
#include <zerver/core/time.h>
#include <zerver/flow/call/policy.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace zerver::flow {

// `retry_budget 10%`: each call pays in that part of a retry, each retry and each hedge takes out a whole one
// (Finagle's RetryBudget). So retries are never more than that part of the calls, and an outage does not
// multiply the load. At most kReserve are kept for later. Any thread.
class RetryBudget {
 public:
  static constexpr std::int64_t kReserve = 100;

  explicit RetryBudget(std::uint32_t percent) noexcept : percent_(percent) {}

  void deposit() noexcept {
    std::int64_t seen = balance_.load(std::memory_order_relaxed);
    while (!balance_.compare_exchange_weak(seen, std::min(seen + percent_, kReserve * kRetry),
                                           std::memory_order_relaxed)) {
    }
  }
  // False when there is not enough for a retry.
  [[nodiscard]] bool withdraw() noexcept {
    std::int64_t seen = balance_.load(std::memory_order_relaxed);
    do {
      if (seen < kRetry) return false;
    } while (!balance_.compare_exchange_weak(seen, seen - kRetry, std::memory_order_relaxed));
    return true;
  }
  // The retry does not take place after all.
  void put_back() noexcept { balance_.fetch_add(kRetry, std::memory_order_relaxed); }

  // Whole retries that are left.
  std::uint32_t left() const noexcept {
    return static_cast<std::uint32_t>(balance_.load(std::memory_order_relaxed) / kRetry);
  }

 private:
  static constexpr std::int64_t kRetry = 100;  // balances are in hundredths of a retry

  const std::int64_t percent_;
  std::atomic<std::int64_t> balance_ = 0;
};

// `rate 10 per 1s`: exact in every window of that length. Any thread.
class Rate {
 public:
  explicit Rate(const RateInfo& info) : window_({.count = info.count, .per = info.per}, TimePoint{}) {}

  [[nodiscard]] bool take(TimePoint now) noexcept {
    const std::lock_guard lock(mutex_);
    latest_ = std::max(now, latest_);
    return window_.take(latest_).admitted;
  }

 private:
  std::mutex mutex_;
  async::SlidingWindow window_;  // guarded by mutex_, like the time
  TimePoint latest_ = {};
};

}  // namespace zerver::flow
