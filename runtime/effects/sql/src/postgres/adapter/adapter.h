// The adapter `sql` over PostgreSQL.
#pragma once

#include <zerver/effects/registry.h>

#include <string>

namespace zerver::effects::postgres {

// Opens `postgres://...` and `postgresql://...`, as libpq has them. With `schema=FILE` among its options that
// file is the schema instead of the package's.
class OpenSql {
 public:
  Opened operator()(const flow::TargetInfo& target, std::string url) const;
};

}  // namespace zerver::effects::postgres
