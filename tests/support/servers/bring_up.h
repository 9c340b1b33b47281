// What servers of tests have in common when they come up.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace zerver::test {

// Runs a program to its end. Throws std::runtime_error with what it has said when that is not a good one.
void run(const std::vector<std::string>& command, const std::filesystem::path& log);

// `server.key` and `server.pem` in the folder: of 127.0.0.1, and of nobody else. Throws std::runtime_error.
void make_certificate(const std::filesystem::path& folder);

// `start` takes free ports, which somebody else may take before the server does: it is tried again then.
// Throws what the last attempt threw.
template <class Start> void bring_up(Start start) {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    try {
      return start();
    } catch (const std::runtime_error&) {
      if (attempt == kAttempts) throw;
    }
  }
}

}  // namespace zerver::test
