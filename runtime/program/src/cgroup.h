// The bounds that control groups set to this process: cgroups(7), versions 1 and 2, also side by side.
#pragma once

#include <zerver/program/machine.h>

#include <cstdint>
#include <string>

namespace zerver::program {

struct CgroupLimits {
  Machine::Cgroup version = Machine::Cgroup::kNone;
  double processor_quota = 0;  // processors; 0: none
  unsigned processors_cpuset = 0;
  std::uint64_t memory_limit = 0;  // bytes; 0: none
};

// Of the process's group and all groups around it, as far as they are mounted: the smallest.
CgroupLimits read_cgroup_limits(const std::string& root);

}  // namespace zerver::program
