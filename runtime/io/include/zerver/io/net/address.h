// An IP address as a value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::io::net {

struct Address {
  // In network order; of IPv4 the first four, the others are zero.
  std::array<std::uint8_t, 16> bytes{};
  bool is_v6 = false;
  std::uint32_t scope = 0;  // of a link-local IPv6 address: the number of the interface

  // `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`. Null when the text is none of them.
  static std::optional<Address> parse(std::string_view text);
  std::string text() const;
  friend auto operator<=>(const Address&, const Address&) noexcept = default;
};

using Addresses = std::vector<Address>;

}  // namespace zerver::io::net
