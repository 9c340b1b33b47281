// What the text of a SQL statement says about how it can fail, without a database.

#pragma once

#include "compiler/model/step.h"

#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>

namespace zc::check {

enum class SqlVerb : std::uint8_t { kSelect, kInsert, kUpdate, kDelete, kOther };

struct SqlFacts {
  SqlVerb verb = SqlVerb::kOther;
  bool has_conflict_clause = false;  // `on conflict`, or `insert or ignore` and its like
  bool has_filtered_update = false;  // `on conflict ... do update set ... where ...`
  bool has_inner_write = false;      // `with x as (delete ...) select ...`

  [[nodiscard]] bool writes() const { return verb != SqlVerb::kSelect || has_inner_write; }
  // Those of `declared` that this statement can really raise: a select meets no constraint, an insert misses
  // nothing.
  [[nodiscard]] model::Kinds narrow(model::Kinds declared) const;
};

// `text` has a space for each bound parameter. Comments, strings and names in quotes are skipped; of `with
// ... select` the verb behind the common table expressions counts.
[[nodiscard]] SqlFacts sql_facts(llvm::StringRef text);

}  // namespace zc::check
