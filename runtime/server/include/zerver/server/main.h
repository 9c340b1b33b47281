// The `main` of a generated service.
#pragma once

#include <zerver/flow/service.h>

#include <span>

namespace zerver::effects {
class Registry;
}

namespace zerver::server {

// Adds the adapters that the program implements itself to the standard ones.
using RegisterAdapters = void (*)(effects::Registry& registry);

// Reads the settings, opens the targets, serves until SIGTERM or SIGINT and drains. Returns what the program
// exits with: 0; or 2 when something is wrong before the first request, with one line on standard error.
// Prints `listening on http://HOST:PORT` for each address when it serves.
int run_main(int argc, char** argv, std::span<const flow::PackageInfo* const> packages,
             RegisterAdapters register_adapters = nullptr);

}  // namespace zerver::server
