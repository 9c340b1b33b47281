#include "metrics/process_stats.h"

#include <zerver/program/memory.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace zerver::server {
namespace {

// Empty when it cannot be read.
std::string text_of(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

double seconds_of(const timeval& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<std::uint64_t> count_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    ++count;
  // Without the one that this has opened.
  return error || count == 0 ? std::nullopt : std::optional(count - 1);
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) noexcept {
  constexpr int kFirst = 3, kThreads = 20, kStart = 22, kVirtual = 23, kResident = 24;
  const std::size_t name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 2);
  ProcStat stat;
  for (int field = kFirst; field <= kResident; ++field) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    if (field == kThreads || field >= kStart) {
      const std::optional<std::uint64_t> number = parse_number(text.substr(0, space));
      if (!number) return std::nullopt;
      (field == kThreads   ? stat.threads
       : field == kStart   ? stat.start_ticks
       : field == kVirtual ? stat.virtual_bytes
                           : stat.resident_pages) = *number;
    }
    text.remove_prefix(space + 1);
  }
  return stat;
}

std::optional<std::uint64_t> parse_boot_time(std::string_view text) noexcept {
  constexpr std::string_view kName = "\nbtime ";
  const std::size_t line = text.find(kName);
  return line == std::string_view::npos ? std::nullopt : parse_number(text.substr(line + kName.size()));
}

ProcessStats read_process_stats() {
  ProcessStats stats;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    stats.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  if (const std::optional<ProcStat> stat = parse_proc_stat(text_of("/proc/self/stat"))) {
    stats.threads = stat->threads;
    stats.virtual_bytes = stat->virtual_bytes;
    stats.resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (const std::optional<std::uint64_t> boot = parse_boot_time(text_of("/proc/stat"))) {
      stats.start_seconds = static_cast<double>(*boot) + static_cast<double>(stat->start_ticks) /
                                                             static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
  }
  stats.open_descriptors = count_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    stats.most_descriptors = limit.rlim_cur;
  stats.allocated_bytes = allocated_memory();
  return stats;
}

}  // namespace zerver::server
