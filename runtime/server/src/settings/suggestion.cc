// What somebody probably meant who wrote a name that does not exist.
#include "settings/suggestion.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace zerver::server {
namespace {

// Of optimal string alignment: a swap of neighbours counts once (Damerau, 1964).
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  std::vector<std::size_t> next(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = row[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      next[j] = std::min({changed, row[j] + 1, next[j - 1] + 1});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before.swap(row);
    row.swap(next);
  }
  return row[to.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view written, std::span<const std::string_view> candidates) {
  std::string_view nearest;
  std::size_t least = 0;
  for (const std::string_view candidate : candidates) {
    const std::size_t changes = distance(written, candidate);
    if (changes > std::max<std::size_t>(1, candidate.size() / 3)) continue;
    if (!nearest.empty() && changes >= least) continue;
    nearest = candidate;
    least = changes;
  }
  return nearest;
}

}  // namespace zerver::server
