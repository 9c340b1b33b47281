#include "postgres/adapter.h"
#include "sqlite/adapter.h"
#include <zerver/effects/sql/open_sql.h>

#include <string_view>

namespace zerver::effects {

Registry::Open open_sql() {
  return [sqlite = sqlite::OpenSql(), postgres = postgres::OpenSql()](
             const flow::TargetInfo& target, const flow::TargetConfig& config) mutable {
    const std::string_view url = config.get("url").value_or("");
    if (url.starts_with("sqlite:")) return sqlite(target, config);
    if (url.starts_with("postgres:") || url.starts_with("postgresql:")) return postgres(target, config);
    // A URL may hold a password, so it is not repeated.
    return Opened{nullptr, "its URL must be `sqlite:PATH`, `sqlite::memory:` or `postgres://...`"};
  };
}

}  // namespace zerver::effects
