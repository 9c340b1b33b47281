// `kv` in the memory of this process.
#pragma once

#include "memory/memory_store.h"
#include <zerver/effects/registry.h>

#include <memory>
#include <string>

namespace zerver::effects::kv {

// A target with that prefix; targets may share a store.
std::unique_ptr<System> make_memory_kv(std::shared_ptr<MemoryStore> store, std::string prefix);

}  // namespace zerver::effects::kv
