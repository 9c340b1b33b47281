// Waits for the signals that ask a program to stop.
#pragma once

#include <memory>

namespace zerver::io {

// SIGTERM and SIGINT do not end the program while one of these lives.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns when one of them has come, and its number.
  int wait();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zerver::io
