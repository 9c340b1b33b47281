// The adapters of the program that the payloads are sent through.
#pragma once

#include <zerver/effects/registry.h>

void register_adapters(zerver::effects::Registry& registry);
