// The adapter `kv`: values under keys, in memory, in Redis, or in a SQL database, as its URL says.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

// Whose tables values may be kept in.
struct SqlDatabases {
  Registry::Open open;   // of the adapter `sql`, whose targets share their connections with those of `kv`
  bool are_real = true;  // false: in memory and of the process, as those of InlineSqlite
};

// For Registry::add("zerver.kv", ...). Targets that it opens with the same `memory:NAME` share their values.
Registry::Open open_kv(SqlDatabases databases);

}  // namespace zerver::effects
