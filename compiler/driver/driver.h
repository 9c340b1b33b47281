// The program as a function: a command line becomes phases, files and an exit status.

#pragma once

#include "compiler/driver/command_line/environment.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>

namespace zc::driver {

enum class ExitStatus : std::uint8_t {
  kClean = 0,
  kErrors = 1,       // in the input
  kEnvironment = 2,  // wrong usage, unreadable or unwritable files, broken templates
};

// `arguments` are those behind the program's name. Writes files only when the input is clean.
[[nodiscard]] ExitStatus run(llvm::ArrayRef<llvm::StringRef> arguments, const Environment& environment);

}  // namespace zc::driver
