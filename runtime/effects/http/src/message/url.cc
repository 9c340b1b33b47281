#include "message/url.h"

#include <zerver/core/message.h>
#include <zerver/http/request_writer.h>

#include <algorithm>
#include <charconv>

namespace zerver::effects::http_client {

namespace {

std::uint16_t usual_port(bool tls) noexcept { return tls ? 443 : 80; }

bool is_alnum(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return lower;
}

bool read_port(std::string_view text, Origin& origin) noexcept {
  if (text.empty()) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), origin.port);
  return error == std::errc() && end == text.data() + text.size() && origin.port != 0;
}

// Names of registered hosts as they are in practice, and addresses; no user information.
bool read_authority(std::string_view text, Origin& origin) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
    const bool is_address = !host.empty() && std::ranges::all_of(host, [](char c) {
      return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') || c == ':' || c == '.';
    });
    if (!is_address) return false;
  } else {
    const std::size_t colon = text.find(':');
    host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
    const bool is_name = !host.empty() && std::ranges::all_of(host, [](char c) {
      return is_alnum(c) || c == '-' || c == '.' || c == '_';
    });
    if (!is_name) return false;
  }
  origin.host = in_lower_case(host);
  origin.port = usual_port(origin.tls);
  return port.empty() || read_port(port.substr(1), origin);
}

// RFC 3986, 5.2.4.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t slash = path.find('/', 1);
    const std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
    if (segment == "/." || segment == "/..") {
      if (segment == "/..")
        out.resize(out.find_last_of('/') == std::string::npos ? 0 : out.find_last_of('/'));
      if (path.empty()) out += '/';
    } else {
      out += segment;
    }
  }
  return out.empty() ? "/" : out;
}

std::optional<Url> checked(Url url) {
  if (!http::find_fault_in_target(url.target).empty()) return std::nullopt;
  return url;
}

}  // namespace

std::string Origin::authority() const {
  if (port != usual_port(tls)) return authority_with_port();
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string Origin::authority_with_port() const {
  const bool is_address = host.find(':') != std::string::npos;
  return (is_address ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, colon);
  Url url;
  url.origin.tls = equals_ignoring_case(scheme, "https");
  if (!url.origin.tls && !equals_ignoring_case(scheme, "http")) return std::nullopt;
  const std::string_view rest = text.substr(colon + 3, text.find('#') - colon - 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  if (!read_authority(rest.substr(0, end), url.origin)) return std::nullopt;
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  return checked(std::move(url));
}

std::optional<Url> resolve(const Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  // A scheme ends before everything else that could hold a colon.
  const std::size_t colon = reference.find_first_of(":/?");
  if (colon != std::string_view::npos && reference[colon] == ':') return parse_url(reference);
  if (reference.starts_with("//"))
    return parse_url((base.origin.tls ? "https:" : "http:") + std::string(reference));
  if (reference.empty()) return base;
  Url url{base.origin, {}};
  const std::size_t question = reference.find('?');
  const std::string_view path = reference.substr(0, question);
  const std::string_view query = question == std::string_view::npos ? "" : reference.substr(question);
  const std::string_view base_path = std::string_view(base.target).substr(0, base.target.find('?'));
  if (path.empty()) {
    url.target = base_path;
  } else if (path.starts_with('/')) {
    url.target = without_dot_segments(path);
  } else {
    url.target = without_dot_segments(std::string(base_path.substr(0, base_path.find_last_of('/') + 1)) +
                                      std::string(path));
  }
  url.target += query;
  return checked(std::move(url));
}

}  // namespace zerver::effects::http_client
