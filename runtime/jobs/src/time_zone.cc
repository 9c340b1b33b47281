#include <zerver/jobs/time_zone.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace zerver::jobs {

namespace {

constexpr std::int64_t kDay = 86'400;

// Big-endian numbers out of a file, within its bounds.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : bytes_(bytes) {}

  bool ok() const noexcept { return ok_; }
  std::string_view take(std::uint64_t count) noexcept {
    if (count > bytes_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::uint64_t number(std::size_t size) noexcept {
    std::uint64_t value = 0;
    for (const char byte : take(size))
      value = value << 8U | static_cast<std::uint8_t>(byte);
    return value;
  }
  std::int32_t i32() noexcept { return static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))); }
  std::int64_t i64() noexcept { return static_cast<std::int64_t>(number(8)); }
  std::string_view rest() const noexcept { return bytes_; }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct Header {
  char version = 0;
  std::uint64_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, letters = 0;

  std::uint64_t size(std::uint64_t time_size) const noexcept {
    return times * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) + standard_flags +
           utc_flags;
  }
};

bool read(Reader& reader, Header& header) {
  if (reader.take(4) != "TZif") return false;
  const std::string_view version = reader.take(1);
  header.version = version.empty() ? '\0' : version[0];
  reader.take(15);
  header.utc_flags = reader.number(4);
  header.standard_flags = reader.number(4);
  header.leaps = reader.number(4);
  header.times = reader.number(4);
  header.types = reader.number(4);
  header.letters = reader.number(4);
  return reader.ok();
}

// --- POSIX TZ: `CET-1CEST,M3.5.0,M10.5.0/3` ---

bool take_char(std::string_view& text, char c) noexcept {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_number(std::string_view& text, unsigned& value) noexcept {
  std::size_t digits = 0;
  value = 0;
  for (; digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9'; ++digits)
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
  text.remove_prefix(digits);
  return digits != 0;
}

// The name of a zone: letters, or anything between `<` and `>`.
bool take_name(std::string_view& text) noexcept {
  if (take_char(text, '<')) {
    const std::size_t end = text.find('>');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
    return true;
  }
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto end = std::ranges::find_if_not(text, is_letter);
  const auto size = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(size);
  return size >= 3;
}

// `[+-]h[:m[:s]]` in seconds.
bool take_time(std::string_view& text, std::int32_t& seconds) noexcept {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  unsigned hours = 0;
  unsigned minutes = 0;
  unsigned rest = 0;
  if (!take_number(text, hours) || hours > 167) return false;
  if (take_char(text, ':') && (!take_number(text, minutes) || minutes > 59)) return false;
  if (take_char(text, ':') && (!take_number(text, rest) || rest > 59)) return false;
  seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60 + rest);
  if (is_negative) seconds = -seconds;
  return true;
}

bool take_rule(std::string_view& text, ZoneRule& rule) noexcept {
  if (!take_char(text, ',')) return false;
  if (take_char(text, 'M')) {
    rule.kind = ZoneRule::Kind::kMonthWeekDay;
    if (!take_number(text, rule.month) || !take_char(text, '.') || !take_number(text, rule.week) ||
        !take_char(text, '.') || !take_number(text, rule.day))
      return false;
    if (rule.month < 1 || rule.month > 12 || rule.week < 1 || rule.week > 5 || rule.day > 6) return false;
  } else {
    rule.kind = take_char(text, 'J') ? ZoneRule::Kind::kJulianWithoutLeapDay : ZoneRule::Kind::kDayOfYear;
    if (!take_number(text, rule.day) || rule.day > 365) return false;
    if (rule.kind == ZoneRule::Kind::kJulianWithoutLeapDay && rule.day == 0) return false;
  }
  rule.time = 7200;
  return !take_char(text, '/') || take_time(text, rule.time);
}

// Local seconds since 1970-01-01.
std::int64_t moment_of(const ZoneRule& rule, int year) noexcept {
  using namespace std::chrono;
  const auto days = [](sys_days day) { return static_cast<std::int64_t>(day.time_since_epoch().count()); };
  const std::chrono::year in(year);
  std::int64_t day = 0;
  switch (rule.kind) {
    case ZoneRule::Kind::kMonthWeekDay:
      day = rule.week == 5 ? days(sys_days(in / month(rule.month) / weekday(rule.day)[last]))
                           : days(sys_days(in / month(rule.month) / weekday(rule.day)[rule.week]));
      break;
    case ZoneRule::Kind::kJulianWithoutLeapDay:
      // February 29 is not counted.
      day = days(sys_days(in / January / 1)) + rule.day - 1 + (in.is_leap() && rule.day >= 60 ? 1 : 0);
      break;
    case ZoneRule::Kind::kDayOfYear:
      day = days(sys_days(in / January / 1)) + rule.day;
      break;
  }
  return day * kDay + rule.time;
}

int year_of(std::int64_t time) noexcept {
  using namespace std::chrono;
  const year_month_day day(floor<days>(sys_seconds(seconds(time))));
  return static_cast<int>(day.year());
}

}  // namespace

std::optional<TimeZone> TimeZone::parse(std::string_view file) {
  Reader reader(file);
  Header header;
  if (!read(reader, header) || header.version < '2') return std::nullopt;
  reader.take(header.size(4));  // the same, up to 2038
  if (!reader.ok() || !read(reader, header) || header.size(8) > reader.rest().size() || header.types == 0)
    return std::nullopt;
  std::vector<std::int64_t> times(header.times);
  for (std::int64_t& time : times)
    time = reader.i64();
  const std::string_view kinds = reader.take(header.times);
  std::vector<std::int32_t> offsets(header.types);
  for (std::int32_t& offset : offsets) {
    offset = reader.i32();
    reader.take(2);
  }
  reader.take(header.letters + header.leaps * 12 + header.standard_flags + header.utc_flags);
  if (!reader.ok() || !std::ranges::is_sorted(times)) return std::nullopt;

  TimeZone zone;
  zone.first_ = offsets[0];
  std::int32_t before = zone.first_;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto kind = static_cast<std::uint8_t>(kinds[i]);
    if (kind >= offsets.size()) return std::nullopt;
    // Others change only the name.
    if (offsets[kind] != before) zone.transitions_.push_back({times[i], before, offsets[kind]});
    before = offsets[kind];
  }
  std::string_view footer = reader.rest();
  if (!take_char(footer, '\n')) return std::nullopt;
  const std::size_t end = footer.find('\n');
  if (end == std::string_view::npos || !zone.read_footer(footer.substr(0, end))) return std::nullopt;
  return zone;
}

// Offsets are counted west of UTC there.
bool TimeZone::read_footer(std::string_view text) {
  if (text.empty()) return true;
  Yearly yearly;
  if (!take_name(text) || !take_time(text, yearly.standard)) return false;
  yearly.standard = -yearly.standard;
  if (text.empty()) {
    if (transitions_.empty()) first_ = yearly.standard;
    return true;
  }
  if (!take_name(text)) return false;
  yearly.daylight = yearly.standard + 3600;
  if (!text.starts_with(',')) {
    if (!take_time(text, yearly.daylight)) return false;
    yearly.daylight = -yearly.daylight;
  }
  if (!take_rule(text, yearly.begin) || !take_rule(text, yearly.end) || !text.empty()) return false;
  if (yearly.daylight != yearly.standard) yearly_ = yearly;
  return true;
}

// By the rule, those that stand in the table left out.
std::vector<ZoneTransition> TimeZone::of_year(int year) const {
  std::vector<ZoneTransition> found = {
      {moment_of(yearly_->begin, year) - yearly_->standard, yearly_->standard, yearly_->daylight},
      {moment_of(yearly_->end, year) - yearly_->daylight, yearly_->daylight, yearly_->standard}};
  const std::int64_t known = transitions_.empty() ? INT64_MIN : transitions_.back().at;
  std::erase_if(found, [known](const ZoneTransition& each) { return each.at <= known; });
  std::ranges::sort(found, {}, &ZoneTransition::at);
  return found;
}

std::optional<ZoneTransition> TimeZone::next_transition(std::int64_t time) const noexcept {
  const auto next = std::ranges::upper_bound(transitions_, time, {}, &ZoneTransition::at);
  if (next != transitions_.end()) return *next;
  if (!yearly_) return std::nullopt;
  // The local year may be another one than that of UTC.
  const int year = year_of(transitions_.empty() ? time : std::max(time, transitions_.back().at));
  for (int each = year - 1; each <= year + 1; ++each) {
    for (const ZoneTransition& transition : of_year(each))
      if (transition.at > time) return transition;
  }
  return std::nullopt;
}

std::optional<ZoneTransition> TimeZone::last_transition(std::int64_t time) const noexcept {
  if (yearly_ && (transitions_.empty() || transitions_.back().at <= time)) {
    const int year = year_of(time);
    for (int each = year + 1; each >= year - 1; --each) {
      const std::vector<ZoneTransition> found = of_year(each);
      for (auto transition = found.rbegin(); transition != found.rend(); ++transition)
        if (transition->at <= time) return *transition;
    }
  }
  const auto next = std::ranges::upper_bound(transitions_, time, {}, &ZoneTransition::at);
  return next == transitions_.begin() ? std::nullopt : std::optional(*(next - 1));
}

std::int32_t TimeZone::offset_at(std::int64_t time) const noexcept {
  if (const std::optional<ZoneTransition> last = last_transition(time)) return last->after;
  if (const std::optional<ZoneTransition> next = next_transition(time)) return next->before;
  return first_;
}

bool is_zone_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  if (name.find("//") != std::string_view::npos) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
}

}  // namespace zerver::jobs
