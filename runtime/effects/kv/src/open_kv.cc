#include "keys.h"
#include "memory/memory_kv.h"
#include "memory/memory_url.h"
#include "redis_kv.h"
#include "sql/sql_kv.h"
#include "zerver.flow.h"
#include <zerver/effects/kv/open_kv.h>
#include <zerver/effects/redis/options.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {

namespace {

using namespace kv;

class OpenKv {
 public:
  explicit OpenKv(SqlDatabases databases) : databases_(std::move(databases)) {}

  Opened operator()(const flow::TargetInfo& target, const KvConfig& config,
                    const flow::TargetConfig& arguments) const {
    const std::string_view url = config.url;
    std::string prefix = config.prefix;
    if (prefix.size() > kLongestPrefix) return {nullptr, "its `prefix` is longer than 256 bytes"};
    if (url.starts_with("memory:")) return open_memory(url, std::move(prefix));
    if (url.starts_with("redis")) {
      redis::Options options;
      if (std::string error = redis::parse_url(url, options); !error.empty())
        return {nullptr, std::move(error)};
      return make_redis_kv(options, std::move(prefix));
    }
    if (is_sql(url)) return open_sql_kv(target, arguments, config.url, std::move(prefix), databases_);
    // A URL may hold a password, so it is not repeated.
    return {nullptr,
            "its URL must begin with `memory:`, or be one of Redis, SQLite or PostgreSQL, such as "
            "`redis://host:6379/0`, `sqlite:PATH` or `postgres://host/database`"};
  }

 private:
  Opened open_memory(std::string_view url, std::string prefix) const {
    MemoryUrl parsed;
    if (std::string error = parse_memory_url(url, parsed); !error.empty()) return {nullptr, std::move(error)};
    if (parsed.name.empty())
      return {make_memory_kv(std::make_shared<MemoryStore>(parsed.max_bytes), std::move(prefix)), {}};
    std::weak_ptr<MemoryStore>& known = named_[parsed.name];
    std::shared_ptr<MemoryStore> store = known.lock();
    if (store == nullptr) known = store = std::make_shared<MemoryStore>(parsed.max_bytes);
    return {make_memory_kv(std::move(store), std::move(prefix)), {}};
  }

  SqlDatabases databases_;
  // What is open now, for the next target with the same name.
  mutable std::map<std::string, std::weak_ptr<MemoryStore>, std::less<>> named_;
};

}  // namespace

Registry::Open open_kv(SqlDatabases databases) {
  return Registry::typed<KvConfig>(OpenKv(std::move(databases)));
}

}  // namespace zerver::effects
