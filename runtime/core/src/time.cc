#include "digit.h"
#include <zerver/core/time.h>

#include <algorithm>
#include <charconv>

namespace zerver {

namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// Takes a text apart from its beginning.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  bool eat(char c) noexcept {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool eat_letter(char lower) noexcept { return eat(lower) || eat(static_cast<char>(lower - 'a' + 'A')); }
  bool next_is_digit() const noexcept { return !rest_.empty() && is_digit(rest_.front()); }
  // A number of exactly so many digits, in a range.
  bool fixed(std::size_t digits, std::int64_t least, std::int64_t most, std::int64_t& out) noexcept {
    if (rest_.size() < digits) return false;
    out = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (!is_digit(c)) return false;
      out = out * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return least <= out && out <= most;
  }
  // A number of any number of digits.
  bool number(std::int64_t& out) noexcept {
    const char* const end = rest_.data() + rest_.size();
    if (!next_is_digit()) return false;
    const auto [at, error] = std::from_chars(rest_.data(), end, out);
    rest_ = {at, static_cast<std::size_t>(end - at)};
    return error == std::errc();
  }
  // Digits behind a point, as a number of 10^-digits; more digits are read and ignored.
  bool fraction(int digits, std::int64_t& out) noexcept {
    if (!next_is_digit()) return false;
    out = 0;
    int seen = 0;
    while (next_is_digit()) {
      if (seen < digits) out = out * 10 + (rest_.front() - '0');
      ++seen;
      rest_.remove_prefix(1);
    }
    for (; seen < digits; ++seen)
      out *= 10;
    return true;
  }

 private:
  std::string_view rest_;
};

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and civil_from_days.
std::int64_t days_from_date(std::int64_t year, std::int64_t month, std::int64_t day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

struct Date {
  std::int64_t year, month, day;
};

Date date_from_days(std::int64_t days) noexcept {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

std::int64_t days_in_month(std::int64_t year, std::int64_t month) noexcept {
  constexpr std::int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

char* write_digits(char* out, std::int64_t number, std::size_t digits) noexcept {
  for (std::size_t at = digits; at-- > 0; number /= 10)
    out[at] = static_cast<char>('0' + number % 10);
  return out + digits;
}

// A point and the digits of a second's nanoseconds, without the zeros at their end; nothing for zero.
char* write_fraction(char* out, std::int64_t nanoseconds) noexcept {
  if (nanoseconds == 0) return out;
  *out++ = '.';
  char* end = write_digits(out, nanoseconds, 9);
  while (end[-1] == '0')
    --end;
  return end;
}

// Up to the seconds; returns the microseconds that are left.
std::int64_t write_date_time(Timestamp time, char*& out) noexcept {
  std::int64_t seconds = time.microseconds / kMicrosecondsPerSecond;
  std::int64_t microseconds = time.microseconds % kMicrosecondsPerSecond;
  if (microseconds < 0) {
    microseconds += kMicrosecondsPerSecond;
    --seconds;
  }
  seconds = std::clamp(seconds, Timestamp::kMinSeconds, Timestamp::kMaxSeconds);
  const std::int64_t days = (seconds - (seconds < 0 ? kSecondsPerDay - 1 : 0)) / kSecondsPerDay;
  const std::int64_t of_day = seconds - days * kSecondsPerDay;
  const Date date = date_from_days(days);
  out = write_digits(out, date.year, 4);
  *out++ = '-';
  out = write_digits(out, date.month, 2);
  *out++ = '-';
  out = write_digits(out, date.day, 2);
  *out++ = 'T';
  out = write_digits(out, of_day / 3600, 2);
  *out++ = ':';
  out = write_digits(out, of_day / 60 % 60, 2);
  *out++ = ':';
  out = write_digits(out, of_day % 60, 2);
  return microseconds;
}

}  // namespace

std::optional<Timestamp> Timestamp::parse(std::string_view text) noexcept {
  Scanner in(text);
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microseconds = 0;
  if (!in.fixed(4, 0, 9999, year) || !in.eat('-') || !in.fixed(2, 1, 12, month) || !in.eat('-') ||
      !in.fixed(2, 1, days_in_month(year, month), day)) {
    return std::nullopt;
  }
  if (!in.eat_letter('t') && !in.eat(' ')) return std::nullopt;
  if (!in.fixed(2, 0, 23, hour) || !in.eat(':') || !in.fixed(2, 0, 59, minute) || !in.eat(':') ||
      !in.fixed(2, 0, 60, second)) {
    return std::nullopt;
  }
  if (in.eat('.') && !in.fraction(6, microseconds)) return std::nullopt;

  std::int64_t offset = 0;  // seconds that the local time is ahead
  if (!in.eat_letter('z')) {
    const bool behind = in.eat('-');
    std::int64_t offset_hour = 0, offset_minute = 0;
    if ((!behind && !in.eat('+')) || !in.fixed(2, 0, 23, offset_hour) || !in.eat(':') ||
        !in.fixed(2, 0, 59, offset_minute)) {
      return std::nullopt;
    }
    offset = (behind ? -1 : 1) * (offset_hour * 3600 + offset_minute * 60);
  }
  const std::int64_t seconds =
      days_from_date(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second - offset;
  if (!in.at_end() || seconds < Timestamp::kMinSeconds || seconds > Timestamp::kMaxSeconds)
    return std::nullopt;
  return Timestamp{seconds * kMicrosecondsPerSecond + microseconds};
}

std::size_t Timestamp::write(char* out) const noexcept {
  char* at = out;
  const std::int64_t rest = write_date_time(*this, at);
  if (rest != 0) {
    *at++ = '.';
    at = write_digits(at, rest, 6);
  }
  *at++ = 'Z';
  return static_cast<std::size_t>(at - out);
}

std::size_t Timestamp::write_sortable(char* out) const noexcept {
  char* at = out;
  const std::int64_t rest = write_date_time(*this, at);
  *at++ = '.';
  at = write_digits(at, rest, 6);
  *at++ = 'Z';
  return static_cast<std::size_t>(at - out);
}

std::optional<Duration> Duration::parse(std::string_view text) noexcept {
  struct Unit {
    char letter;
    bool of_time;  // behind the T
    std::int64_t seconds;
  };
  constexpr Unit kUnits[] = {{'W', false, 7 * kSecondsPerDay},
                             {'D', false, kSecondsPerDay},
                             {'H', true, 3600},
                             {'M', true, 60},
                             {'S', true, 1}};
  Scanner in(text);
  const bool negative = in.eat('-');
  if (!in.eat('P')) return std::nullopt;
  __extension__ using Wide = __int128;
  Wide total = 0;
  bool in_time = false;
  bool any = false;
  for (const Unit* unit = std::begin(kUnits); !in.at_end(); any = true) {
    if (!in_time && in.eat('T')) in_time = true;
    std::int64_t count = 0, nanoseconds = 0;
    if (!in.number(count)) return std::nullopt;
    const bool has_fraction = in.eat('.');
    if (has_fraction && !in.fraction(9, nanoseconds)) return std::nullopt;
    // Each unit at most once, the large ones first.
    while (unit != std::end(kUnits) && (unit->of_time != in_time || !in.eat(unit->letter)))
      ++unit;
    if (unit == std::end(kUnits) || (has_fraction && unit->letter != 'S')) return std::nullopt;
    total += Wide{count} * unit->seconds * kNanosecondsPerSecond + nanoseconds;
    ++unit;
  }
  if (!any || text.back() == 'T' || total > max().nanoseconds) return std::nullopt;
  return Duration{static_cast<std::int64_t>(negative ? -total : total)};
}

std::size_t Duration::write(char* out) const noexcept {
  char* at = out;
  const bool negative = nanoseconds < 0;
  const auto bits = static_cast<std::uint64_t>(nanoseconds);
  const std::uint64_t magnitude = negative ? 0 - bits : bits;
  const auto seconds = static_cast<std::int64_t>(magnitude / 1'000'000'000U);
  const auto fraction = static_cast<std::int64_t>(magnitude % 1'000'000'000U);
  if (negative) *at++ = '-';
  *at++ = 'P';
  *at++ = 'T';
  const auto part = [&at](std::int64_t count, char letter) {
    at = std::to_chars(at, at + 20, count).ptr;
    *at++ = letter;
  };
  if (seconds >= 3600) part(seconds / 3600, 'H');
  if (seconds / 60 % 60 != 0) part(seconds / 60 % 60, 'M');
  if (seconds % 60 != 0 || fraction != 0 || seconds == 0) {
    at = std::to_chars(at, at + 20, seconds % 60).ptr;
    at = write_fraction(at, fraction);
    *at++ = 'S';
  }
  return static_cast<std::size_t>(at - out);
}

}  // namespace zerver
