// `http` and `https` URLs, as a client takes them apart (RFC 3986, RFC 9110 section 4.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::http_client {

// Scheme, host and port: what a connection goes to, and what credentials belong to.
struct Origin {
  bool tls = false;
  std::string host;  // in lower case; an IPv6 address without brackets
  std::uint16_t port = 0;

  friend bool operator==(const Origin&, const Origin&) = default;
  // As the Host field has it, the port left out when it is that of the scheme.
  std::string authority() const;
  // The same, the port always there, as CONNECT has it.
  std::string authority_with_port() const;
};

struct Url {
  Origin origin;
  std::string target;  // path and query, from `/` on, with nothing in it that must be encoded
};

// Nothing for another scheme, user information, and whatever is no such URL. A fragment is dropped.
std::optional<Url> parse_url(std::string_view text);

// Several hosts of one service, with commas between them: `http://a:1,b:2/path`, where the path stands behind
// the last one, or `http://a:1/path,http://b:2/path`. All have the scheme and the path of `base`, which is
// the first one. Empty, or one line that says what is wrong and repeats none of it but a host.
[[nodiscard]] std::string parse_base(std::string_view text, Url& base, std::vector<Origin>& origins);

// What `reference` (of a Location field) means at that place; nothing as above.
std::optional<Url> resolve(const Url& base, std::string_view reference);

}  // namespace zerver::effects::http_client
