#include <zerver/program/doctor.h>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace zerver {
namespace {

Machine some_machine() {
  Machine machine;
  machine.os = "Linux";
  machine.architecture = "x86_64";
  machine.kernel = "6.1.0";
  machine.distribution = "Debian \"12\"";
  machine.package_manager = "apt";
  machine.processors_online = 8;
  machine.processors_affinity = 8;
  machine.processor_quota = 2.5;
  machine.cgroup = Machine::Cgroup::kV2;
  machine.memory = std::uint64_t{16} << 30;
  machine.open_files = 65'536;
  machine.sendfile = true;
  return machine;
}

Config some_config() {
  Config config = Config::for_server(some_machine());
  config.workers = 6;
  return config;
}

TEST(Doctor, SaysWhatThereIsWhatIsUsedAndWhatWouldBeBetter) {
  EXPECT_EQ(to_text(diagnose(some_machine(), some_config())),
            "machine\n"
            "  system              Linux x86_64, kernel 6.1.0\n"
            "  distribution        Debian \"12\"\n"
            "  package manager     apt\n"
            "  processors          3 usable: 8 online, 8 by affinity, quota 2.50\n"
            "  cgroup              v2\n"
            "  memory              16384 MiB, limit unlimited\n"
            "  open files          65536\n"
            "  backends            epoll sendfile\n"
            "\n"
            "configuration (recommended here)\n"
            "  executor            proactor\n"
            "  workers             6 (3)\n"
            "  compute threads     3\n"
            "  blocking threads    12\n"
            "  compute queue       4096\n"
            "  blocking queue      1024\n"
            "  quanta              2 ms, 5 ms, 10 ms\n"
            "  drain               10000 ms\n"
            "  watchdog            never\n"
            "  connections         10000\n"
            "  request memory      1 MiB\n"
            "\n"
            "findings\n"
            "  warning [more-threads-than-processors]: workers is 6, but only 3 processors may be used: more "
            "threads only wait for each other\n");
}

TEST(Doctor, FindsNothingUnwiseInWhatItRecommends) {
  const Diagnosis here = diagnose();
  EXPECT_TRUE(here.findings.empty());
  EXPECT_EQ(here.config.workers, here.machine.processors());
  EXPECT_EQ(here.machine.os, "Linux");
}

TEST(Doctor, SaysItAsJson) {
  const std::string text = to_json(diagnose(some_machine(), some_config()));
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(text);
  EXPECT_EQ(std::string_view(json["machine"]["distribution"]), "Debian \"12\"");
  EXPECT_EQ(std::uint64_t(json["machine"]["processors"]), 3U);
  EXPECT_DOUBLE_EQ(double(json["machine"]["processor_quota"]), 2.5);
  EXPECT_EQ(std::string_view(json["machine"]["cgroup"]), "v2");
  EXPECT_TRUE(bool(json["machine"]["backends"]["sendfile"]));
  EXPECT_FALSE(bool(json["machine"]["backends"]["io_uring"]));
  EXPECT_EQ(std::uint64_t(json["config"]["workers"]), 6U);
  EXPECT_EQ(std::uint64_t(json["recommended"]["workers"]), 3U);
  EXPECT_EQ(std::string_view(json["findings"].at(0)["kind"]), "more-threads-than-processors");
  EXPECT_EQ(simdjson::dom::array(json["findings"]).size(), 1U);
}

}  // namespace
}  // namespace zerver
