// Local times of a zone of the time zone database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::jobs {

// A change of the offset from UTC, in seconds; times are seconds since 1970-01-01 UTC.
struct ZoneTransition {
  std::int64_t at = 0;
  std::int32_t before = 0;
  std::int32_t after = 0;

  friend bool operator==(const ZoneTransition&, const ZoneTransition&) noexcept = default;
};

// One day of each year at which the offset changes (POSIX TZ): `M3.5.0/2`, `J60`, `59`.
struct ZoneRule {
  enum class Kind : std::uint8_t { kMonthWeekDay, kJulianWithoutLeapDay, kDayOfYear };
  Kind kind = Kind::kMonthWeekDay;
  unsigned month = 1;        // 1..12
  unsigned week = 1;         // 1..5, 5 is the last
  unsigned day = 0;          // of the week, Sunday is 0; or of the year
  std::int32_t time = 7200;  // local seconds behind midnight; may be negative or of another day
};

// A value. UTC when it is made without anything.
class TimeZone {
 public:
  TimeZone() = default;
  // The content of a file of the database: TZif of version 2 or later (RFC 9636). Null when it is none.
  static std::optional<TimeZone> parse(std::string_view file);

  // Seconds east of UTC.
  std::int32_t offset_at(std::int64_t time) const noexcept;
  // The first one after that time; null when there is none any more.
  std::optional<ZoneTransition> next_transition(std::int64_t time) const noexcept;
  // The last one that is not after that time.
  std::optional<ZoneTransition> last_transition(std::int64_t time) const noexcept;

 private:
  struct Yearly {
    std::int32_t standard = 0;
    std::int32_t daylight = 0;
    ZoneRule begin, end;  // of daylight saving time
  };

  bool read_footer(std::string_view text);
  std::vector<ZoneTransition> of_year(int year) const;

  std::int32_t first_ = 0;                   // before all transitions
  std::vector<ZoneTransition> transitions_;  // in their order
  std::optional<Yearly> yearly_;             // behind them
};

// A name such as `Europe/Berlin`: nothing else is looked up as a file.
bool is_zone_name(std::string_view name) noexcept;

}  // namespace zerver::jobs
