// A folder of a test with the file of a journal.
#pragma once

#include "tests/support/child_process.h"

#include <string>

namespace zerver::effects {

class JournalFolder {
 public:
  std::string file() const { return (directory_.path() / "journal.db").string(); }

 private:
  test::TemporaryDirectory directory_;
};

}  // namespace zerver::effects
