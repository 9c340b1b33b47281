// The values of settings as people write them.
#include "settings/setting_values.h"

#include <array>
#include <charconv>
#include <limits>

namespace zerver::server {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// A number and, directly behind it, one of the units.
template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(std::string_view text,
                                             const std::array<Unit, N>& units) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& each : units) {
    if (each.name != unit) continue;
    if (number > std::numeric_limits<std::uint64_t>::max() / each.factor) return std::nullopt;
    return number * each.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept {
  return parse_with_unit(text, std::array<Unit, 1>{{{"", 1}}});
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  return parse_with_unit(text, std::array<Unit, 5>{{{"", 1},
                                                    {"B", 1},
                                                    {"KiB", std::uint64_t{1} << 10},
                                                    {"MiB", std::uint64_t{1} << 20},
                                                    {"GiB", std::uint64_t{1} << 30}}});
}

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  const std::optional<std::uint64_t> milliseconds =
      parse_with_unit(text, std::array<Unit, 4>{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}});
  constexpr std::uint64_t kLongest = std::uint64_t{365} * 24 * 3'600'000;
  if (!milliseconds || *milliseconds == 0 || *milliseconds > kLongest) return std::nullopt;
  return Duration::from_milliseconds(static_cast<std::int64_t>(*milliseconds));
}

std::optional<NamedRate> parse_named_rate(std::string_view text) {
  constexpr std::uint64_t kMost = 1'000'000'000;
  const auto is_count = [](const std::optional<std::uint64_t>& count) {
    return count && *count >= 1 && *count <= kMost;
  };
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  const std::string_view name = text.substr(0, equals);
  text.remove_prefix(equals + 1);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::size_t colon = text.find(':', slash);
  const std::optional<std::uint64_t> count = parse_count(text.substr(0, slash));
  const std::optional<Duration> per = parse_duration(text.substr(slash + 1, colon - slash - 1));
  const std::optional<std::uint64_t> burst =
      colon == std::string_view::npos ? count : parse_count(text.substr(colon + 1));
  if (!is_count(count) || !per || !is_count(burst)) return std::nullopt;
  return NamedRate{std::string(name),
                   {static_cast<std::uint32_t>(*count), *per, static_cast<std::uint32_t>(*burst)}};
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::optional<std::uint64_t> port = parse_count(text.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return std::nullopt;
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace zerver::server
