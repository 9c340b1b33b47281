// Where a target of `zerver.net` goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::net {

struct TargetUrl {
  std::string scheme;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string path;  // `/path?query`; of `unix:` the path of the socket
};

struct UrlScheme {
  std::string_view name;
  std::uint16_t port = 0;  // without one in the URL; 0: it must be there
};

// Empty, or one line that says what is wrong and repeats nothing of the URL, which may hold a secret.
[[nodiscard]] std::string parse_target_url(std::string_view text, const std::vector<UrlScheme>& schemes,
                                           TargetUrl& out);
// `scheme://host:port`, or `unix:path`.
std::string describe(const TargetUrl& url);

}  // namespace zerver::effects::net
