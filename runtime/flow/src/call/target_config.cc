#include <zerver/flow/call/target_config.h>
#include <zerver/flow/data/parse_text.h>

#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

namespace zerver::flow {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// The number before one of the units, times its factor. Null when there is no such unit, or it is too large.
template <std::size_t kCount>
std::optional<std::int64_t> with_unit(std::string_view text, const Unit (&units)[kCount]) noexcept {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || number < 0) return std::nullopt;
  const std::string_view name(at, static_cast<std::size_t>(end - at));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

constexpr Unit kSizes[] = {
    {"KiB", std::int64_t{1} << 10}, {"MiB", std::int64_t{1} << 20}, {"GiB", std::int64_t{1} << 30}};
constexpr Unit kTimes[] = {{"ns", 1},
                           {"us", 1'000},
                           {"ms", 1'000'000},
                           {"s", 1'000'000'000},
                           {"m", 60'000'000'000},
                           {"h", 3'600'000'000'000},
                           {"d", 86'400'000'000'000}};

template <class Number> bool parse_whole(std::string_view text, Number& out) noexcept {
  if (parse_text(text, out)) return true;
  const std::optional<std::int64_t> size = with_unit(text, kSizes);
  if (!size || !std::in_range<Number>(*size)) return false;
  out = static_cast<Number>(*size);
  return true;
}

}  // namespace

bool parse_argument(std::string_view text, bool& out) noexcept { return parse_text(text, out); }
bool parse_argument(std::string_view text, std::int32_t& out) noexcept { return parse_whole(text, out); }
bool parse_argument(std::string_view text, std::uint32_t& out) noexcept { return parse_whole(text, out); }
bool parse_argument(std::string_view text, std::int64_t& out) noexcept { return parse_whole(text, out); }
bool parse_argument(std::string_view text, std::uint64_t& out) noexcept { return parse_whole(text, out); }
bool parse_argument(std::string_view text, double& out) noexcept { return parse_text(text, out); }
bool parse_argument(std::string_view text, Decimal& out) noexcept { return parse_text(text, out); }
bool parse_argument(std::string_view text, Uuid& out) noexcept { return parse_text(text, out); }
bool parse_argument(std::string_view text, Timestamp& out) noexcept { return parse_text(text, out); }

bool parse_argument(std::string_view text, Duration& out) noexcept {
  if (const std::optional<std::int64_t> span = with_unit(text, kTimes)) {
    out = Duration{*span};
    return true;
  }
  return parse_text(text, out) && out >= Duration{};
}

bool parse_argument(std::string_view text, std::string& out) {
  out = text;
  return true;
}

void ConfigReader::report_missing(std::string_view name) {
  add("parameter `" + std::string(name) + "` is missing");
}

void ConfigReader::report(const TargetConfig::Argument& argument, std::string_view expected) {
  std::string line = "parameter `" + argument.name + "` must be " + std::string(expected);
  const std::string source(argument.source);
  if (argument.is_secret()) {
    line += ", which the value of `" + source + "` is not";
  } else {
    line += ", not `" + argument.value + "`";
    if (!source.empty()) line += " (`" + source + "`)";
  }
  add(std::move(line));
}

void ConfigReader::add(std::string line) {
  if (!error_->empty()) *error_ += "; ";
  *error_ += line;
}

}  // namespace zerver::flow
