#include "connect/proxy.h"

#include <zerver/core/message.h>

#include <charconv>

namespace zerver::effects::http_client {

namespace {

std::string base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::string_view group = text.substr(i, 3);
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8U | (j < group.size() ? static_cast<unsigned char>(group[j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= group.size() ? kDigits[bits >> (18 - 6 * j) & 0x3FU] : '=';
  }
  return out;
}

// Of user information, which is percent-encoded in a URL.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const bool is_encoded =
        text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3;
    out += is_encoded ? static_cast<char>(byte) : text[i];
    if (is_encoded) i += 2;
  }
  return out;
}

// As other programs take it: with or without `http://`.
std::optional<Proxy> parse_proxy(std::string_view text) {
  std::string url(text);
  if (url.find("://") == std::string::npos) url.insert(0, "http://");
  const std::size_t begin = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  Proxy proxy;
  if (const std::size_t at = url.rfind('@', end); at != std::string::npos && at >= begin) {
    const std::string_view user = std::string_view(url).substr(begin, at - begin);
    proxy.authorization = "Basic " + base64(decoded(user));
    url.erase(begin, at + 1 - begin);
  }
  const std::optional<Url> parsed = parse_url(url);
  if (!parsed) return std::nullopt;
  proxy.origin = parsed->origin;
  return proxy;
}

std::string first_set(EnvironmentLookup environment, std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    if (std::optional<std::string> value = environment(name); value && !value->empty())
      return *std::move(value);
  }
  return {};
}

// One element of NO_PROXY.
bool names_host(std::string_view element, const Origin& origin) noexcept {
  const std::size_t colon = element.rfind(':');
  if (colon != std::string_view::npos && element.find(':') == colon) {
    std::uint16_t port = 0;
    std::from_chars(element.data() + colon + 1, element.data() + element.size(), port);
    if (port != origin.port) return false;
    element = element.substr(0, colon);
  }
  if (element.starts_with('.')) element.remove_prefix(1);
  if (element.empty() || element.size() > origin.host.size()) return false;
  const std::string_view end = std::string_view(origin.host).substr(origin.host.size() - element.size());
  for (std::size_t i = 0; i < element.size(); ++i) {
    const char c = element[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != end[i]) return false;
  }
  return end.size() == origin.host.size() || origin.host[origin.host.size() - end.size() - 1] == '.';
}

}  // namespace

bool is_exempt(std::string_view no_proxy, const Origin& origin) noexcept {
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", "), no_proxy.size());
    const std::string_view element = no_proxy.substr(0, end);
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
    if (element == "*" || names_host(element, origin)) return true;
  }
  return false;
}

std::string read_proxy(std::string_view setting, const Origin& origin, EnvironmentLookup environment,
                       std::optional<Proxy>& proxy) {
  proxy.reset();
  if (setting.empty() || setting == "none") return {};
  std::string url(setting);
  if (setting == "environment") {
    // HTTP_PROXY in capitals may come from a client's `Proxy:` field under CGI, so it does not count.
    url = origin.tls ? first_set(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                     : first_set(environment, {"http_proxy", "all_proxy", "ALL_PROXY"});
    if (url.empty() || is_exempt(first_set(environment, {"no_proxy", "NO_PROXY"}), origin)) return {};
  }
  proxy = parse_proxy(url);
  return proxy ? std::string() : "the URL of its proxy is none";
}

}  // namespace zerver::effects::http_client
