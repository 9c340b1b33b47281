// zerver-compile: hands the command line and the process's streams to the driver.

#include "compiler/driver/driver.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

#include <string>
#include <system_error>

int main(int argc, char** argv) {
  using zc::driver::ExitStatus;

  const std::string program = llvm::sys::fs::getMainExecutable(argv[0], nullptr);
  const llvm::SmallVector<llvm::StringRef> arguments(argv + 1, argv + argc);
  const zc::driver::Environment environment{llvm::outs(), llvm::errs(), llvm::vfs::getRealFileSystem(),
                                            llvm::sys::path::parent_path(program).str(),
                                            zc::driver::terminal_wants_color()};
  ExitStatus status = zc::driver::run(arguments, environment);

  llvm::outs().flush();
  if (const std::error_code code = llvm::outs().error()) {
    llvm::outs().clear_error();
    // A reader that has seen enough (`| head`) is no failure worth a word.
    if (code != std::errc::broken_pipe)
      llvm::errs() << "zerver-compile: cannot write standard output: " << code.message() << '\n';
    status = ExitStatus::kEnvironment;
  }
  llvm::errs().clear_error();  // nobody is left to tell
  return static_cast<int>(status);
}
