// The adapter `http` against servers that a test scripts.
#pragma once

#include "tests/support/servers/scripted_server.h"
#include "zerver.flow.h"
#include <zerver/effects/http/open_http.h>
#include <zerver/testing/adapter_harness.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

using Arguments = std::vector<std::pair<std::string, std::string>>;

// A target of `http` at that URL; `proxy` is `none` unless it is among the arguments.
inline std::unique_ptr<testing::AdapterHarness> open_target(const std::string& base, Arguments arguments = {},
                                                            std::uint32_t pool = 0,
                                                            std::optional<std::uint64_t> compress_over = {}) {
  Registry registry;
  registry.add({"zerver.http", "1", "test"}, open_http());
  const bool has_proxy = std::any_of(arguments.begin(), arguments.end(),
                                     [](const auto& argument) { return argument.first == "proxy"; });
  if (!has_proxy) arguments.emplace_back("proxy", "none");
  arguments.emplace_back("base", base);
  return std::make_unique<testing::AdapterHarness>(
      registry, "zerver.http",
      testing::HarnessOptions{
          .arguments = std::move(arguments), .pool = pool, .compress_over = compress_over});
}
inline std::string local(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

inline HttpAdapter::GetArguments get(std::string_view path) {
  return {.path = String::borrowed(path), .query = {}, .headers = {}};
}

// A response with a length.
inline std::string answer(std::string_view status, std::string_view body, std::string_view fields = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

// A request without its body; empty at the end of the connection.
inline std::string read_head(test::Peer& peer) { return peer.read_until("\r\n\r\n"); }
inline std::size_t length_of(std::string_view head) {
  const std::size_t at = head.find("Content-Length: ");
  return at == std::string_view::npos ? 0 : std::stoul(std::string(head.substr(at + 16, 12)));
}

}  // namespace zerver::effects
