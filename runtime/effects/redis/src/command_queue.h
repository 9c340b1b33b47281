// Commands in the order in which they are answered.
#pragma once

#include <zerver/effects/redis/command.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zerver::effects::redis {

// A ring that keeps its memory. Each has a number, by which it can be forgotten without losing its turn.
class CommandQueue {
 public:
  CommandQueue() : ring_(kFewest) {}

  bool empty() const noexcept { return first_ == end_; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - first_); }
  // Null: an answer that nobody waits for. Throws std::bad_alloc.
  std::uint64_t push(Command* command) {
    if (size() == ring_.size()) grow();
    at(end_) = command;
    return end_++;
  }
  // Null when it has been forgotten.
  Command* pop() noexcept { return at(first_++); }
  void forget(std::uint64_t number) noexcept { at(number) = nullptr; }

 private:
  static constexpr std::size_t kFewest = 64;

  Command*& at(std::uint64_t number) noexcept { return ring_[number & (ring_.size() - 1)]; }
  void grow() {
    std::vector<Command*> larger(ring_.size() * 2);
    for (std::uint64_t number = first_; number != end_; ++number)
      larger[number & (larger.size() - 1)] = at(number);
    ring_.swap(larger);
  }

  std::vector<Command*> ring_;  // a power of two
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace zerver::effects::redis
