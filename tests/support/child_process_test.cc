// Programs beside a test.
#include "tests/support/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>

namespace zerver::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Listens until it is ended.
constexpr const char* kListen =
    "import socket, sys, threading\n"
    "s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "threading.Event().wait()\n";

TEST(ChildProcess, TellsItsExitCodeAndKeepsWhatItSays) {
  const TemporaryDirectory directory;
  ChildProcess child(
      {"sh", "-c", "echo $WORD; pwd; exit 7"},
      {.log = directory.path() / "log", .directory = directory.path(), .environment = {"WORD=hello"}});
  EXPECT_EQ(child.wait(), 7);
  EXPECT_FALSE(child.running());
  EXPECT_THAT(text_of(directory.path() / "log"), StartsWith("hello\n"));
  EXPECT_THAT(text_of(directory.path() / "log"), HasSubstr(directory.path().filename().string()));
}

TEST(ChildProcess, ThatIsNotThereThrows) {
  EXPECT_THROW(ChildProcess({"no-such-program-as-this"}), std::system_error);
}

TEST(ChildProcess, IsWaitedForUntilItAccepts) {
  const std::uint16_t port = free_port();
  ChildProcess child({"python3", "-c", kListen, std::to_string(port)});
  ASSERT_TRUE(child.wait_until_it_accepts(port));
  EXPECT_TRUE(child.running());
  child.kill();
  EXPECT_FALSE(child.running());
  EXPECT_FALSE(accepts(port));
  EXPECT_EQ(child.wait(), 128 + SIGKILL);
}

TEST(ChildProcess, ThatEndsBeforeItAcceptsIsNotWaitedFor) {
  ChildProcess child({"false"});
  EXPECT_FALSE(child.wait_until_it_accepts(free_port()));
  EXPECT_EQ(child.wait(), 1);
}

TEST(ChildProcess, EndsWithItsOwner) {
  const std::uint16_t port = free_port();
  {
    ChildProcess child({"python3", "-c", kListen, std::to_string(port)});
    ASSERT_TRUE(child.wait_until_it_accepts(port));
  }
  EXPECT_FALSE(accepts(port));
}

TEST(TemporaryDirectory, GoesWithWhatIsInIt) {
  std::filesystem::path path;
  {
    const TemporaryDirectory directory;
    path = directory.path();
    std::filesystem::create_directories(path / "deep" / "er");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(OpenDescriptors, AreCounted) {
  const std::size_t before = open_descriptors();
  ASSERT_GT(before, 2U);
  FILE* const file = fopen("/dev/null", "r");
  EXPECT_EQ(open_descriptors(), before + 1);
  fclose(file);
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace zerver::test
