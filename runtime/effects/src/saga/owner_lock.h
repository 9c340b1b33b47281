// Which processes that share a journal are alive: each holds the lock on one byte of a file, and the system
// takes it away when the process ends, however it does.
#pragma once

#include <cstdint>
#include <string>

namespace zerver::effects {

class OwnerLocks {
 public:
  OwnerLocks() = default;
  ~OwnerLocks();
  OwnerLocks(const OwnerLocks&) = delete;
  OwnerLocks& operator=(const OwnerLocks&) = delete;

  // Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& path);
  // False when a living process has it, another one of this program included.
  [[nodiscard]] bool try_lock(std::int64_t owner) noexcept;
  void unlock(std::int64_t owner) noexcept;

 private:
  int file_ = -1;
};

}  // namespace zerver::effects
