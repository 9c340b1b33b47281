// A regular expression as a tree.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace zerver::flow::pattern {

// Code points from `first` to `last`.
struct Range {
  char32_t first;
  char32_t last;
};

struct Node;
using NodePtr = std::unique_ptr<Node>;

// What a place between two characters must be.
enum class Assertion : std::uint8_t { kBegin, kEnd, kWordBoundary, kNoWordBoundary };

struct Node {
  enum class Kind : std::uint8_t { kSet, kAssertion, kSequence, kChoice, kRepeat };
  static constexpr std::uint32_t kNoLimit = UINT32_MAX;

  Kind kind = Kind::kSequence;
  Assertion assertion = Assertion::kBegin;  // kAssertion
  std::vector<Range> ranges;                // kSet: sorted, apart
  std::vector<NodePtr> children;            // kRepeat: one
  std::uint32_t least = 0;                  // kRepeat
  std::uint32_t most = kNoLimit;
};

// Throws std::invalid_argument, which says what is wrong.
NodePtr parse(std::string_view expression);

// The code point that the text begins with, which is taken off. A byte that is no UTF-8 stands for itself,
// above all code points.
char32_t take_code_point(std::string_view& text) noexcept;

}  // namespace zerver::flow::pattern
