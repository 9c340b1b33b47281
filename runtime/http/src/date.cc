// The Date field of responses.
#include <zerver/http/date.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace zerver::http {
namespace {

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
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
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

DateLine::DateLine() noexcept {
  std::memcpy(line_.data(), kName.data(), kName.size());
  line_[line_.size() - 2] = '\r';
  line_[line_.size() - 1] = '\n';
  update(Timestamp{});
}

void DateLine::update(Timestamp now) noexcept { write_date(now, line_.data() + kName.size()); }

}  // namespace zerver::http
