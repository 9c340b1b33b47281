// Universally unique identifiers, RFC 9562.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace zerver {

class Random;

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // `8-4-4-4-12` hexadecimal digits of either case, nothing else.
  static std::optional<Uuid> parse(std::string_view text) noexcept;
  // Version 4.
  static Uuid generate(Random& random) noexcept;

  static constexpr std::size_t kText = 36;
  // Writes kText characters, lower case.
  void write(char* out) const noexcept;

  friend auto operator<=>(const Uuid&, const Uuid&) noexcept = default;
};

}  // namespace zerver

template <> struct std::hash<zerver::Uuid> {
  std::size_t operator()(const zerver::Uuid& uuid) const noexcept;
};
