// What the machine has, and how much of it this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace zerver {

// A value; numbers that are not known are 0.
struct Machine {
  enum class Cgroup : std::uint8_t { kNone, kV1, kV2 };

  std::string os;               // `Linux`
  std::string architecture;     // `x86_64`
  std::string kernel;           // `6.1.0-18-amd64`
  std::string distribution;     // `Debian GNU/Linux 12 (bookworm)`
  std::string package_manager;  // `apt`

  unsigned processors_online = 0;
  unsigned processors_affinity = 0;  // that the scheduler may put this process on
  unsigned processors_cpuset = 0;    // of its cgroup
  double processor_quota = 0;        // processors' worth of time that its cgroups allow; 0: all
  Cgroup cgroup = Cgroup::kNone;     // that the quota or the cpuset is from

  std::uint64_t memory = 0;        // bytes
  std::uint64_t memory_limit = 0;  // of its cgroups, bytes; 0: none
  std::uint64_t open_files = 0;    // RLIMIT_NOFILE, soft

  bool io_uring = false;  // the kernel lets this process use it
  bool sendfile = false;
  bool splice = false;

  // How many threads can run at a time: the smallest of all bounds, a quota rounded up, as the JDK and Go do;
  // at least 1.
  unsigned processors() const noexcept;
  // Bytes that this process may use.
  std::uint64_t usable_memory() const noexcept;
};

// Asks the kernel. Files are read below `root`, so that a test can bring its own /proc, /sys and /etc; then
// nothing else is asked. What cannot be read is not known, which is no error.
Machine detect_machine(const std::string& root = {});

}  // namespace zerver
