// The bounds that control groups set to this process.
#include "cgroup.h"

#include "text_file.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace zerver::program {
namespace {

// A line of /proc/self/mountinfo, proc(5): `36 35 98:0 /root /mount options [tags] - type source options`.
struct Mount {
  std::string root;
  std::string point;
  std::string type;
  std::vector<std::string> controllers;  // of version 1
};

std::vector<Mount> cgroup_mounts(const std::string& text) {
  std::vector<Mount> mounts;
  for (const std::string_view line : lines_of(text)) {
    const std::vector<std::string_view> fields = split(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 7 || fields.end() - dash < 4) continue;
    if (dash[1] != "cgroup" && dash[1] != "cgroup2") continue;
    Mount mount{std::string(fields[3]), std::string(fields[4]), std::string(dash[1]), {}};
    for (const std::string_view option : split(dash[3], ','))
      mount.controllers.emplace_back(option);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// A line of /proc/self/cgroup: `4:cpu,cpuacct:/path`, `0::/path` of version 2.
struct Membership {
  std::vector<std::string> controllers;
  std::string path;
};

std::vector<Membership> memberships(const std::string& text) {
  std::vector<Membership> found;
  for (const std::string_view line : lines_of(text)) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    Membership membership;
    for (const std::string_view controller : split(line.substr(first + 1, second - first - 1), ','))
      membership.controllers.emplace_back(controller);
    membership.path = line.substr(second + 1);
    found.push_back(std::move(membership));
  }
  return found;
}

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// The folders of the group and of those around it, the innermost first, as this process sees them.
std::vector<std::string> folders_of(const Mount& mount, std::string path) {
  // In a container without a namespace of its own the path is the host's, and the mount begins inside it.
  if (mount.root != "/" && path.starts_with(mount.root)) path.erase(0, mount.root.size());
  if (path.find("..") != std::string::npos) path.clear();  // outside of what is mounted
  while (!path.empty() && path.back() == '/')
    path.pop_back();
  std::vector<std::string> folders;
  while (!path.empty()) {
    folders.push_back(mount.point + path);
    path.erase(path.rfind('/'));
  }
  folders.push_back(mount.point);
  return folders;
}

class Reader {
 public:
  explicit Reader(const std::string& root)
      : root_(root),
        mounts_(cgroup_mounts(read_text(root + "/proc/self/mountinfo").value_or(std::string()))),
        memberships_(memberships(read_text(root + "/proc/self/cgroup").value_or(std::string()))) {}

  CgroupLimits limits() {
    for (const std::string& folder : folders("cgroup2", "")) {
      const std::vector<std::string> words = words_of(folder + "/cpu.max");  // `QUOTA PERIOD`, `max PERIOD`
      if (words.size() == 2) quota(words[0], words[1], Machine::Cgroup::kV2);
      memory(folder + "/memory.max");
      cpuset(folder + "/cpuset.cpus.effective", Machine::Cgroup::kV2);
    }
    for (const std::string& folder : folders("cgroup", "cpu")) {
      quota(text_of(folder + "/cpu.cfs_quota_us"), text_of(folder + "/cpu.cfs_period_us"),
            Machine::Cgroup::kV1);
    }
    for (const std::string& folder : folders("cgroup", "cpuset")) {
      cpuset(folder + "/cpuset.effective_cpus", Machine::Cgroup::kV1);
      cpuset(folder + "/cpuset.cpus", Machine::Cgroup::kV1);
    }
    for (const std::string& folder : folders("cgroup", "memory"))
      memory(folder + "/memory.limit_in_bytes");
    return limits_;
  }

 private:
  std::vector<std::string> folders(std::string_view type, std::string_view controller) const {
    for (const Mount& mount : mounts_) {
      if (mount.type != type || (!controller.empty() && !contains(mount.controllers, controller))) continue;
      for (const Membership& membership : memberships_) {
        if (contains(membership.controllers, controller)) return folders_of(mount, membership.path);
      }
    }
    return {};
  }

  std::string text_of(const std::string& path) const {
    return trimmed(read_text(root_ + path).value_or(std::string()));
  }

  std::vector<std::string> words_of(const std::string& path) const {
    const std::string text = text_of(path);
    if (text.empty()) return {};
    std::vector<std::string> words;
    for (const std::string_view word : split(text, ' '))
      words.emplace_back(word);
    return words;
  }

  // `max` and -1, without bound, are no numbers.
  void quota(std::string_view time, std::string_view period, Machine::Cgroup version) {
    const std::optional<std::uint64_t> used = parse_number(time);
    const std::optional<std::uint64_t> of = parse_number(period);
    if (!used || !of || *used == 0 || *of == 0) return;
    const double processors = static_cast<double>(*used) / static_cast<double>(*of);
    if (limits_.processor_quota == 0 || processors < limits_.processor_quota) {
      limits_.processor_quota = processors;
      limits_.version = version;
    }
  }

  void cpuset(const std::string& path, Machine::Cgroup version) {
    const unsigned count = count_cpu_list(text_of(path));
    if (count == 0) return;
    if (limits_.processors_cpuset == 0 || count < limits_.processors_cpuset)
      limits_.processors_cpuset = count;
    if (limits_.version == Machine::Cgroup::kNone) limits_.version = version;
  }

  void memory(const std::string& path) {
    constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;  // version 1 says so with a number near 2^63
    const std::optional<std::uint64_t> bytes = parse_number(text_of(path));
    if (!bytes || *bytes >= kUnlimited) return;
    if (limits_.memory_limit == 0 || *bytes < limits_.memory_limit) limits_.memory_limit = *bytes;
  }

  const std::string& root_;
  std::vector<Mount> mounts_;
  std::vector<Membership> memberships_;
  CgroupLimits limits_;
};

}  // namespace

CgroupLimits read_cgroup_limits(const std::string& root) { return Reader(root).limits(); }

}  // namespace zerver::program
