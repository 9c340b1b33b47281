// What both implementations say alike.
#pragma once

#include <zerver/core/fault.h>
#include <zerver/core/time.h>

#include <cstdint>
#include <optional>

namespace zerver::effects::kv {

inline constexpr std::int64_t kLargestLimit = 10'000;
inline constexpr Duration kLongestLimit = Duration::from_seconds(std::int64_t{86'400} * 366);

inline Fault bad_key() noexcept {
  return {FaultKind::kInternal, "a key has 1 to 1024 bytes, its prefix included", {}};
}

inline Fault too_many_keys() noexcept { return {FaultKind::kInternal, "more than 1000 keys at once", {}}; }

// Of `take`.
inline std::optional<Fault> fault_of_limit(std::int64_t count, Duration per) noexcept {
  if (count < 1 || count > kLargestLimit)
    return Fault{FaultKind::kInternal, "a limit is from 1 to 10000", {}};
  if (per < Duration::from_milliseconds(1) || per > kLongestLimit)
    return Fault{FaultKind::kInternal, "a limit is for 1 ms to a year", {}};
  return std::nullopt;
}

inline Fault used_up(Duration wait) noexcept {
  Fault fault{FaultKind::kRejected, "the limit is used up", {}};
  fault.retry_after = wait;
  return fault;
}

}  // namespace zerver::effects::kv
