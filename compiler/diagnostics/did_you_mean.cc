// Finds the name that was probably meant, by edit distance.

#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace zc::diagnostics {
namespace {

constexpr std::size_t kLongestName = 100;

std::string normalise(llvm::StringRef name) {
  std::string normal = name.lower();
  std::replace(normal.begin(), normal.end(), '-', '_');
  return normal;
}

// Edits from one to the other; letters that changed places are one (optimal string alignment).
unsigned distance_between(llvm::StringRef left, llvm::StringRef right) {
  std::vector<unsigned> before(right.size() + 1);
  std::vector<unsigned> previous(right.size() + 1);
  std::vector<unsigned> current(right.size() + 1);
  std::iota(previous.begin(), previous.end(), 0U);
  for (std::size_t row = 1; row <= left.size(); ++row) {
    current[0] = static_cast<unsigned>(row);
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const unsigned replaced = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0U : 1U);
      current[column] = std::min({previous[column] + 1, current[column - 1] + 1, replaced});
      if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]) {
        current[column] = std::min(current[column], before[column - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[right.size()];
}

}  // namespace

std::optional<llvm::StringRef> did_you_mean(llvm::StringRef name,
                                            llvm::ArrayRef<llvm::StringRef> candidates) {
  // Longer names are made by machines.
  if (name.empty() || name.size() > kLongestName) return std::nullopt;
  const std::string wanted = normalise(name);
  const auto limit = static_cast<unsigned>(std::max<std::size_t>(1, (name.size() + 1) / 3));
  std::optional<llvm::StringRef> best;
  unsigned best_distance = limit + 1;
  for (const llvm::StringRef candidate : candidates) {
    if (candidate.empty()) continue;
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer - std::min(name.size(), candidate.size()) > limit) continue;
    const unsigned distance = distance_between(wanted, normalise(candidate));
    // A name that has nothing in common with a short one is no slip.
    if (distance >= best_distance || distance >= std::min(name.size(), candidate.size())) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace zc::diagnostics
