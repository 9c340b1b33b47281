#include "root.h"

#include "tests/support/child_process.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace zerver::effects::file {
namespace {

// With openat2(2), and as on a kernel without.
class RootTest : public ::testing::TestWithParam<bool> {
 protected:
  RootTest() {
    std::filesystem::create_directory(folder());
    std::ofstream(outside() / "secret") << "hidden";
    if (GetParam()) root.use_fallback();
    EXPECT_EQ(root.open(folder().string()), "");
  }
  std::filesystem::path outside() const { return directory.path(); }
  std::filesystem::path folder() const { return directory.path() / "root"; }
  std::string text_of(const std::filesystem::path& path) const {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  FaultKind kind_of(const Problem& problem) const { return problem ? problem->kind : FaultKind::kInternal; }

  test::TemporaryDirectory directory;
  Root root{1000};
  std::string content;
};
INSTANTIATE_TEST_SUITE_P(Kernels, RootTest, ::testing::Bool());

TEST_P(RootTest, WritesAndReads) {
  EXPECT_FALSE(root.write("a/b/c.txt", "first"));
  EXPECT_FALSE(root.write("a/b/c.txt", "second"));
  EXPECT_FALSE(root.read("a/b/c.txt", content));
  EXPECT_EQ(content, "second");
  EXPECT_FALSE(root.read("./a//b/./c.txt", content));
  std::int64_t bytes = 0;
  EXPECT_FALSE(root.size("a/b/c.txt", bytes));
  EXPECT_EQ(bytes, 6);
  EXPECT_FALSE(root.write("empty", ""));
  EXPECT_FALSE(root.read("empty", content));
  EXPECT_EQ(content, "");
  std::vector<std::string> names;
  EXPECT_FALSE(root.list("", names));
  EXPECT_EQ(names, (std::vector<std::string>{"a/", "empty"}));
  names.clear();
  EXPECT_FALSE(root.list("a/b", names));
  EXPECT_EQ(names, (std::vector<std::string>{"c.txt"}));
  EXPECT_FALSE(root.remove("a/b/c.txt"));
  EXPECT_EQ(kind_of(root.read("a/b/c.txt", content)), FaultKind::kMissing);
  EXPECT_EQ(kind_of(root.remove("a/b/c.txt")), FaultKind::kMissing);
  bool is_there = true;
  EXPECT_FALSE(root.exists("a/b/c.txt", is_there));
  EXPECT_FALSE(is_there);
}

TEST_P(RootTest, LetsNoPathOut) {
  std::filesystem::create_directory(folder() / "inside");
  std::filesystem::create_symlink("../secret", folder() / "link");
  std::filesystem::create_symlink(outside() / "secret", folder() / "absolute");
  std::filesystem::create_directory_symlink("..", folder() / "up");
  std::filesystem::create_directory_symlink("/", folder() / "slash");
  const std::string null_byte("inside\0/../../secret", 20);
  for (const std::string& path :
       {std::string("../secret"), std::string("inside/../../secret"), std::string("./../secret"),
        (outside() / "secret").string(), std::string("/etc/passwd"), std::string("//etc/passwd"),
        std::string("link"), std::string("absolute"), std::string("up/secret"),
        std::string("slash/etc/passwd"), std::string("inside/.."), std::string(".."), null_byte,
        std::string("inside/%2e%2e/../secret"), std::string("/proc/self/root/etc/passwd")}) {
    content.clear();
    EXPECT_EQ(kind_of(root.read(path, content)), FaultKind::kMissing) << path;
    EXPECT_EQ(content, "") << path;
    bool is_there = true;
    EXPECT_FALSE(root.exists(path, is_there)) << path;
    EXPECT_FALSE(is_there) << path;
  }
  for (const std::string& path :
       {std::string("../made"), std::string("up/made"), (outside() / "made").string(),
        std::string("up/folder/made"), std::string("slash/tmp/made"), std::string(""), std::string("."),
        std::string("inside/.."), std::string("made/"), std::string("made/.")}) {
    EXPECT_EQ(kind_of(root.write(path, "x")), FaultKind::kRejected) << path;
    EXPECT_EQ(kind_of(root.remove(path)), FaultKind::kMissing) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(outside() / "made"));
  EXPECT_FALSE(std::filesystem::exists(outside() / "folder"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "made"));
  EXPECT_EQ(text_of(outside() / "secret"), "hidden");
  // What is written under the name of a link takes its place.
  EXPECT_FALSE(root.write("link", "mine"));
  EXPECT_EQ(text_of(outside() / "secret"), "hidden");
  EXPECT_EQ(text_of(folder() / "link"), "mine");
}

TEST_P(RootTest, ReadsFilesOnly) {
  std::filesystem::create_directory(folder() / "inside");
  ASSERT_EQ(mkfifo((folder() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(kind_of(root.read("inside", content)), FaultKind::kMissing);
  EXPECT_EQ(kind_of(root.read("pipe", content)), FaultKind::kMissing);
  EXPECT_EQ(kind_of(root.write("inside", "x")), FaultKind::kRejected);
  EXPECT_EQ(kind_of(root.remove("inside")), FaultKind::kMissing);
}

TEST_P(RootTest, BoundsWhatItReadsAndWrites) {
  EXPECT_EQ(kind_of(root.write("large", std::string(1001, 'x'))), FaultKind::kRejected);
  EXPECT_FALSE(std::filesystem::exists(folder() / "large"));
  std::ofstream(folder() / "large") << std::string(1001, 'x');
  const Problem problem = root.read("large", content);
  EXPECT_EQ(kind_of(problem), FaultKind::kUnavailable);
  EXPECT_EQ(problem->why, "the file is larger than `most`");
}

// Whoever reads sees one of the contents that were written, and nothing is left behind.
TEST_P(RootTest, ReplacesWhole) {
  ASSERT_FALSE(root.write("file", std::string(900, 'a')));
  std::vector<std::thread> writers;
  for (const char letter : {'b', 'c'}) {
    writers.emplace_back([this, letter] {
      for (int i = 0; i < 30; ++i)
        EXPECT_FALSE(root.write("file", std::string(900, letter)));
    });
  }
  for (int i = 0; i < 200; ++i) {
    std::string seen;
    EXPECT_FALSE(root.read("file", seen));
    EXPECT_EQ(seen, std::string(900, seen.empty() ? '?' : seen[0]));
  }
  for (std::thread& writer : writers)
    writer.join();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder()))
    files += entry.is_regular_file() ? 1U : 0U;
  EXPECT_EQ(files, 1U);
}

TEST_P(RootTest, TellsThatItIsGone) {
  EXPECT_FALSE(root.check());
  std::filesystem::remove_all(folder());
  EXPECT_TRUE(root.check());
}

}  // namespace
}  // namespace zerver::effects::file
