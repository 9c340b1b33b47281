// Looks at the terminal.

#include "compiler/driver/command_line/environment.h"

#include <llvm/ADT/StringRef.h>

#include <cstdlib>
#include <unistd.h>

namespace zc::driver {

bool terminal_wants_color() {
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* const terminal = std::getenv("TERM");
  if (terminal == nullptr || llvm::StringRef(terminal) == "dumb") return false;
  return isatty(STDERR_FILENO) != 0;
}

}  // namespace zc::driver
