// `kv` in Redis.
#pragma once

#include <zerver/effects/redis/options.h>
#include <zerver/effects/system.h>

#include <string>

namespace zerver::effects::kv {

Opened make_redis_kv(const redis::Options& options, std::string prefix);

}  // namespace zerver::effects::kv
