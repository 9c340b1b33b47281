// The names that an expression of SQL can see, and what they stand for.

#pragma once

#include "compiler/sql/analysis/analysis.h"

#include <llvm/ADT/StringRef.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace zc::sql {

struct ScopeColumn {
  std::string name;
  Fact fact;
  bool is_hidden = false;  // `select *` leaves it out
  bool is_merged = false;  // stands for the one before it, by `using` or `natural`
};

struct ScopeSource {
  std::string name;  // the alias, else the table's name
  std::vector<ScopeColumn> columns;
  bool is_open = false;      // may have columns that are not known
  bool is_nullable = false;  // its row may be missing, by an outer join
  bool has_rowid = false;
};

// A column of a scope: the source's index and its own.
using Place = std::pair<std::size_t, std::size_t>;

struct Scope {
  Scope* parent = nullptr;
  std::vector<ScopeSource> sources;
  std::set<Place> not_null;   // a condition that holds for every row leaves no NULL there
  bool is_one_group = false;  // all rows, even none, make one row of results

  // The column of this scope alone; none when there is none, or more than one.
  [[nodiscard]] std::optional<Place> find(llvm::StringRef qualifier, llvm::StringRef name) const;
  // Here or in the scopes around.
  [[nodiscard]] Fact look_up(llvm::StringRef qualifier, llvm::StringRef name) const;
  [[nodiscard]] Fact fact_at(Place place) const;
};

}  // namespace zc::sql
