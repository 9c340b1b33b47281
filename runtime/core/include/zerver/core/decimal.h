// Exact decimal numbers, for money above all.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace zerver {

// coefficient / 10^scale, with scale from 0 to 18. `1.50` and `1.5` are equal; each keeps its scale in text.
// A string in JSON.
struct Decimal {
  std::int64_t coefficient = 0;
  std::uint8_t scale = 0;

  // `-?digits(.digits)?`; null for other text and for what does not fit.
  static std::optional<Decimal> parse(std::string_view text) noexcept;

  static constexpr std::size_t kMaxText = 24;
  // Writes at most kMaxText characters and returns their number.
  std::size_t write(char* out) const noexcept;

  friend std::strong_ordering operator<=>(const Decimal& left, const Decimal& right) noexcept;
  friend bool operator==(const Decimal& left, const Decimal& right) noexcept { return (left <=> right) == 0; }
};

}  // namespace zerver
