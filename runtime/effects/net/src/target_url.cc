#include "target_url.h"

#include <algorithm>
#include <charconv>

namespace zerver::effects::net {
namespace {

constexpr std::string_view kUnix = "unix";

// What may stand in a URL (RFC 3986, 2), so nothing that could end a line of HTTP or a name.
bool is_plain(char each) noexcept {
  constexpr std::string_view kOthers = "-._~:/?#[]@!$&'()*+,;=%";
  return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
         kOthers.find(each) != std::string_view::npos;
}

std::string names_of(const std::vector<UrlScheme>& schemes) {
  std::string names;
  for (const UrlScheme& scheme : schemes)
    names +=
        (names.empty() ? "`" : " or `") + std::string(scheme.name) + (scheme.name == kUnix ? ":`" : "://`");
  return names;
}

}  // namespace

std::string parse_target_url(std::string_view text, const std::vector<UrlScheme>& schemes, TargetUrl& out) {
  const std::size_t colon = text.find(':');
  const auto scheme = std::ranges::find(schemes, text.substr(0, colon), &UrlScheme::name);
  if (colon == std::string_view::npos || scheme == schemes.end())
    return "its URL must begin with " + names_of(schemes);
  if (!std::ranges::all_of(text, is_plain)) return "its URL has a character that no URL has";
  out.scheme = scheme->name;
  std::string_view rest = text.substr(colon + 1);
  if (scheme->name == kUnix) {
    out.path = rest;
    return out.path.empty() ? "its URL names no socket" : "";
  }
  if (!rest.starts_with("//")) return "its URL must begin with " + names_of(schemes);
  rest.remove_prefix(2);
  const std::size_t slash = rest.find_first_of("/?#");
  if (slash != std::string_view::npos) {
    out.path = rest.substr(slash);
    rest = rest.substr(0, slash);
    if (out.path.find('#') != std::string::npos) return "its URL has a fragment, which is never sent";
    if (out.path.front() == '?') out.path.insert(0, 1, '/');
  }
  if (rest.find('@') != std::string_view::npos) return "its URL has a user, which nobody would be told";
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return "its URL has an address without an end";
    out.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') return "its URL has no port behind its address";
    port = rest.substr(std::min<std::size_t>(1, rest.size()));
  } else {
    const std::size_t end = rest.find(':');
    out.host = rest.substr(0, end);
    if (end != std::string_view::npos) port = rest.substr(end + 1);
  }
  if (out.host.empty()) return "its URL names no host";
  out.port = scheme->port;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || end != port.data() + port.size()) return "its URL has a port that is none";
  }
  return out.port == 0 ? "its URL needs a port" : "";
}

std::string describe(const TargetUrl& url) {
  if (url.scheme == kUnix) return "unix:" + url.path;
  const bool is_v6 = url.host.find(':') != std::string::npos;
  return url.scheme + "://" + (is_v6 ? '[' + url.host + ']' : url.host) + ':' + std::to_string(url.port);
}

}  // namespace zerver::effects::net
