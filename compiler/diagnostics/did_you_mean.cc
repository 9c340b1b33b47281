// Finds the name that was probably meant, by edit distance.

#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/SmallString.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace zc::diagnostics {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kMostCandidates = 1000;

using Normal = llvm::SmallString<kLongestName + 28>;

Normal normalise(llvm::StringRef name) {
  Normal normal;
  for (const char c : name)
    normal += c == '-' ? '_' : llvm::toLower(c);
  return normal;
}

// What both begin or end with makes no difference.
void drop_common(llvm::StringRef& left, llvm::StringRef& right) {
  while (!left.empty() && !right.empty() && left.front() == right.front()) {
    left = left.drop_front();
    right = right.drop_front();
  }
  while (!left.empty() && !right.empty() && left.back() == right.back()) {
    left = left.drop_back();
    right = right.drop_back();
  }
}

// Edits from one to the other; letters that changed places are one (optimal string alignment). Some number
// above `most` when it is above that.
unsigned distance_between(llvm::StringRef left, llvm::StringRef right, unsigned most) {
  drop_common(left, right);
  using Row = llvm::SmallVector<unsigned, kLongestName + 28>;
  Row before(right.size() + 1);
  Row previous(right.size() + 1);
  Row current(right.size() + 1);
  std::iota(previous.begin(), previous.end(), 0U);
  unsigned least_before = 0;
  for (std::size_t row = 1; row <= left.size(); ++row) {
    current[0] = static_cast<unsigned>(row);
    unsigned least = current[0];
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const unsigned replaced = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0U : 1U);
      current[column] = std::min({previous[column] + 1, current[column - 1] + 1, replaced});
      if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]) {
        current[column] = std::min(current[column], before[column - 2] + 1);
      }
      least = std::min(least, current[column]);
    }
    // A row is made of the two above it.
    if (std::min(least, least_before) > most) return most + 1;
    least_before = least;
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[right.size()];
}

}  // namespace

std::optional<llvm::StringRef> did_you_mean(llvm::StringRef name,
                                            llvm::ArrayRef<llvm::StringRef> candidates) {
  // Longer names, and more of them, are made by machines.
  if (name.empty() || name.size() > kLongestName || candidates.size() > kMostCandidates) return std::nullopt;
  const Normal wanted = normalise(name);
  const auto limit = static_cast<unsigned>(std::max<std::size_t>(1, (name.size() + 1) / 3));
  std::optional<llvm::StringRef> best;
  unsigned best_distance = limit + 1;
  for (const llvm::StringRef candidate : candidates) {
    if (candidate.empty()) continue;
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer - std::min(name.size(), candidate.size()) >= best_distance) continue;
    const unsigned distance = distance_between(wanted, normalise(candidate), best_distance - 1);
    // A name that has nothing in common with a short one is no slip.
    if (distance >= best_distance || distance >= std::min(name.size(), candidate.size())) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace zc::diagnostics
