// The adapter `file`: the files below a folder.
#pragma once

#include <zerver/effects/registry.h>

namespace zerver::effects {

// For Registry::add_default("zerver.file", ...). The folder must be there when the service starts. No path
// leads out of it, by `..`, from `/` or by a symbolic link; links that stay inside are followed where the
// kernel has openat2(2), and none where it has not.
Registry::Open open_file();

}  // namespace zerver::effects
