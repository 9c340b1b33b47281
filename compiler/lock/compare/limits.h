// What `@length`, `@range` and `@pattern` allow together.

#pragma once

#include "compiler/lock/lock.h"
#include "compiler/lock/value_range.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace zc::lock {

// How the values of the new side stand to those of the old one.
enum class Relation : std::uint8_t { kSame, kWider, kNarrower, kDifferent };

[[nodiscard]] constexpr Relation join(Relation left, Relation right) {
  if (left == Relation::kSame) return right;
  if (right == Relation::kSame || left == right) return left;
  return Relation::kDifferent;
}

class Limits {
 public:
  // Takes the limits of a field or scalar in addition.
  void add(const Entry& entry);
  // "length 1..200 and pattern `[a-z]+`", or "any value".
  [[nodiscard]] std::string text() const;

  [[nodiscard]] static Relation relate(const Limits& before, const Limits& after);

 private:
  ValueRange length_, range_;
  std::set<std::string> patterns_;
  std::set<std::string> texts_;
};

}  // namespace zc::lock
