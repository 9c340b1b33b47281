// Finds the name that was probably meant, by edit distance.

#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace zc::diagnostics {
namespace {

std::string normalise(llvm::StringRef name) {
  std::string normal = name.lower();
  std::replace(normal.begin(), normal.end(), '-', '_');
  return normal;
}

}  // namespace

std::optional<llvm::StringRef> did_you_mean(llvm::StringRef name,
                                            llvm::ArrayRef<llvm::StringRef> candidates) {
  if (name.empty()) return std::nullopt;
  const std::string wanted = normalise(name);
  const auto limit = static_cast<unsigned>(std::max<std::size_t>(1, (name.size() + 1) / 3));
  std::optional<llvm::StringRef> best;
  unsigned best_distance = limit + 1;
  for (const llvm::StringRef candidate : candidates) {
    if (candidate.empty()) continue;
    const unsigned distance = llvm::StringRef(wanted).edit_distance(normalise(candidate), true, limit);
    // A name that has nothing in common with a short one is no slip.
    if (distance >= best_distance || distance >= std::min(name.size(), candidate.size())) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace zc::diagnostics
