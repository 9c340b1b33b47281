// Machines made of files: what a process may use of them.
#include <zerver/program/machine.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace zerver {
namespace {

class MachineTest : public ::testing::Test {
 protected:
  MachineTest() : root_(std::filesystem::path(testing::TempDir()) / ("zerver_machine_" + name())) {
    std::filesystem::remove_all(root_);
    write("/sys/devices/system/cpu/online", "0-7\n");
    write("/proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n");
    write("/proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n");
  }
  ~MachineTest() override { std::filesystem::remove_all(root_); }

  static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }

  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_.string() + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // Version 2 at its usual place, this process in `path`.
  void mount_v2(const std::string& path, const std::string& mount_root = "/") {
    write("/proc/self/mountinfo",
          "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
          "31 24 0:27 " +
              mount_root + " /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n");
    write("/proc/self/cgroup", "0::" + path + "\n");
  }
  Machine detect() const { return detect_machine(root_.string()); }

 private:
  std::filesystem::path root_;
};

TEST_F(MachineTest, HasItsProcessorsWithoutControlGroups) {
  const Machine machine = detect();
  EXPECT_EQ(machine.processors_online, 8U);
  EXPECT_EQ(machine.processors_affinity, 8U);
  EXPECT_EQ(machine.processors(), 8U);
  EXPECT_EQ(machine.memory, std::uint64_t{16'384'000} * 1024);
  EXPECT_EQ(machine.usable_memory(), machine.memory);
  EXPECT_EQ(machine.cgroup, Machine::Cgroup::kNone);
}

TEST_F(MachineTest, IsBoundByAffinity) {
  write("/proc/self/status", "Cpus_allowed_list:\t1,4-5\n");
  EXPECT_EQ(detect().processors(), 3U);
}

TEST_F(MachineTest, RoundsAQuotaOfVersion2Up) {
  mount_v2("/");
  write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  const Machine machine = detect();
  EXPECT_EQ(machine.cgroup, Machine::Cgroup::kV2);
  EXPECT_DOUBLE_EQ(machine.processor_quota, 1.5);
  EXPECT_EQ(machine.processors(), 2U);
}

TEST_F(MachineTest, HasAtLeastOneProcessor) {
  mount_v2("/");
  write("/sys/fs/cgroup/cpu.max", "1000 100000\n");
  EXPECT_EQ(detect().processors(), 1U);
}

TEST_F(MachineTest, IsNotBoundByMax) {
  mount_v2("/");
  write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  write("/sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(detect().processor_quota, 0);
  EXPECT_EQ(detect().processors(), 8U);
  EXPECT_EQ(detect().memory_limit, 0U);
}

TEST_F(MachineTest, TakesTheSmallestBoundOfAllGroupsAround) {
  mount_v2("/slice/service");
  write("/sys/fs/cgroup/slice/service/cpu.max", "600000 100000\n");
  write("/sys/fs/cgroup/slice/cpu.max", "300000 100000\n");
  write("/sys/fs/cgroup/slice/service/memory.max", "max\n");
  write("/sys/fs/cgroup/slice/memory.max", "1073741824\n");
  const Machine machine = detect();
  EXPECT_EQ(machine.processors(), 3U);
  EXPECT_EQ(machine.memory_limit, std::uint64_t{1} << 30);
  EXPECT_EQ(machine.usable_memory(), std::uint64_t{1} << 30);
}

TEST_F(MachineTest, IsBoundByACpuset) {
  mount_v2("/service");
  write("/sys/fs/cgroup/service/cpuset.cpus.effective", "2-3\n");
  const Machine machine = detect();
  EXPECT_EQ(machine.processors_cpuset, 2U);
  EXPECT_EQ(machine.processors(), 2U);
  EXPECT_EQ(machine.cgroup, Machine::Cgroup::kV2);
}

TEST_F(MachineTest, FindsItsGroupInAContainerThatSeesTheHostsPath) {
  mount_v2("/docker/abc/inner", "/docker/abc");
  write("/sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
  EXPECT_EQ(detect().processors(), 2U);
}

TEST_F(MachineTest, ReadsTheMountWhenItsGroupIsOutside) {
  mount_v2("/../../init.scope");
  write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  EXPECT_EQ(detect().processors(), 4U);
}

TEST_F(MachineTest, ReadsVersion1BesideVersion2) {
  write("/proc/self/mountinfo",
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "34 31 0:31 / /sys/fs/cgroup/cpuset rw shared:7 - cgroup cgroup rw,cpuset\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  write("/proc/self/cgroup", "4:memory:/job\n3:cpuset:/\n1:cpu,cpuacct:/job\n0::/\n");
  write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpuset/cpuset.cpus", "0-5\n");
  write("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "536870912\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const Machine machine = detect();
  EXPECT_EQ(machine.cgroup, Machine::Cgroup::kV1);
  EXPECT_DOUBLE_EQ(machine.processor_quota, 2.5);
  EXPECT_EQ(machine.processors_cpuset, 6U);
  EXPECT_EQ(machine.processors(), 3U);
  EXPECT_EQ(machine.memory_limit, std::uint64_t{512} << 20);
}

TEST_F(MachineTest, IgnoresWhatItCannotRead) {
  mount_v2("/x");
  write("/sys/fs/cgroup/x/cpu.max", "garbage\n");
  write("/sys/fs/cgroup/x/cpuset.cpus.effective", "3-1,zebra\n");
  write("/proc/self/status", "no list\n");
  EXPECT_EQ(detect().processors(), 8U);
}

TEST_F(MachineTest, TellsDistributionAndPackageManager) {
  write("/etc/os-release", "NAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
  write("/usr/bin/apt-get", "");
  write("/proc/sys/kernel/osrelease", "6.1.0\n");
  const Machine machine = detect();
  EXPECT_EQ(machine.distribution, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(machine.package_manager, "apt");
  EXPECT_EQ(machine.kernel, "6.1.0");
}

TEST(Machine, IsDetectedHere) {
  const Machine machine = detect_machine();
  EXPECT_EQ(machine.os, "Linux");
  EXPECT_GE(machine.processors(), 1U);
  EXPECT_GT(machine.usable_memory(), 0U);
  EXPECT_GT(machine.open_files, 0U);
  EXPECT_TRUE(machine.sendfile);
}

}  // namespace
}  // namespace zerver
