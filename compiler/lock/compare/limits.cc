#include "compiler/lock/compare/limits.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>

namespace zc::lock {
namespace {

void narrow(ValueRange& range, const ValueRange& further) {
  if (further.least && (!range.least || *further.least > *range.least)) range.least = further.least;
  if (further.most && (!range.most || *further.most < *range.most)) range.most = further.most;
}

Relation relation(bool takes_old, bool takes_new) {
  if (takes_old) return takes_new ? Relation::kSame : Relation::kWider;
  return takes_new ? Relation::kNarrower : Relation::kDifferent;
}

Relation relate_ranges(const ValueRange& before, const ValueRange& after) {
  return relation(is_within(before, after), is_within(after, before));
}

}  // namespace

void Limits::add(const Entry& entry) {
  for (const auto& [name, range] : {std::pair("length", &length_), std::pair("range", &range_)}) {
    if (const std::optional<ValueRange> further = parse_range(entry.value(name))) {
      narrow(*range, *further);
      texts_.insert((llvm::StringRef(name) + " " + entry.value(name)).str());
    }
  }
  if (!entry.has("pattern")) return;
  patterns_.insert(entry.value("pattern").str());
  texts_.insert("pattern `" + entry.value("pattern").str() + "`");
}

std::string Limits::text() const { return texts_.empty() ? "any value" : llvm::join(texts_, " and "); }

Relation Limits::relate(const Limits& before, const Limits& after) {
  const auto includes = [](const auto& all, const auto& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
  };
  // Of two expressions that differ nobody says which one takes more.
  const Relation patterns =
      relation(includes(before.patterns_, after.patterns_), includes(after.patterns_, before.patterns_));
  return join(patterns,
              join(relate_ranges(before.length_, after.length_), relate_ranges(before.range_, after.range_)));
}

}  // namespace zc::lock
