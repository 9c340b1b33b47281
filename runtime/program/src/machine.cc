// What the machine has, and how much of it this process may use.
#include "cgroup.h"
#include "text_file.h"
#include <zerver/program/machine.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace zerver {
namespace {

// The value behind `KEY=` or `KEY:` in a file of such lines, without quotes.
std::string field_of(std::string_view text, std::string_view key) {
  for (const std::string_view line : program::lines_of(text)) {
    if (!line.starts_with(key)) continue;
    std::string_view value = line.substr(key.size());
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t' || value.front() == '"'))
      value.remove_prefix(1);
    while (!value.empty() && (value.back() == '"' || value.back() == ' '))
      value.remove_suffix(1);
    return std::string(value);
  }
  return {};
}

std::string package_manager_of(const std::string& root) {
  struct Manager {
    const char* program;
    const char* name;
  };
  constexpr std::array<Manager, 6> kManagers{{{"/usr/bin/apt-get", "apt"},
                                              {"/usr/bin/dnf", "dnf"},
                                              {"/usr/bin/zypper", "zypper"},
                                              {"/usr/bin/pacman", "pacman"},
                                              {"/sbin/apk", "apk"},
                                              {"/usr/bin/yum", "yum"}}};
  for (const Manager& manager : kManagers) {
    if (access((root + manager.program).c_str(), F_OK) == 0) return manager.name;
  }
  return {};
}

// Both fail either way; only how tells whether the kernel has it and lets this process use it.
bool has_io_uring() noexcept {
  return syscall(SYS_io_uring_setup, 0, nullptr) == 0 || (errno != ENOSYS && errno != EPERM);
}

bool has_splice() noexcept {
  return syscall(SYS_splice, -1, nullptr, -1, nullptr, 0, 0) == 0 || errno != ENOSYS;
}

bool has_sendfile() noexcept { return syscall(SYS_sendfile, -1, -1, nullptr, 0) == 0 || errno != ENOSYS; }

void ask_kernel(Machine& machine) {
  utsname name{};
  if (uname(&name) == 0) {
    machine.os = name.sysname;
    machine.architecture = name.machine;
    machine.kernel = name.release;
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) machine.open_files = files.rlim_cur;
  machine.io_uring = has_io_uring();
  machine.splice = has_splice();
  machine.sendfile = has_sendfile();
}

}  // namespace

unsigned Machine::processors() const noexcept {
  unsigned least = 0;
  const auto bound = [&least](unsigned count) {
    if (count > 0) least = least == 0 ? count : std::min(least, count);
  };
  bound(processors_online);
  bound(processors_affinity);
  bound(processors_cpuset);
  if (processor_quota > 0) bound(static_cast<unsigned>(std::ceil(processor_quota)));
  return std::max(1U, least);
}

std::uint64_t Machine::usable_memory() const noexcept {
  if (memory_limit == 0 || memory == 0) return std::max(memory_limit, memory);
  return std::min(memory_limit, memory);
}

Machine detect_machine(const std::string& root) {
  Machine machine;
  if (root.empty()) ask_kernel(machine);
  const auto read = [&root](const char* path) {
    return program::read_text(root + path).value_or(std::string());
  };
  if (machine.kernel.empty()) machine.kernel = program::trimmed(read("/proc/sys/kernel/osrelease"));
  machine.distribution = field_of(read("/etc/os-release"), "PRETTY_NAME=");
  machine.package_manager = package_manager_of(root);
  machine.processors_online =
      program::count_cpu_list(program::trimmed(read("/sys/devices/system/cpu/online")));
  const std::string status = read("/proc/self/status");
  machine.processors_affinity = program::count_cpu_list(field_of(status, "Cpus_allowed_list:"));
  machine.memory = program::parse_number(field_of(read("/proc/meminfo"), "MemTotal:")).value_or(0) * 1024;
  const program::CgroupLimits limits = program::read_cgroup_limits(root);
  machine.cgroup = limits.version;
  machine.processor_quota = limits.processor_quota;
  machine.processors_cpuset = limits.processors_cpuset;
  machine.memory_limit = limits.memory_limit;
  return machine;
}

}  // namespace zerver
