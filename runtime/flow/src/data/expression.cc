#include <zerver/flow/data/expression.h>

#include <algorithm>

namespace zerver::flow {

namespace {

// 10^18 times 2^63, the most that two decimals on one scale need, takes 123 bits.
__extension__ using Wide = __int128;

constexpr unsigned kMaxScale = 18;

Wide on_scale(const Decimal& number, unsigned scale) noexcept {
  Wide value = number.coefficient;
  for (unsigned at = number.scale; at < scale; ++at)
    value *= 10;
  return value;
}

bool fits(Wide value) noexcept {
  return value >= std::numeric_limits<std::int64_t>::min() &&
         value <= std::numeric_limits<std::int64_t>::max();
}

Decimal exact(Wide value, unsigned scale, const char* what) {
  while ((scale > kMaxScale || !fits(value)) && scale > 0 && value % 10 == 0) {
    value /= 10;
    --scale;
  }
  if (scale > kMaxScale || !fits(value)) throw std::overflow_error(what);
  return {static_cast<std::int64_t>(value), static_cast<std::uint8_t>(scale)};
}

}  // namespace

Decimal checked_add(const Decimal& left, const Decimal& right) {
  const unsigned scale = std::max(left.scale, right.scale);
  return exact(on_scale(left, scale) + on_scale(right, scale), scale, "a sum is out of range");
}

Decimal checked_subtract(const Decimal& left, const Decimal& right) {
  const unsigned scale = std::max(left.scale, right.scale);
  return exact(on_scale(left, scale) - on_scale(right, scale), scale, "a difference is out of range");
}

Decimal checked_multiply(const Decimal& left, const Decimal& right) {
  return exact(Wide{left.coefficient} * right.coefficient, unsigned{left.scale} + right.scale,
               "a product is out of range");
}

}  // namespace zerver::flow
