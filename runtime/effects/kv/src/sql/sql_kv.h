// `kv` in a SQL database, through the adapter `sql`.
#pragma once

#include <zerver/effects/kv/open_kv.h>
#include <zerver/effects/system.h>
#include <zerver/flow/service.h>

#include <string>
#include <string_view>

namespace zerver::effects::kv {

// Whether the URL is one of a database.
bool is_sql(std::string_view url) noexcept;

// `config` has the URL, as the adapter `sql` has it.
Opened open_sql_kv(const flow::TargetInfo& target, const flow::TargetConfig& config, const std::string& url,
                   std::string prefix, const SqlDatabases& databases);

}  // namespace zerver::effects::kv
