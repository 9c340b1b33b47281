// Files on a real disk: what is touched, what is left when something goes wrong.

#include "compiler/driver/output/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/ADT/SmallString.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/Path.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <string>
#include <unistd.h>
#include <vector>

namespace zc::driver {
namespace {

namespace fs = llvm::sys::fs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Writer : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_FALSE(fs::createUniqueDirectory("zerver_writer_test", folder_)); }
  void TearDown() override { fs::remove_directories(folder_); }

  [[nodiscard]] std::string path(llvm::StringRef name) const {
    llvm::SmallString<128> path = folder_;
    llvm::sys::path::append(path, name);
    return path.str().str();
  }

  [[nodiscard]] std::string read(llvm::StringRef name) const {
    const auto buffer = llvm::MemoryBuffer::getFile(path(name));
    return buffer ? (*buffer)->getBuffer().str() : "<missing>";
  }

  void put(llvm::StringRef name, llvm::StringRef text) const {
    std::error_code code;
    llvm::raw_fd_ostream(path(name), code) << text;
    ASSERT_FALSE(code) << code.message();
  }

  // Every file and folder below the test's folder, in order.
  [[nodiscard]] std::vector<std::string> listing() const {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::recursive_directory_iterator entry(folder_, code), end; !code && entry != end;
         entry.increment(code)) {
      names.push_back(entry->path().substr(folder_.size() + 1));
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  llvm::SmallString<128> folder_;
};

TEST_F(Writer, MakesFilesAndTheirFolders) {
  auto summary = write_outputs({{path("a/b/one"), "1"}, {path("two"), "2"}});
  ASSERT_TRUE(static_cast<bool>(summary));
  EXPECT_EQ(summary->written, 2U);
  EXPECT_EQ(read("a/b/one"), "1");
  EXPECT_EQ(read("two"), "2");
  EXPECT_THAT(listing(), ElementsAre("a", "a/b", "a/b/one", "two"));
}

TEST_F(Writer, LeavesAnUnchangedFileUntouched) {
  put("same", "text");
  put("other", "text");
  fs::file_status before;
  ASSERT_FALSE(fs::status(path("same"), before));
  auto summary = write_outputs({{path("same"), "text"}, {path("other"), "TEXT"}});
  ASSERT_TRUE(static_cast<bool>(summary));
  EXPECT_EQ(summary->written, 1U);
  EXPECT_EQ(summary->unchanged, 1U);
  fs::file_status after;
  ASSERT_FALSE(fs::status(path("same"), after));
  EXPECT_EQ(before.getUniqueID(), after.getUniqueID());  // a renamed file would be another one
  EXPECT_EQ(read("other"), "TEXT");
}

TEST_F(Writer, WritesThroughASymbolicLink) {
  put("real", "old");
  ASSERT_FALSE(fs::create_link("real", path("link")));
  ASSERT_TRUE(static_cast<bool>(write_outputs({{path("link"), "new"}})));
  EXPECT_EQ(read("real"), "new");
  EXPECT_TRUE(fs::is_symlink_file(path("link")));
}

TEST_F(Writer, WritesADeviceInPlace) {
  auto summary = write_outputs({{"/dev/null", "gone"}});
  ASSERT_TRUE(static_cast<bool>(summary));
  EXPECT_FALSE(fs::is_regular_file("/dev/null"));
}

TEST_F(Writer, AFullDiskNamesThePathAndLeavesNothing) {
  auto summary = write_outputs({{path("new/one"), "1"}, {"/dev/full", "2"}});
  ASSERT_FALSE(static_cast<bool>(summary));
  EXPECT_EQ(llvm::toString(summary.takeError()), "/dev/full: No space left on device");
  EXPECT_THAT(listing(), IsEmpty());
}

TEST_F(Writer, AFolderInTheWayLeavesTheOtherFilesAsTheyWere) {
  put("first", "old");
  ASSERT_FALSE(fs::create_directory(path("second")));
  auto summary = write_outputs({{path("first"), "new"}, {path("second"), "text"}});
  ASSERT_FALSE(static_cast<bool>(summary));
  EXPECT_EQ(llvm::toString(summary.takeError()), path("second") + ": Is a directory");
  EXPECT_EQ(read("first"), "old");
  EXPECT_THAT(listing(), ElementsAre("first", "second"));
}

TEST_F(Writer, AFileInPlaceOfAFolderIsNotRemoved) {
  put("file", "precious");
  auto summary = write_outputs({{path("file/inside"), "text"}});
  ASSERT_FALSE(static_cast<bool>(summary));
  EXPECT_EQ(llvm::toString(summary.takeError()), path("file/inside") + ": Not a directory");
  EXPECT_EQ(read("file"), "precious");
}

}  // namespace
}  // namespace zc::driver
