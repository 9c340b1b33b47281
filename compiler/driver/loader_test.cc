// Which files take part, on a file system in memory.

#include "compiler/driver/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/VirtualFileSystem.h>

#include <string>
#include <vector>

namespace zc::driver {
namespace {

using diagnostics::Kind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

class LoaderTest : public ::testing::Test {
 protected:
  LoaderTest() : files_(new llvm::vfs::InMemoryFileSystem) {
    put("/std/zerver.flow", "package zerver;\n");
    put("/std/zerver/auth.flow", "package zerver.auth;\n");
  }

  void put(llvm::StringRef name, llvm::StringRef text) {
    files_->addFile(name, 0, llvm::MemoryBuffer::getMemBufferCopy(text, name));
  }

  LoadResult load(std::vector<std::string> inputs, std::vector<std::string> import_dirs = {},
                  unsigned jobs = 2) {
    SourceManager sources(files_);
    diagnostics::DiagnosticEngine engine(sources);
    PhaseTimer timer;
    LoadResult result = driver::load(inputs, {std::move(import_dirs), "/std"}, jobs, sources, engine, timer);
    report_ = engine.finish();
    return result;
  }

  static std::vector<std::string> paths(const LoadResult& result) {
    std::vector<std::string> paths;
    for (const check::LoadedFile& file : result.files)
      paths.push_back(file.path);
    return paths;
  }

  llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> files_;
  diagnostics::Report report_;
};

TEST_F(LoaderTest, ThePreludeComesFirst) {
  put("/a.flow", "package a;\n");
  const LoadResult result = load({"/a.flow"});
  EXPECT_THAT(paths(result), ElementsAre("/std/zerver.flow", "/a.flow"));
  EXPECT_TRUE(result.files[0].is_prelude);
  EXPECT_FALSE(result.files[0].is_root);
  EXPECT_TRUE(result.files[1].is_root);
  EXPECT_FALSE(result.environment_failed);
}

TEST_F(LoaderTest, FindsTheSchemaFromTheFileThatNamesIt) {
  put("/x/a.flow", "package a;\nschema \"sql/a.sql\";\n");
  put("/x/sql/a.sql", "create table t (a);\n");
  const LoadResult result = load({"/x/a.flow"});
  EXPECT_THAT(report_.diagnostics, IsEmpty());
  EXPECT_EQ(result.files[1].schema_path, "/x/sql/a.sql");
}

TEST_F(LoaderTest, ReportsASchemaThatIsNotThere) {
  put("/a.flow", "package a;\nschema \"a.sql\";\n");
  const LoadResult result = load({"/a.flow"});
  ASSERT_EQ(report_.diagnostics.size(), 1U);
  EXPECT_EQ(report_.diagnostics[0].kind, Kind::kUnreadableFile);
  EXPECT_EQ(result.files[1].schema_path, "");
  EXPECT_FALSE(result.environment_failed);
}

TEST_F(LoaderTest, FollowsImportsThroughTheSearchPath) {
  put("/a.flow", "package a;\nimport b.c;\nimport zerver.auth;\n");
  put("/two/b/c.flow", "package b.c;\nimport d;\n");
  put("/two/d.flow", "package d;\n");
  put("/one/other.flow", "package other;\n");
  const LoadResult result = load({"/a.flow"}, {"/one", "/two"});
  EXPECT_THAT(report_.diagnostics, IsEmpty());
  EXPECT_THAT(paths(result), ElementsAre("/std/zerver.flow", "/a.flow", "/two/b/c.flow",
                                         "/std/zerver/auth.flow", "/two/d.flow"));
  EXPECT_THAT(result.files[1].imports, ElementsAre(Optional(2U), Optional(3U)));
  EXPECT_THAT(result.files[2].imports, ElementsAre(Optional(4U)));
  EXPECT_EQ(result.files[2].output_path, "b/c");
  EXPECT_EQ(result.files[3].output_path, "zerver/auth");
}

TEST_F(LoaderTest, TheFirstFolderOfTheSearchPathWins) {
  put("/a.flow", "package a;\nimport b;\n");
  put("/one/b.flow", "package b;\n");
  put("/two/b.flow", "package b;\n");
  EXPECT_EQ(load({"/a.flow"}, {"/two", "/one"}).files[2].path, "/two/b.flow");
}

TEST_F(LoaderTest, AFileIsLoadedOnceByWhateverName) {
  put("/dir/a.flow", "package a;\nimport b;\n");
  put("/dir/b.flow", "package b;\nimport a;\n");
  const LoadResult result = load({"/dir/a.flow", "/dir/../dir/a.flow", "/dir/b.flow"}, {"/dir"});
  EXPECT_THAT(paths(result), ElementsAre("/std/zerver.flow", "/dir/a.flow", "/dir/b.flow"));
  EXPECT_THAT(result.files[2].imports, ElementsAre(Optional(1U)));
}

TEST_F(LoaderTest, ThePreludeMayBeARootFile) {
  const LoadResult result = load({"/std/zerver.flow"});
  ASSERT_THAT(paths(result), ElementsAre("/std/zerver.flow"));
  EXPECT_TRUE(result.files[0].is_prelude);
  EXPECT_TRUE(result.files[0].is_root);
  EXPECT_EQ(result.files[0].output_path, "zerver");
}

TEST_F(LoaderTest, AMissingImportSaysWhereItWasLookedFor) {
  put("/dir/a.flow", "package a;\nimport b;\n");
  put("/dir/b.flow", "package b;\n");
  const LoadResult result = load({"/dir/a.flow"}, {"/one"});
  ASSERT_EQ(report_.diagnostics.size(), 1U);
  const diagnostics::Diagnostic& diagnostic = report_.diagnostics.front();
  EXPECT_EQ(diagnostic.kind, Kind::kUnknownImport);
  EXPECT_EQ(diagnostic.span.begin, 18U);
  EXPECT_THAT(diagnostic.notes, ElementsAre("looked in `/one`", "looked in the standard library"));
  EXPECT_THAT(diagnostic.helps, ElementsAre("the file is beside this one: add `-I /dir`"));
  EXPECT_THAT(result.files[1].imports, ElementsAre(std::nullopt));
  EXPECT_FALSE(result.environment_failed);
}

TEST_F(LoaderTest, AnUnreadableFileIsAMatterOfTheEnvironment) {
  put("/folder/x", "");
  const LoadResult result = load({"/nowhere.flow", "/folder"});
  EXPECT_TRUE(result.environment_failed);
  ASSERT_EQ(report_.diagnostics.size(), 2U);
  EXPECT_EQ(report_.diagnostics[0].message, "cannot read /nowhere.flow: No such file or directory");
  EXPECT_EQ(report_.diagnostics[1].message, "cannot read /folder: is a directory");
}

TEST_F(LoaderTest, AMissingStandardLibraryIsAMatterOfTheEnvironment) {
  SourceManager sources(files_);
  diagnostics::DiagnosticEngine engine(sources);
  PhaseTimer timer;
  EXPECT_TRUE(driver::load({}, {{}, "/elsewhere"}, 1, sources, engine, timer).environment_failed);
  EXPECT_EQ(engine.finish().diagnostics.front().kind, Kind::kMissingStandardLibrary);
}

TEST_F(LoaderTest, WhatIsReportedDoesNotDependOnTheNumberOfThreads) {
  std::vector<std::string> inputs;
  for (int i = 0; i != 20; ++i) {
    inputs.push_back("/f" + std::to_string(i) + ".flow");
    put(inputs.back(), "package p" + std::to_string(i) + ";\n struct ;\n flow {\n");
  }
  load(inputs, {}, 1);
  const std::vector<diagnostics::Diagnostic> serial = report_.diagnostics;
  EXPECT_FALSE(serial.empty());
  load(inputs, {}, 4);
  EXPECT_EQ(report_.diagnostics, serial);
}

TEST(OutputPath, IsThePathBelowAnImportFolderElseTheName) {
  EXPECT_EQ(output_path("/src/shop/cart.flow", {}), "cart");
  EXPECT_EQ(output_path("/src/shop/cart.flow", {"/src"}), "shop/cart");
  EXPECT_EQ(output_path("/src/shop/cart.flow", {"/other", "/src/shop", "/src"}), "cart");
  EXPECT_EQ(output_path("/src/./x/../shop/cart.flow", {"/src/"}), "shop/cart");
  EXPECT_EQ(output_path("/source/cart.flow", {"/sou"}), "cart");
  EXPECT_EQ(output_path("/cart.flow", {"/"}), "cart");
  EXPECT_EQ(output_path("sub/cart.flow", {"."}), "sub/cart");
  EXPECT_EQ(output_path("/src/cart", {}), "cart");
}

}  // namespace
}  // namespace zc::driver
