// The classes of work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace zerver::async {

// From the most urgent on. `batch` gives way to everything else, and may run for long.
enum class Priority : std::uint8_t { kInteractive, kNormal, kBatch };
inline constexpr std::size_t kPriorities = 3;

// As a `.flow` file writes it.
constexpr std::string_view name_of(Priority priority) noexcept {
  switch (priority) {
    case Priority::kInteractive:
      return "interactive";
    case Priority::kNormal:
      return "normal";
    case Priority::kBatch:
      break;
  }
  return "batch";
}

// Somebody whose class can be raised while others wait for what he holds, so that they do not wait for all
// that is more urgent than he is (priority inheritance: Sha, Rajkumar and Lehoczky, 1990).
class Borrower {
 public:
  virtual Priority priority() const noexcept = 0;
  // Somebody of that class, which is more urgent than priority(), waits for him.
  virtual void lend(Priority priority) noexcept = 0;

 protected:
  ~Borrower() = default;
};

}  // namespace zerver::async
