// Puts a compilation's files on the disk: all of them or none.

#pragma once

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Support/Error.h>

#include <cstddef>
#include <string>

namespace zc::driver {

struct Output {
  std::string path;
  std::string text;
};

struct WriteSummary {
  std::size_t written = 0;
  std::size_t unchanged = 0;
};

// Writes `outputs`, making their folders. A file that holds the text already is not touched, so that what
// depends on it is not built again. A reader sees the old text or the new one, never a part: each text goes
// to a temporary file in the same folder, and only when all of them are complete are they renamed. What is no
// regular file (/dev/stdout) is written in place. On an error, or when a signal ends the program, no partial
// file and no new folder stays; the error names the path.
llvm::Expected<WriteSummary> write_outputs(llvm::ArrayRef<Output> outputs);

}  // namespace zc::driver
