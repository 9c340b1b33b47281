// Points in time and spans of time.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace zerver {

// Nanoseconds; ISO 8601 in text, such as `PT0.25S`. Months and years have no fixed length and are refused.
struct Duration {
  std::int64_t nanoseconds = 0;

  static constexpr Duration from_microseconds(std::int64_t count) noexcept { return {count * 1'000}; }
  static constexpr Duration from_milliseconds(std::int64_t count) noexcept { return {count * 1'000'000}; }
  static constexpr Duration from_seconds(std::int64_t count) noexcept { return {count * 1'000'000'000}; }
  static constexpr Duration max() noexcept { return {std::numeric_limits<std::int64_t>::max()}; }

  // Null when the text is no such duration.
  static std::optional<Duration> parse(std::string_view text) noexcept;
  static constexpr std::size_t kMaxText = 40;
  // Writes at most kMaxText characters and returns their number.
  std::size_t write(char* out) const noexcept;

  friend constexpr auto operator<=>(Duration, Duration) noexcept = default;
  friend constexpr Duration operator+(Duration left, Duration right) noexcept {
    return {left.nanoseconds + right.nanoseconds};
  }
  friend constexpr Duration operator-(Duration left, Duration right) noexcept {
    return {left.nanoseconds - right.nanoseconds};
  }
};

// Microseconds since 1970-01-01 UTC, of years 0 to 9999; RFC 3339 in text, written with `Z`.
struct Timestamp {
  std::int64_t microseconds = 0;

  static constexpr std::int64_t kMinSeconds = -62'167'219'200;  // 0000-01-01T00:00:00Z
  static constexpr std::int64_t kMaxSeconds = 253'402'300'799;  // 9999-12-31T23:59:59Z

  // Any offset is accepted and brought to UTC, what is finer than a microsecond is cut off, a leap second is
  // the second after it.
  static std::optional<Timestamp> parse(std::string_view text) noexcept;
  static constexpr std::size_t kMaxText = 27;
  // Writes at most kMaxText characters and returns their number; a fraction has six digits, one of
  // zero is left out.
  std::size_t write(char* out) const noexcept;
  // Always kMaxText characters, so that the order of texts is that of times.
  std::size_t write_sortable(char* out) const noexcept;

  friend constexpr auto operator<=>(Timestamp, Timestamp) noexcept = default;
  // Rounded towards the past.
  friend constexpr Timestamp operator+(Timestamp time, Duration span) noexcept {
    const std::int64_t remainder = span.nanoseconds % 1'000;
    return {time.microseconds + span.nanoseconds / 1'000 - (remainder < 0 ? 1 : 0)};
  }
  friend constexpr Timestamp operator-(Timestamp time, Duration span) noexcept {
    return time + Duration{-span.nanoseconds};
  }
  friend constexpr Duration operator-(Timestamp left, Timestamp right) noexcept {
    return Duration::from_microseconds(left.microseconds - right.microseconds);
  }
};

// Nanoseconds on a monotonic clock; only differences mean something.
struct TimePoint {
  std::int64_t nanoseconds = 0;

  static constexpr TimePoint never() noexcept { return {std::numeric_limits<std::int64_t>::max()}; }

  friend constexpr auto operator<=>(TimePoint, TimePoint) noexcept = default;
  // Stops at never().
  friend constexpr TimePoint operator+(TimePoint time, Duration span) noexcept {
    if (span.nanoseconds > 0 && time.nanoseconds > never().nanoseconds - span.nanoseconds) return never();
    return {time.nanoseconds + span.nanoseconds};
  }
  friend constexpr Duration operator-(TimePoint left, TimePoint right) noexcept {
    return {left.nanoseconds - right.nanoseconds};
  }
};

}  // namespace zerver
