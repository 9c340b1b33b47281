// Looks names up from the inside out.

#include "compiler/sql/analysis/scope.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::sql {

std::optional<Place> Scope::find(llvm::StringRef qualifier, llvm::StringRef name) const {
  std::optional<Place> found;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!qualifier.empty() && !qualifier.equals_insensitive(sources[i].name)) continue;
    for (std::size_t k = 0; k < sources[i].columns.size(); ++k) {
      const ScopeColumn& column = sources[i].columns[k];
      if (!name.equals_insensitive(column.name) || (column.is_merged && qualifier.empty())) continue;
      if (found) return std::nullopt;
      found = Place(i, k);
    }
  }
  return found;
}

Fact Scope::fact_at(Place place) const {
  const ScopeSource& source = sources[place.first];
  Fact fact = source.columns[place.second].fact;
  if (not_null.contains(place)) {
    fact.nullable = Nullable::kNo;
  } else if (source.is_nullable) {
    fact.nullable = Nullable::kYes;
  }
  return fact;
}

Fact Scope::look_up(llvm::StringRef qualifier, llvm::StringRef name) const {
  if (const std::optional<Place> place = find(qualifier, name)) return fact_at(*place);
  const bool is_rowid = name.equals_insensitive("rowid") || name.equals_insensitive("_rowid_") ||
                        name.equals_insensitive("oid");
  bool is_here = false;
  for (const ScopeSource& source : sources) {
    if (!qualifier.empty() && !qualifier.equals_insensitive(source.name)) continue;
    if (is_rowid && source.has_rowid)
      return {Type::kInteger, source.is_nullable ? Nullable::kYes : Nullable::kNo, nullptr, nullptr};
    // Known more than once, or perhaps here: then it is not the one outside.
    is_here = is_here || source.is_open || llvm::any_of(source.columns, [&](const ScopeColumn& column) {
                return name.equals_insensitive(column.name);
              });
  }
  return is_here || parent == nullptr ? Fact() : parent->look_up(qualifier, name);
}

}  // namespace zc::sql
