#include <zerver/core/clock.h>

#include <chrono>

namespace zerver {

TimePoint SystemClock::now() const noexcept {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(time).count()};
}

Timestamp SystemClock::wall() const noexcept {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(time).count()};
}

}  // namespace zerver
