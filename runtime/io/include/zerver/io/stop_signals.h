// Waits for the signals that ask a program to stop.
#pragma once

#include <initializer_list>
#include <memory>

namespace zerver::io {

// SIGTERM and SIGINT do not end the program while one of these lives, nor do the others that it is to wait
// for.
class StopSignals {
 public:
  explicit StopSignals(std::initializer_list<int> others = {});
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns when one of them has come, and its number.
  int wait();
  // `number` does again what it does without us; SIGINT ends the program at once.
  void let_go(int number);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace zerver::io
