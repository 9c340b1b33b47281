// Waiting for a condition variable with a bound in our own units.
#pragma once

#include <zerver/core/time.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace zerver::execution {

// Longer ones would overflow the clock's sum.
inline constexpr Duration kLongestWait = Duration::from_seconds(std::int64_t{365} * 24 * 3600);

// False when the bound has passed.
inline bool wait_bounded(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                         Duration bound) {
  if (bound < kLongestWait)
    return condition.wait_for(lock, std::chrono::nanoseconds(bound.nanoseconds)) ==
           std::cv_status::no_timeout;
  condition.wait(lock);
  return true;
}

// What the predicate says in the end.
template <class Predicate>
bool wait_bounded(std::condition_variable& condition, std::unique_lock<std::mutex>& lock, Duration bound,
                  Predicate predicate) {
  if (bound < kLongestWait)
    return condition.wait_for(lock, std::chrono::nanoseconds(bound.nanoseconds), predicate);
  condition.wait(lock, predicate);
  return true;
}

}  // namespace zerver::execution
