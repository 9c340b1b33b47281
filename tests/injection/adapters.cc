#include "adapters.h"

#include <zerver/effects/compute/compute.h>

#include <utility>

void register_adapters(zerver::effects::Registry& registry) {
  using zerver::String;
  zerver::effects::ComputeFunctions functions;
  functions.add<String, String>(
      "echo",
      [](const String& text, zerver::effects::ComputeContext&) -> zerver::Result<String> { return text; });
  registry.add({.name = "zerver.compute", .version = "1.0.0", .reaches = "an echo"},
               zerver::effects::open_compute(std::move(functions)));
}
