// Numbers with a fraction as text.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>

namespace zerver::flow {

inline constexpr std::size_t kMaxReal = 25;

// The fewest digits that mean this number, of which there are up to 17. Up to 10^15, where every whole number
// is exact, without an exponent: 100000 and not 1e+05. At most kMaxReal characters; gives their end.
inline char* write_real(char* out, double number) noexcept {
  const double magnitude = std::fabs(number);
  const bool is_plain = number == 0 || (magnitude >= 1e-5 && magnitude < 1e15);
  return is_plain ? std::to_chars(out, out + kMaxReal, number, std::chars_format::fixed).ptr
                  : std::to_chars(out, out + kMaxReal, number).ptr;
}

}  // namespace zerver::flow
