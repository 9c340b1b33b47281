#include <zerver/effects/redact.h>

#include <algorithm>
#include <array>

namespace zerver::effects {
namespace {

constexpr std::string_view kMask = "***";

bool is_secret(std::string_view parameter) noexcept {
  constexpr std::array<std::string_view, 6> kEndings = {"password", "passwd", "pwd",
                                                        "token",    "secret", "key"};
  return std::ranges::any_of(kEndings,
                             [parameter](std::string_view ending) { return parameter.ends_with(ending); });
}

}  // namespace

std::string without_secrets(std::string_view url) {
  std::string result;
  const std::size_t scheme = url.find("://");
  const std::size_t authority = scheme == std::string_view::npos ? url.size() : scheme + 3;
  const std::size_t authority_end = std::min(url.find_first_of("/?#", authority), url.size());
  // The last one: a password may hold another, unescaped.
  const std::size_t at = url.substr(0, authority_end).rfind('@');
  std::size_t rest = 0;
  if (at != std::string_view::npos && at >= authority) {
    const std::size_t colon = url.find(':', authority);
    rest = at;
    result =
        colon < at ? std::string(url.substr(0, colon + 1)).append(kMask) : std::string(url.substr(0, at));
  }
  const std::size_t query = std::min(url.find('?', rest), url.size());
  result += url.substr(rest, query - rest);
  for (std::size_t begin = query; begin < url.size();) {
    const std::size_t end = std::min(url.find('&', begin + 1), url.size());
    const std::string_view part = url.substr(begin, end - begin);  // with its `?` or `&`
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && is_secret(part.substr(1, equals - 1))) {
      result.append(part.substr(0, equals + 1)).append(kMask);
    } else {
      result += part;
    }
    begin = end;
  }
  return result;
}

}  // namespace zerver::effects
