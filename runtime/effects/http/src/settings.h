// What a target of the adapter `http` is declared with, parsed before anything starts.
#pragma once

#include "message/url.h"
#include <zerver/core/time.h>
#include <zerver/flow/data/format.h>
#include <zerver/flow/service.h>
#include <zerver/io/net/tls.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver {
struct HttpConfig;
}

namespace zerver::effects::http_client {

enum class Http2 : std::uint8_t { kAuto, kAlways, kNever };

// Where the environment variables of proxies are looked up: `HTTPS_PROXY`.
using EnvironmentLookup = std::optional<std::string> (*)(const char* name);
std::optional<std::string> process_environment(const char* name);

struct Settings {
  Url base;
  std::vector<Origin> origins;  // that of `base`, and others of the same service
  bool is_balanced = false;     // calls are spread over all of their addresses
  std::uint32_t redirects = 0;
  Http2 http2 = Http2::kAuto;
  Duration connect = Duration::from_seconds(5);
  Duration idle = Duration::from_seconds(30);
  Duration lifetime = Duration::from_seconds(600);
  Duration keepalive = {};  // of HTTP/2; zero: none
  std::size_t max_body = std::size_t{8} << 20;
  std::uint32_t pool = 0;  // connections of all workers; 0: kConnections for each worker and origin
  std::optional<std::uint64_t> compress_over;  // longer bodies of requests are sent with gzip
  flow::Format format = flow::Format::kJson;   // of documents that are sent and asked for
  std::string authorization;                   // `Bearer ...`; empty: none
  std::string proxy;                           // `environment`, `none` or a URL
  EnvironmentLookup environment = nullptr;
  std::unique_ptr<io::net::TlsClient> tls;  // also for redirects and proxies

  static constexpr std::uint32_t kConnections = 64;
};

// Empty, or one line that says what is wrong, without secrets.
// The setting `bearer` as a field's value; empty where there is none.
[[nodiscard]] std::string read_authorization(std::string_view bearer, std::string& authorization);
[[nodiscard]] std::string read_settings(const flow::TargetInfo& target, const flow::TargetConfig& config,
                                        EnvironmentLookup environment, Settings& settings);
// The same with arguments that have been read.
[[nodiscard]] std::string make_settings(const flow::TargetInfo& target, const flow::TargetConfig& config,
                                        const HttpConfig& arguments, EnvironmentLookup environment,
                                        Settings& settings);

}  // namespace zerver::effects::http_client
