// Checks of the parts of a request's target and of the Host field.
#include "target.h"

#include "scan.h"
#include <zerver/core/message.h>

#include <cstddef>

namespace zerver::http {
namespace {

bool is_percent_encoded(std::string_view text, std::size_t at) noexcept {
  return text.size() - at >= 3 && text[at] == '%' && is(kHexDigit, text[at + 1]) &&
         is(kHexDigit, text[at + 2]);
}

bool consists_of_encoded(CharacterClass wanted, std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    if (is(wanted, text[i])) {
      ++i;
    } else if (is_percent_encoded(text, i)) {
      i += 3;
    } else {
      return false;
    }
  }
  return true;
}

// What is between the brackets of `[2001:db8::1]` or `[v1.fe]`: the shape only, no address is ever made of
// it.
bool is_ip_literal(std::string_view text) noexcept {
  if (text.empty()) return false;
  const bool future = text[0] == 'v' || text[0] == 'V';
  bool has_separator = false;
  for (const char c : future ? text.substr(1) : text) {
    if (c == ':' || (future && c == '.')) {
      has_separator = true;
    } else if (!(future ? is(kHostCharacter, c) : is(kHexDigit, c) || c == '.')) {
      return false;
    }
  }
  return has_separator;
}

bool is_port(std::string_view text) noexcept {
  std::size_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<std::size_t>(c - '0');
    if (value > 65535) return false;
  }
  return true;
}

struct Authority {
  std::string_view host;
  std::string_view port;
  bool has_port = false;
};

bool split_authority(std::string_view text, Authority& parts) noexcept {
  std::size_t host_end = 0;
  if (!text.empty() && text[0] == '[') {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || !is_ip_literal(text.substr(1, bracket - 1))) return false;
    host_end = bracket + 1;
  } else {
    host_end = text.find(':');
    if (host_end == std::string_view::npos) host_end = text.size();
    if (!consists_of_encoded(kHostCharacter, text.substr(0, host_end))) return false;
  }
  parts.host = text.substr(0, host_end);
  if (host_end == text.size()) return !parts.host.empty();
  if (text[host_end] != ':') return false;
  parts.has_port = true;
  parts.port = text.substr(host_end + 1);
  return !parts.host.empty() && is_port(parts.port);
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
  // Nearly always a plain name or address, which one pass checks.
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* const host_end = skip(kHostCharacter, begin, end);
  if (host_end != begin && (host_end == end || *host_end == ':')) {
    return host_end == end || is_port({host_end + 1, static_cast<std::size_t>(end - host_end - 1)});
  }
  Authority parts;
  return split_authority(text, parts);
}

bool is_authority_with_port(std::string_view text) noexcept {
  Authority parts;
  return split_authority(text, parts) && parts.has_port && !parts.port.empty();
}

bool is_path(std::string_view text) noexcept { return consists_of_encoded(kPathCharacter, text); }

bool is_query(std::string_view text) noexcept { return consists_of_encoded(kQueryCharacter, text); }

bool split_absolute_target(std::string_view text, AbsoluteTarget& parts) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, colon);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return false;
  std::string_view rest = text.substr(colon + 1);
  if (rest.size() < 2 || rest[0] != '/' || rest[1] != '/') return false;
  rest.remove_prefix(2);
  const std::size_t authority_end = rest.find_first_of("/?");
  parts.authority = rest.substr(0, authority_end);
  if (!is_authority(parts.authority)) return false;
  rest = authority_end == std::string_view::npos ? std::string_view{} : rest.substr(authority_end);
  const std::size_t mark = rest.find('?');
  parts.has_query = mark != std::string_view::npos;
  parts.path = rest.substr(0, mark);
  parts.query = parts.has_query ? rest.substr(mark + 1) : std::string_view{};
  return is_path(parts.path) && is_query(parts.query);
}

}  // namespace zerver::http
