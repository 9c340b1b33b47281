// Checks of the parts of a request's target and of the Host field (RFC 9112, 3.2; RFC 3986, 3.2).
#pragma once

#include <string_view>

namespace zerver::http {

// uri-host [ ":" port ], the host not empty, and no user information.
bool is_authority(std::string_view text) noexcept;

// The same with a port, as CONNECT wants it.
bool is_authority_with_port(std::string_view text) noexcept;

// Only characters that a path or a query may have, and no `%` without two hexadecimal digits.
bool is_path(std::string_view text) noexcept;
bool is_query(std::string_view text) noexcept;

// An absolute `http` or `https` URI, cut into its parts; false when it is not one.
struct AbsoluteTarget {
  std::string_view authority;
  std::string_view path;   // empty or from `/` on
  std::string_view query;  // without the `?`
  bool has_query = false;
};
bool split_absolute_target(std::string_view text, AbsoluteTarget& parts) noexcept;

}  // namespace zerver::http
