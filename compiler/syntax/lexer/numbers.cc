// Values of number literals, exact: no floating point.

#include "compiler/syntax/lexer/numbers.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <array>
#include <numeric>

namespace zc::syntax {
namespace {

struct Unit {
  llvm::StringRef name;
  LiteralKind kind = LiteralKind::kInteger;
  std::uint64_t factor = 1;
};

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::array kUnits{
    Unit{"ns", LiteralKind::kDuration, 1},
    Unit{"us", LiteralKind::kDuration, 1'000},
    Unit{"ms", LiteralKind::kDuration, 1'000'000},
    Unit{"s", LiteralKind::kDuration, kSecond},
    Unit{"m", LiteralKind::kDuration, 60 * kSecond},
    Unit{"h", LiteralKind::kDuration, 3'600 * kSecond},
    Unit{"d", LiteralKind::kDuration, 86'400 * kSecond},
    Unit{"B", LiteralKind::kSize, 1},
    Unit{"KB", LiteralKind::kSize, 1'000},
    Unit{"MB", LiteralKind::kSize, 1'000'000},
    Unit{"GB", LiteralKind::kSize, 1'000'000'000},
    Unit{"TB", LiteralKind::kSize, 1'000'000'000'000},
    Unit{"KiB", LiteralKind::kSize, std::uint64_t{1} << 10U},
    Unit{"MiB", LiteralKind::kSize, std::uint64_t{1} << 20U},
    Unit{"GiB", LiteralKind::kSize, std::uint64_t{1} << 30U},
    Unit{"TiB", LiteralKind::kSize, std::uint64_t{1} << 40U},
    Unit{"%", LiteralKind::kPercent, 10'000},
};

// Adds the decimal digits of `text` to `value`. False when it does not fit.
bool add_digits(llvm::StringRef text, std::uint64_t& value) {
  for (const char digit : text) {
    if (digit == '_') continue;
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, static_cast<std::uint64_t>(digit - '0'), &value)) {
      return false;
    }
  }
  return true;
}

}  // namespace

llvm::ArrayRef<llvm::StringRef> unit_names() {
  static constexpr auto kNames = [] {
    std::array<llvm::StringRef, kUnits.size()> names;
    for (std::size_t index = 0; index < kUnits.size(); ++index)
      names[index] = kUnits[index].name;
    return names;
  }();
  return kNames;
}

Number read_number(llvm::StringRef text) {
  const auto is_digit = [](char c) { return llvm::isDigit(c) || c == '_'; };
  const llvm::StringRef whole = text.take_while(is_digit);
  llvm::StringRef rest = text.drop_front(whole.size());
  llvm::StringRef fraction;
  const bool has_fraction = rest.consume_front(".");
  if (has_fraction) {
    fraction = rest.take_while(is_digit);
    rest = rest.drop_front(fraction.size());
  }
  Number number;
  number.unit = rest;
  if (whole.ends_with("_") || fraction.ends_with("_") || rest.contains('.')) {
    number.problem = NumberProblem::kMalformed;
    return number;
  }
  const Unit* unit = nullptr;
  if (!rest.empty()) {
    unit = llvm::find_if(kUnits, [&](const Unit& known) { return known.name == rest; });
    if (unit == kUnits.end()) {
      number.problem = NumberProblem::kUnknownUnit;
      return number;
    }
    number.kind = unit->kind;
  } else if (has_fraction) {
    number.kind = LiteralKind::kDecimal;
    return number;
  }
  const std::uint64_t factor = unit == nullptr ? 1 : unit->factor;
  if (!add_digits(whole, number.value) || __builtin_mul_overflow(number.value, factor, &number.value)) {
    number.problem = NumberProblem::kOutOfRange;
    return number;
  }
  // The fraction is digits / 10^k of a unit. It is whole when what 10^k has not in common with the factor
  // divides it.
  fraction = fraction.rtrim("0_");
  std::uint64_t digits = 0;
  std::uint64_t scale = 1;
  for (const char digit : fraction) {
    if (digit != '_' && __builtin_mul_overflow(scale, 10, &scale)) number.problem = NumberProblem::kNotWhole;
  }
  if (number.problem != NumberProblem::kNone || !add_digits(fraction, digits)) {
    number.problem = NumberProblem::kNotWhole;
    return number;
  }
  const std::uint64_t common = std::gcd(scale, factor);
  if (digits % (scale / common) != 0) {
    number.problem = NumberProblem::kNotWhole;
  } else if (__builtin_add_overflow(number.value, digits / (scale / common) * (factor / common),
                                    &number.value)) {
    number.problem = NumberProblem::kOutOfRange;
  }
  return number;
}

}  // namespace zc::syntax
