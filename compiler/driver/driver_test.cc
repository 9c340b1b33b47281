// The program as a function: what it prints and how it ends, on files in memory.

#include "compiler/driver/driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

#include <initializer_list>
#include <string>

namespace zc::driver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr llvm::StringLiteral kEscape = "\x1b[";

class Driver : public ::testing::Test {
 protected:
  Driver() : files_(new llvm::vfs::InMemoryFileSystem) {
    put("/opt/share/zerver/std/zerver.flow", "package zerver;\n");
  }

  void put(llvm::StringRef name, llvm::StringRef text) {
    files_->addFile(name, 0, llvm::MemoryBuffer::getMemBufferCopy(text, name));
  }

  ExitStatus run(std::initializer_list<llvm::StringRef> arguments, bool wants_color = false) {
    out_.clear();
    err_.clear();
    llvm::raw_string_ostream out(out_);
    llvm::raw_string_ostream err(err_);
    return driver::run(llvm::SmallVector<llvm::StringRef>(arguments),
                       {out, err, files_, "/opt/bin", wants_color});
  }

  llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> files_;
  std::string out_;
  std::string err_;
};

TEST_F(Driver, FindsTheStandardLibraryBesideTheProgram) {
  put("/a.flow", "package a;\n");
  EXPECT_EQ(run({"--check", "/a.flow"}), ExitStatus::kClean) << err_;
  EXPECT_EQ(err_, "");
  EXPECT_EQ(run({"--check", "--std-dir=/none", "/a.flow"}), ExitStatus::kEnvironment);
  EXPECT_THAT(err_, HasSubstr("error[missing-standard-library]: the standard library is not in `/none`"));
}

TEST_F(Driver, ErrorsOfTheInputAndOfTheEnvironmentDiffer) {
  put("/bad.flow", "package bad;\nstruct {\n");
  EXPECT_EQ(run({"--check", "/bad.flow"}), ExitStatus::kErrors);
  EXPECT_EQ(run({"--check", "/none.flow"}), ExitStatus::kEnvironment);
  EXPECT_EQ(run({"--check", "/bad.flow", "/none.flow"}), ExitStatus::kEnvironment);
  EXPECT_EQ(run({"--wrong", "/bad.flow"}), ExitStatus::kEnvironment);
}

TEST_F(Driver, PrintsHelpVersionAndExplanations) {
  EXPECT_EQ(run({"--help"}), ExitStatus::kClean);
  EXPECT_THAT(out_, StartsWith("usage: zerver-compile [options] FILE.flow...\n"));
  EXPECT_EQ(run({"--version"}), ExitStatus::kClean);
  EXPECT_THAT(out_, StartsWith("zerver-compile "));
  EXPECT_EQ(run({"--explain=missing-input"}), ExitStatus::kClean);
  EXPECT_THAT(out_, StartsWith("# `missing-input`\n\nerror, driver: "));
  EXPECT_THAT(out_, HasSubstr("\n## Fix\n"));
  EXPECT_EQ(run({"--explain=all"}), ExitStatus::kClean);
  EXPECT_THAT(out_, StartsWith("# Diagnostics\n"));
  EXPECT_THAT(out_, HasSubstr("\n### `missing-input`\n"));
  EXPECT_THAT(out_, HasSubstr("\n#### Fix\n"));
}

TEST_F(Driver, ColorsAreOfTheTerminalUnlessAskedFor) {
  put("/bad.flow", "package bad;\nstruct {\n");
  EXPECT_EQ(run({"--check", "/bad.flow"}, /*wants_color=*/true), ExitStatus::kErrors);
  EXPECT_THAT(err_, HasSubstr(kEscape.str()));
  EXPECT_EQ(run({"--check", "--color=never", "/bad.flow"}, /*wants_color=*/true), ExitStatus::kErrors);
  EXPECT_THAT(err_, Not(HasSubstr(kEscape.str())));
  EXPECT_EQ(run({"--check", "--color=always", "/bad.flow"}), ExitStatus::kErrors);
  EXPECT_THAT(err_, HasSubstr(kEscape.str()));
}

TEST_F(Driver, DumpsGoToTheOutput) {
  put("/a.flow", "package a;\nscalar Id: i64;\n");
  for (const llvm::StringRef dump : {"tokens", "ast", "model"}) {
    EXPECT_EQ(run({"--dump", dump, "/a.flow"}), ExitStatus::kClean);
    EXPECT_THAT(out_, HasSubstr("Id")) << dump.str();
    EXPECT_EQ(err_, "");
  }
}

TEST_F(Driver, TwoFilesWithOneOutputAreRefusedBeforeAnythingIsWritten) {
  put("/a/api.flow", "package one;\n");
  put("/b/api.flow", "package two;\n");
  EXPECT_EQ(run({"/a/api.flow", "/b/api.flow", "-o", "/none"}), ExitStatus::kEnvironment);
  EXPECT_THAT(err_, HasSubstr("error[output-collision]: `/a/api.flow` and `/b/api.flow` would both generate "
                              "`/none/api.flow.h`"));
}

TEST_F(Driver, ReportsInTheFormatThatIsAskedFor) {
  EXPECT_EQ(run({"--diagnostics=json", "/none.flow"}), ExitStatus::kEnvironment);
  EXPECT_THAT(err_, StartsWith("{\"code\":\"unreadable-file\""));
  EXPECT_EQ(run({"--diagnostics=sarif", "/none.flow"}), ExitStatus::kEnvironment);
  EXPECT_THAT(err_, HasSubstr("\"version\": \"2.1.0\""));
  // A wrong command line is reported in the format that it asks for, as far as that is known.
  EXPECT_EQ(run({"--diagnostics=json", "--nonsense"}), ExitStatus::kEnvironment);
  EXPECT_THAT(err_, StartsWith("{\"code\":\"unknown-option\""));
}

}  // namespace
}  // namespace zc::driver
