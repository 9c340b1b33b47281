// Which proxy a URL is asked through: the rules of curl for the environment's variables.
#pragma once

#include "settings.h"

#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects::http_client {

struct Proxy {
  Origin origin;
  std::string authorization;  // the value of Proxy-Authorization; empty: none
};

// `setting` is `environment`, `none` or the URL of a proxy, which may have `user:password@`. Empty, or one
// line that says what is wrong.
[[nodiscard]] std::string read_proxy(std::string_view setting, const Origin& origin,
                                     EnvironmentLookup environment, std::optional<Proxy>& proxy);

// Whether `NO_PROXY` names the host: `*`, a name with all below it (with a dot before it or not), an address;
// each with a port or for all ports.
bool is_exempt(std::string_view no_proxy, const Origin& origin) noexcept;

}  // namespace zerver::effects::http_client
