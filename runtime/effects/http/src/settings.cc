#include "settings.h"

#include "connect/proxy.h"
#include "zerver.flow.h"
#include <zerver/http/request_writer.h>
#include <zerver/io/net/address.h>

#include <cstdlib>
#include <string_view>

namespace zerver::effects::http_client {

namespace {

bool read_http2(std::string_view text, Http2& out) {
  if (text == "auto") {
    out = Http2::kAuto;
  } else if (text == "always") {
    out = Http2::kAlways;
  } else if (text == "never") {
    out = Http2::kNever;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::optional<std::string> process_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string read_authorization(std::string_view bearer, std::string& authorization) {
  authorization = bearer.empty() ? "" : "Bearer " + std::string(bearer);
  return bearer.empty() || http::find_fault_in_field({"Authorization", authorization}).empty()
             ? ""
             : "its `bearer` cannot stand in a header field";
}

std::string read_settings(const flow::TargetInfo& target, const flow::TargetConfig& config,
                          EnvironmentLookup environment, Settings& settings) {
  const auto [arguments, error] = HttpConfig::parse(config);
  return error.empty() ? make_settings(target, config, arguments, environment, settings) : error;
}

std::string make_settings(const flow::TargetInfo& target, const flow::TargetConfig& config,
                          const HttpConfig& arguments, EnvironmentLookup environment, Settings& settings) {
  if (std::string why = parse_base(arguments.base, settings.base, settings.origins); !why.empty()) return why;
  // Paths of calls begin with a slash.
  if (settings.base.target.ends_with('/')) settings.base.target.pop_back();
  settings.pool = target.pool;
  settings.compress_over = target.compress_over;
  settings.format = target.format;
  settings.redirects = arguments.redirects;
  settings.max_body = arguments.max_body;
  settings.connect = arguments.connect;
  settings.idle = arguments.idle;
  settings.lifetime = arguments.lifetime;
  settings.keepalive = arguments.keepalive;
  if (!read_http2(arguments.http2, settings.http2)) return "its `http2` must be `auto`, `always` or `never`";
  if (std::string why = read_authorization(config.get("bearer").value_or(""), settings.authorization);
      !why.empty())
    return why;
  settings.proxy = arguments.proxy;
  settings.environment = environment;
  std::optional<Proxy> proxy;
  for (const Origin& origin : settings.origins) {
    if (std::string why = read_proxy(settings.proxy, origin, environment, proxy); !why.empty()) return why;
    if (proxy && settings.origins.size() > 1)
      return "its URL names several hosts, which a proxy cannot be asked for";
  }
  // One that is an address needs no turns.
  const bool is_one = settings.origins.size() == 1 && io::net::Address::parse(settings.base.origin.host);
  settings.is_balanced = !proxy && (!is_one || settings.http2 == Http2::kAlways);
  settings.tls = std::make_unique<io::net::TlsClient>();
  return settings.tls->open(
      {.ca_file = arguments.ca, .certificate_file = arguments.certificate, .key_file = arguments.key});
}

}  // namespace zerver::effects::http_client
