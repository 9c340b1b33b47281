// What the program finds around it: streams, terminal, its own place on the disk.

#pragma once

#include <llvm/ADT/IntrusiveRefCntPtr.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

#include <string>

namespace zc::driver {

// Everything outside that a run depends on, so that a test can give its own.
struct Environment {
  llvm::raw_ostream& out;                                       // dumps, help, explanations
  llvm::raw_ostream& err;                                       // diagnostics and timings
  llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> file_system;  // of everything that is read
  std::string program_dir;                                      // folder of the executable
  bool wants_color = false;  // what --color=auto means: a terminal, and nothing in the environment against it
};

// Whether standard error is a terminal that shows colours: not when NO_COLOR is set to anything
// (no-color.org), and not for TERM=dumb.
[[nodiscard]] bool terminal_wants_color();

}  // namespace zc::driver
