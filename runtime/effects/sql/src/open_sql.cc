#include "postgres/adapter/adapter.h"
#include "sqlite/adapter.h"
#include "zerver.flow.h"
#include <zerver/effects/sql/open_sql.h>

namespace zerver::effects {

Registry::Open open_sql() {
  return Registry::typed<SqlConfig>([sqlite = sqlite::OpenSql(), postgres = postgres::OpenSql()](
                                        const flow::TargetInfo& target, const SqlConfig& config) {
    if (config.url.starts_with("sqlite:")) return sqlite(target, config.url);
    if (config.url.starts_with("postgres:") || config.url.starts_with("postgresql:"))
      return postgres(target, config.url);
    // A URL may hold a password, so it is not repeated.
    return Opened{nullptr, "its URL must be `sqlite:PATH`, `sqlite::memory:` or `postgres://...`"};
  });
}

}  // namespace zerver::effects
