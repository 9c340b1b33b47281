#include "seam_adapters.h"
#include "static_tokens.h"
#include <zerver/effects/kv/open_kv.h>
#include <zerver/effects/registry.h>
#include <zerver/effects/sql/open_sql.h>

namespace zerver::effects {

void add_standard_adapters(Registry& registry) {
  registry.add("zerver.sql", open_sql());
  registry.add("zerver.kv", open_kv());
  registry.add("zerver.clock", open_clock);
  registry.add("zerver.random", open_random);
  registry.add("zerver.auth.tokens", open_tokens);
}

}  // namespace zerver::effects
