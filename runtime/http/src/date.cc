// The Date field of responses.
#include <zerver/http/date.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace zerver::http {
namespace {

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void write_two_digits(unsigned value, char* out) noexcept {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

void write_date(Timestamp time, char* out) noexcept {
  using std::chrono::days;
  using std::chrono::sys_days;
  constexpr std::string_view kShape = "Sun, 00 Jan 0000 00:00:00 GMT";
  constexpr std::string_view kWeekdays = "SunMonTueWedThuFriSat";
  static_assert(kShape.size() == kDateSize);

  const std::chrono::sys_seconds seconds(
      std::chrono::seconds(std::max<std::int64_t>(time.microseconds, 0) / 1'000'000));
  const sys_days day = std::chrono::floor<days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  const unsigned year = static_cast<unsigned>(static_cast<int>(date.year()));

  std::memcpy(out, kShape.data(), kShape.size());
  std::memcpy(out, kWeekdays.data() + std::size_t{3} * std::chrono::weekday(day).c_encoding(), 3);
  write_two_digits(static_cast<unsigned>(date.day()), out + 5);
  std::memcpy(out + 8, kMonths.data() + std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3);
  write_two_digits(year / 100 % 100, out + 12);
  write_two_digits(year % 100, out + 14);
  write_two_digits(static_cast<unsigned>(clock.hours().count()), out + 17);
  write_two_digits(static_cast<unsigned>(clock.minutes().count()), out + 20);
  write_two_digits(static_cast<unsigned>(clock.seconds().count()), out + 23);
}

std::optional<Timestamp> parse_date(std::string_view text) noexcept {
  constexpr std::string_view kShape = "www, dd mmm yyyy hh:nn:ss GMT";
  if (text.size() != kShape.size()) return std::nullopt;
  const auto fits = [&](std::size_t i) {
    const char shape = kShape[i];
    if (shape == 'w' || shape == 'm') return true;
    return shape >= 'a' && shape <= 'z' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape;
  };
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (!fits(i)) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    unsigned value = 0;
    for (std::size_t i = at; i < at + digits; ++i)
      value = value * 10 + static_cast<unsigned>(text[i] - '0');
    return value;
  };
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(number(12, 4))),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(number(5, 2)));
  if (!date.ok() || number(17, 2) > 23 || number(20, 2) > 59 || number(23, 2) > 60) return std::nullopt;
  const std::chrono::sys_seconds seconds = std::chrono::sys_days(date) + std::chrono::hours(number(17, 2)) +
                                           std::chrono::minutes(number(20, 2)) +
                                           std::chrono::seconds(number(23, 2));
  return Timestamp{std::int64_t{seconds.time_since_epoch().count()} * 1'000'000};
}

DateLine::DateLine() noexcept {
  std::memcpy(line_.data(), kName.data(), kName.size());
  line_[line_.size() - 2] = '\r';
  line_[line_.size() - 1] = '\n';
  update(Timestamp{});
}

void DateLine::update(Timestamp now) noexcept { write_date(now, line_.data() + kName.size()); }

}  // namespace zerver::http
