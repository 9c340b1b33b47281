// A stack of its own to run a function on, and switching to it and back.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>

#include <cstddef>

namespace zerver::io {

// One thread. Whoever resumes it is where it suspends to. Below its stack is a page that may not be touched;
// while one of these runs on the thread, touching it ends the program with a message instead of corrupting
// memory silently.
class Fiber {
 public:
  using Entry = void (*)(void* argument);

  // `stack` in bytes, rounded up to pages.
  Fiber(std::size_t stack, Entry entry, void* argument);
  // Its function has returned, or never begun.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Returns when the function suspends or returns.
  void resume();
  // From within the function.
  void suspend();

 private:
  // What the C++ runtime keeps for each thread about exceptions that are being handled: each stack has its
  // own.
  struct Exceptions {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  void swap_exceptions() noexcept;
  void leave_for(bool inside, bool for_ever) noexcept;
  void arrive(bool inside) noexcept;

  boost::context::protected_fixedsize_stack allocator_;
  boost::context::stack_context stack_;
  Entry entry_;
  void* argument_;
  boost::context::fiber outside_;
  boost::context::fiber inside_;
  Exceptions exceptions_;
  // For sanitizers, which follow stacks themselves.
  [[maybe_unused]] void* fake_stack_inside_ = nullptr;
  [[maybe_unused]] void* fake_stack_outside_ = nullptr;
  [[maybe_unused]] const void* outside_bottom_ = nullptr;
  [[maybe_unused]] std::size_t outside_size_ = 0;
  [[maybe_unused]] void* tsan_inside_ = nullptr;
  [[maybe_unused]] void* tsan_outside_ = nullptr;
};

// Makes touching the page below a fiber's stack tell what happened; on the calling thread, for as long as it
// lives.
class StackOverflowReports {
 public:
  StackOverflowReports();
  ~StackOverflowReports();
  StackOverflowReports(const StackOverflowReports&) = delete;
  StackOverflowReports& operator=(const StackOverflowReports&) = delete;

 private:
  void* own_ = nullptr;  // the stack for signals; null: the thread had one
};

}  // namespace zerver::io
