// How long each phase takes, for --time-phases.

#pragma once

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/raw_ostream.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace zc::driver {

// Phases follow one another; `begin` ends the one before, and goes on with one of the same name. Wall time,
// and processor time of all threads.
class PhaseTimer {
 public:
  void begin(llvm::StringLiteral phase);
  void end();

  // A table of the phases, their sum, and the peak of the memory; `lines` and `bytes` are the size of the
  // input.
  void print(std::uint64_t lines, std::uint64_t bytes, llvm::raw_ostream& out) const;

 private:
  using Duration = std::chrono::nanoseconds;
  struct Times {
    Duration wall{};
    Duration processor{};
  };
  struct Phase {
    llvm::StringRef name;
    Times spent;
  };

  static Times now();

  std::vector<Phase> phases_;  // in the order in which they first began
  Phase* current_ = nullptr;
  Times begun_;
};

}  // namespace zc::driver
