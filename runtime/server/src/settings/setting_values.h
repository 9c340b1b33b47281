// The values of settings as people write them.
#pragma once

#include <zerver/async/rate/limit.h>
#include <zerver/core/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::server {

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept;
// `4096`, `64KiB`, `1MiB`, `1GiB`.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
// `250ms`, `30s`, `5m`; more than nothing.
std::optional<Duration> parse_duration(std::string_view text) noexcept;

// `NAME=100/1s`, or `NAME=100/1s:20` with at most 20 at once.
struct NamedRate {
  std::string name;
  async::RateLimit limit;
};
std::optional<NamedRate> parse_named_rate(std::string_view text);

// `HOST:PORT`, `[ADDRESS]:PORT`; an empty host is every address of the machine.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace zerver::server
