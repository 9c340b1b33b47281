#include <zerver/jobs/cron_times.h>

#include <algorithm>
#include <bit>
#include <chrono>

namespace zerver::jobs {

namespace {

constexpr std::int64_t kSecondsOfDay = 86'400;
constexpr std::int64_t kHorizon = 50 * 366 * kSecondsOfDay;
constexpr std::uint32_t kEveryHour = (1U << 24) - 1;

std::int64_t floor_divide(std::int64_t value, std::int64_t by) noexcept {
  return value / by - (value % by < 0 ? 1 : 0);
}

// The first bit from `from` on; 64 when there is none.
unsigned next_bit(std::uint64_t bits, unsigned from) noexcept {
  if (from >= 64) return 64;
  const std::uint64_t rest = bits & (~std::uint64_t{0} << from);
  return rest == 0 ? 64U : static_cast<unsigned>(std::countr_zero(rest));
}

}  // namespace

bool CronTimes::is_day(std::int64_t day) const noexcept {
  using namespace std::chrono;
  const sys_days at{days(day)};
  const year_month_day date(at);
  const bool fits_day = (schedule_.days >> static_cast<unsigned>(date.day()) & 1U) != 0;
  const bool fits_weekday = (schedule_.weekdays >> weekday(at).c_encoding() & 1U) != 0;
  return (schedule_.months >> static_cast<unsigned>(date.month()) & 1U) != 0 &&
         (schedule_.either_day ? fits_day || fits_weekday : fits_day && fits_weekday);
}

std::optional<std::int64_t> CronTimes::next_local(std::int64_t from, std::int64_t end) const {
  std::int64_t day = floor_divide(from, kSecondsOfDay);
  std::int64_t rest = from - day * kSecondsOfDay;  // of that day
  for (; day * kSecondsOfDay < end; ++day, rest = 0) {
    if (!is_day(day)) continue;
    auto hour = static_cast<unsigned>(rest / 3600);
    auto minute = static_cast<unsigned>(rest / 60 % 60);
    auto second = static_cast<unsigned>(rest % 60);
    while (true) {
      const unsigned at_hour = next_bit(schedule_.hours, hour);
      if (at_hour == 64) break;
      if (at_hour != hour) minute = second = 0;
      hour = at_hour;
      const unsigned at_minute = next_bit(schedule_.minutes, minute);
      if (at_minute == 64) {
        ++hour;
        minute = second = 0;
        continue;
      }
      if (at_minute != minute) second = 0;
      minute = at_minute;
      second = next_bit(schedule_.seconds, second);
      if (second == 64) {
        ++minute;
        second = 0;
        continue;
      }
      const std::int64_t found = day * kSecondsOfDay + hour * 3600 + minute * 60 + second;
      return found < end ? std::optional(found) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<Timestamp> CronTimes::next(Timestamp after) const {
  const bool goes_on = schedule_.hours == kEveryHour;
  std::int64_t time = floor_divide(after.microseconds, 1'000'000) + 1;
  const std::int64_t horizon = time + kHorizon;
  // From one change of the clocks to the next.
  while (time < horizon) {
    const std::optional<ZoneTransition> last = goes_on ? std::nullopt : zone_.last_transition(time);
    // What the clocks have just jumped over.
    if (last && last->at == time && next_local(time + last->before, time + last->after))
      return Timestamp{time * 1'000'000};
    const std::int32_t offset = zone_.offset_at(time);
    const std::optional<ZoneTransition> change = zone_.next_transition(time);
    std::int64_t from = time + offset;
    // What was on the clocks before they were set back is not run again.
    if (last) from = std::max(from, last->at + last->before);
    const std::int64_t end = std::min(change ? change->at : horizon, horizon) + offset;
    if (const std::optional<std::int64_t> local = next_local(from, end))
      return Timestamp{(*local - offset) * 1'000'000};
    if (!change) break;
    time = change->at;
  }
  return std::nullopt;
}

std::string due_argument(Timestamp due) {
  std::string text(Timestamp::kMaxText, ' ');
  text.resize(due.write(text.data()));
  return '"' + text + '"';
}

std::optional<Timestamp> parse_due_argument(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  return Timestamp::parse(text.substr(1, text.size() - 2));
}

}  // namespace zerver::jobs
