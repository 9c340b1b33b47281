// The URL of a target, which may name several hosts.
#include "message/url.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace zerver::effects::http_client {

namespace {

constexpr std::string_view kScheme = "://";

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t comma = text.find(',');
    pieces.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return pieces;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string parse_base(std::string_view text, Url& base, std::vector<Origin>& origins) {
  const std::vector<std::string_view> pieces = split(text);
  const std::string scheme(text.substr(0, std::min(text.find(kScheme), text.size())));
  const bool is_short = text.rfind(kScheme) == text.find(kScheme);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::string number = "host " + std::to_string(i + 1) + " of its URL ";
    if (pieces.size() > 1 && pieces[i].empty()) return number + "is empty";
    const bool has_scheme = i == 0 || pieces[i].find(kScheme) != std::string_view::npos;
    std::optional<Url> url = parse_url((has_scheme ? "" : scheme + "://") + std::string(pieces[i]));
    const bool is_usable = url && url->target.find('?') == std::string::npos;
    if (!is_usable && pieces.size() > 1) return number + "is no `host:port`, or has a user or a query";
    if (!is_usable) return "its URL must be `http://host:port/path` or `https://...`, without user and query";
    const bool is_last = i + 1 == pieces.size();
    if (i != 0 && url->origin.tls != base.origin.tls) return "its URL names `http` and `https`";
    const bool has_other_path =
        is_short ? !is_last && url->target != "/" : i != 0 && url->target != base.target;
    if (has_other_path)
      return is_short ? "the path of its URL must stand behind the last host"
                      : "its hosts have different paths";
    if (std::ranges::find(origins, url->origin) != origins.end())
      return "its URL names `" + url->origin.authority_with_port() + "` twice";
    origins.push_back(url->origin);
    if (i == 0) base = *url;
    base.target = std::move(url->target);
  }
  return {};
}

}  // namespace zerver::effects::http_client
