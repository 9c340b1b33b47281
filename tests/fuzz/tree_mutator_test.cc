// Mutation by structure, and a first portion of it through the whole compiler.

#include "tests/fuzz/tree_mutator.h"

#include "tests/fuzz/compile_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llvm/Support/DJB.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace zc::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr llvm::StringLiteral kGoldens = ZERVER_SOURCE_DIR "/tests/golden";

constexpr llvm::StringLiteral kText =
    "package a;\nslots { x: i64; y: string; }\nstep s -> x = request.query.x ?? 1;\n"
    "flow f on GET \"/{p}; x\" public { s; when x > 1 { return 204; } return 200 { a: x, b: \"{x}, y\" }; "
    "}\n";

std::vector<std::string> texts(const std::vector<Item>& items, char bracket) {
  std::vector<std::string> result;
  for (const Item& item : items) {
    if (item.bracket == bracket) result.push_back(kText.slice(item.begin, item.end).str());
  }
  return result;
}

TEST(TreeMutator, FindsDeclarationsStatementsAndFields) {
  const std::vector<Item> items = items_of(kText);
  EXPECT_EQ(texts(items, '\0').size(), 4U);
  EXPECT_THAT(texts(items, '{'),
              testing::IsSupersetOf({"x: i64;", "y: string;", "s;", "when x > 1 { return 204; }",
                                     "return 204;", "a: x,", "b: \"{x}, y\""}));
}

TEST(TreeMutator, TheSameSeedMakesTheSameChange) {
  for (unsigned seed = 0; seed != 200; ++seed) {
    std::mt19937 first(seed), second(seed);
    EXPECT_EQ(mutate(kText, first), mutate(kText, second));
  }
}

TEST(TreeMutator, CopesWithTextThatDoesNotParse) {
  for (const llvm::StringRef text : {"", "}", "\"", "flow {", "package", "((((", "\xff\xfe"}) {
    for (unsigned seed = 0; seed != 50; ++seed) {
      std::mt19937 random(seed);
      (void)cross_over(mutate(text, random), kText, random);
    }
  }
}

std::vector<std::string> clean_files() {
  std::vector<std::string> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(kGoldens.str())) {
    if (entry.path().extension() == ".flow" && !entry.path().filename().string().starts_with("fail_"))
      paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The fuzzer has more time; this is what every test run affords.
TEST(CompileRun, SurvivesMutationsOfEveryCleanGolden) {
  const std::vector<std::string> paths = clean_files();
  ASSERT_FALSE(paths.empty());
  for (const std::string& path : paths) {
    // A file's own, so that another file does not change what is tried on this one.
    unsigned seed = llvm::djbHash(llvm::StringRef(path).drop_front(kGoldens.size()));
    auto buffer = llvm::MemoryBuffer::getFile(path);
    ASSERT_TRUE(buffer) << path;
    for (int i = 0; i != 20; ++i) {
      SCOPED_TRACE(path + " with seed " + std::to_string(seed));
      std::mt19937 random(seed++);
      std::string text = (*buffer)->getBuffer().str();
      for (auto changes = 1 + random() % 3; changes != 0; --changes)
        text = mutate(text, random);
      const CompileRun run(text);
      const CompileRun repaired(run.fixed(text));
    }
  }
}

}  // namespace
}  // namespace zc::fuzz
