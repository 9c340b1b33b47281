// A set of statuses of failures, as `fails Declined on 402` names them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace zerver::flow {

// Of statuses from 300 to 599; no other one is ever in it.
class StatusSet {
 public:
  constexpr StatusSet() noexcept = default;
  template <class... Statuses> static constexpr StatusSet of(Statuses... statuses) noexcept {
    StatusSet set;
    (set.add(static_cast<std::uint16_t>(statuses)), ...);
    return set;
  }
  constexpr bool contains(std::uint16_t status) const noexcept {
    return status >= kFirst && status <= kLast && (words_[word(status)] & bit(status)) != 0;
  }
  constexpr bool empty() const noexcept { return words_ == decltype(words_){}; }

 private:
  static constexpr std::uint16_t kFirst = 300;
  static constexpr std::uint16_t kLast = 599;
  static constexpr std::size_t word(std::uint16_t status) noexcept { return (status - kFirst) / 64U; }
  static constexpr std::uint64_t bit(std::uint16_t status) noexcept {
    return std::uint64_t{1} << ((status - kFirst) % 64U);
  }
  constexpr void add(std::uint16_t status) noexcept {
    if (status >= kFirst && status <= kLast) words_[word(status)] |= bit(status);
  }

  std::array<std::uint64_t, (kLast - kFirst) / 64 + 1> words_{};
};

}  // namespace zerver::flow
