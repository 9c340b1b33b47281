// The adapter `mailer`, twice: letters as files in a folder, and in memory for tests.
#pragma once

#include <zerver/effects/registry.h>

#include <memory>

namespace letters {

// Writes each letter to a file on a thread of its own, from where something else sends it.
zerver::effects::Registry::Open open_mailer();

// Answers at once, on the worker's own thread; nothing is kept when the system is gone.
zerver::effects::Registry::Open open_memory_mailer();

}  // namespace letters

// For the generated main: `zerver_add_flow(... ADAPTERS mailer.h)`.
void register_adapters(zerver::effects::Registry& registry);
