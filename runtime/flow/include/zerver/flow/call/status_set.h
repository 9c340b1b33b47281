// A set of statuses of failures, as `fails Declined on 402` and `on resource_exhausted` name them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::flow {

// Of statuses of HTTP from 300 to 599 and the codes of gRPC, 1 to 16; no other one is ever in it.
class StatusSet {
 public:
  constexpr StatusSet() noexcept = default;
  template <class... Statuses> static constexpr StatusSet of(Statuses... statuses) noexcept {
    StatusSet set;
    (set.add(static_cast<std::uint16_t>(statuses)), ...);
    return set;
  }
  constexpr bool contains(std::uint16_t status) const noexcept {
    const std::size_t position = position_of(status);
    return position != kNone && (words_[position / 64U] & bit(position)) != 0;
  }
  constexpr bool empty() const noexcept { return words_ == decltype(words_){}; }

 private:
  static constexpr std::uint16_t kFirst = 300;
  static constexpr std::uint16_t kLast = 599;
  static constexpr std::uint16_t kLastCode = 16;
  static constexpr std::size_t kCodes = kLast - kFirst + 1U;  // where they begin
  static constexpr std::size_t kNone = ~std::size_t{0};

  static constexpr std::size_t position_of(std::uint16_t status) noexcept {
    if (status >= kFirst && status <= kLast) return status - std::size_t{kFirst};
    return status >= 1 && status <= kLastCode ? kCodes + status : kNone;
  }
  static constexpr std::uint64_t bit(std::size_t position) noexcept {
    return std::uint64_t{1} << (position % 64U);
  }
  constexpr void add(std::uint16_t status) noexcept {
    const std::size_t position = position_of(status);
    if (position != kNone) words_[position / 64U] |= bit(position);
  }

  std::array<std::uint64_t, (kCodes + kLastCode) / 64 + 1> words_{};
};

}  // namespace zerver::flow
