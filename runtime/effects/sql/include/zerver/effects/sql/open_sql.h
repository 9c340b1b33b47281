// The adapter `sql`: which database it is, the URL of the target says.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

// For Registry::add("zerver.sql", ...). Opens `sqlite:PATH` and `sqlite::memory:`; other URLs are refused.
// Targets of one database share its connections.
Registry::Open open_sql();

}  // namespace zerver::effects
