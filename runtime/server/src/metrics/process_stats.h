// What the process takes of the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace zerver::server {

// Null: it cannot be read here.
struct ProcessStats {
  double cpu_seconds = 0;  // user and system, of all threads
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> threads;
  std::optional<double> start_seconds;  // since 1970
  std::optional<std::uint64_t> open_descriptors;
  std::optional<std::uint64_t> most_descriptors;
  std::uint64_t allocated_bytes = 0;  // by malloc; 0: not known
};

// Takes some 50 us. Any thread.
ProcessStats read_process_stats();

// The fields of proc_pid_stat(5) that are behind the name of the program, which may hold anything.
struct ProcStat {
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since the machine's start
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};
std::optional<ProcStat> parse_proc_stat(std::string_view text) noexcept;
// The line `btime` of proc_stat(5): when the machine was started, in seconds since 1970.
std::optional<std::uint64_t> parse_boot_time(std::string_view text) noexcept;

}  // namespace zerver::server
