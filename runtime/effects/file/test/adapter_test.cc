#include "tests/support/child_process.h"
#include "zerver.flow.h"
#include <zerver/effects/file/open_file.h>
#include <zerver/flow/stream/source.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {
namespace {

using testing::AdapterHarness;
using testing::HarnessOptions;

class FileTest : public ::testing::TestWithParam<bool> {
 protected:
  FileTest() {
    registry.add({.name = "zerver.file", .version = "1.0.0", .reaches = {}}, open_file());
    harness.emplace(registry, "zerver.file",
                    HarnessOptions{.arguments = {{"root", directory.path().string()}},
                                   .limits = {.inline_effects = GetParam()}});
  }
  static String text(std::string_view view) { return String::borrowed(view); }

  test::TemporaryDirectory directory;
  Registry registry;
  std::optional<AdapterHarness> harness;
};
INSTANTIATE_TEST_SUITE_P(Threads, FileTest, ::testing::Bool());

TEST_P(FileTest, PerformsEveryOperation) {
  ASSERT_EQ(harness->error(), "");
  const std::string binary("a\0b\xff", 4);
  EXPECT_TRUE(
      harness
          ->perform(FileAdapter::WriteArguments{.path = text("x/file"), .content = Bytes::borrowed(binary)})
          ->ok());
  const auto read = harness->perform(FileAdapter::ReadArguments{.path = text("x/file")});
  ASSERT_TRUE(read->ok()) << read->why();
  EXPECT_EQ(read->value().view(), binary);
  EXPECT_TRUE(harness->perform(FileAdapter::ExistsArguments{.path = text("x/file")})->value());
  EXPECT_EQ(harness->perform(FileAdapter::SizeArguments{.path = text("x/file")})->value(), 4);
  const auto list = harness->perform(FileAdapter::ListArguments{.path = text("")});
  ASSERT_TRUE(list->ok());
  ASSERT_EQ(list->value().size(), 1U);
  EXPECT_EQ(list->value()[0], "x/");
  EXPECT_TRUE(harness->perform(FileAdapter::RemoveArguments{.path = text("x/file")})->ok());
  const auto gone = harness->perform(FileAdapter::ReadArguments{.path = text("x/file")});
  EXPECT_EQ(gone->fault(), FaultKind::kMissing);
  EXPECT_EQ(gone->why(), "No such file or directory");
  EXPECT_FALSE(harness->perform(FileAdapter::ExistsArguments{.path = text("x/file")})->value());
}

TEST_P(FileTest, RefusesToLeaveTheFolder) {
  EXPECT_EQ(harness
                ->perform(FileAdapter::WriteArguments{.path = text("../zerver_escaped"),
                                                      .content = Bytes::borrowed("x")})
                ->fault(),
            FaultKind::kRejected);
  EXPECT_EQ(harness->perform(FileAdapter::ReadArguments{.path = text("/etc/passwd")})->fault(),
            FaultKind::kMissing);
}

// Keeps what comes.
class Content final : public flow::Source::Reader {
 public:
  void on_part(const void* part) noexcept override {
    text += *static_cast<const std::string_view*>(part);
    ++parts;
  }
  void on_end() noexcept override { ended = true; }
  void on_failure(const Fault& fault) noexcept override { why = std::string(fault.why.view()); }

  std::string text, why;
  std::size_t parts = 0;
  bool ended = false;
};

TEST_P(FileTest, OpensAFileForWhoeverSendsIt) {
  const std::string content(200'000, 'x');
  ASSERT_TRUE(harness
                  ->perform(FileAdapter::WriteArguments{.path = text("a/page.HTML"),
                                                        .content = Bytes::borrowed(content)})
                  ->ok());
  const auto opened = harness->perform(FileAdapter::OpenArguments{.path = text("a/page.HTML")});
  ASSERT_TRUE(opened->ok()) << opened->why();
  flow::Source& source = *opened->value();
  const flow::BodyInfo info = source.info();
  EXPECT_EQ(info.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(info.file.size, content.size());
  EXPECT_GE(info.file.descriptor, 0);
  EXPECT_GT(info.file.modified, 1'500'000'000);
  EXPECT_TRUE(info.file.entity_tag.starts_with('"') && info.file.entity_tag.ends_with('"'));
  Content read;
  while (!read.ended && read.why.empty())
    source.next(read);
  EXPECT_EQ(read.why, "");
  EXPECT_EQ(read.text, content);
  EXPECT_GT(read.parts, 1U);
  source.close();
}

TEST_P(FileTest, OpensNothingElse) {
  std::filesystem::create_directories(directory.path() / "folder");
  for (const std::string_view path : {"missing", "folder", "../etc/passwd", "/etc/passwd"})
    EXPECT_EQ(harness->perform(FileAdapter::OpenArguments{.path = text(path)})->fault(), FaultKind::kMissing)
        << path;
}

TEST_P(FileTest, WhatIsOpenedForNobodyIsClosed) {
  ASSERT_TRUE(
      harness->perform(FileAdapter::WriteArguments{.path = text("file"), .content = Bytes::borrowed("x")})
          ->ok());
  const std::size_t before = test::open_descriptors();
  for (int i = 0; i < 50; ++i) {
    const auto opened = harness->start(FileAdapter::OpenArguments{.path = text("file")});
    if (opened->ended()) {
      opened->value()->close();
    } else {
      opened->cancel();
    }
  }
  // Behind those that were under way.
  ASSERT_TRUE(harness->perform(FileAdapter::ExistsArguments{.path = text("file")})->ok());
  EXPECT_TRUE(harness->run_until([&] { return test::open_descriptors() <= before; }));
}

TEST_P(FileTest, SaysWhereItGoesAndHowItIs) {
  EXPECT_EQ(harness->system().describe(), directory.path().string());
  EXPECT_EQ(harness->probe().state, Health::State::kUp);
  std::filesystem::remove_all(directory.path());
  EXPECT_EQ(harness->probe().state, Health::State::kDown);
}

TEST_P(FileTest, GoesOnBehindCancelledOperations) {
  std::vector<std::unique_ptr<testing::Performed<FileAdapter::WriteArguments>>> writes;
  for (int i = 0; i < 50; ++i) {
    writes.push_back(harness->start(
        FileAdapter::WriteArguments{.path = text("file"), .content = Bytes::borrowed("content")}));
    if (i % 2 == 0) writes.back()->cancel();
  }
  EXPECT_TRUE(harness->run_until(
      [&] { return std::ranges::all_of(writes, [](const auto& write) { return write->ended(); }); }));
  EXPECT_TRUE(writes.back()->ok());
}

TEST(FileOpen, NamesTheFolderThatIsNotThere) {
  Registry registry;
  registry.add({.name = "zerver.file", .version = {}, .reaches = {}}, open_file());
  EXPECT_EQ(AdapterHarness(registry, "zerver.file", {.arguments = {{"root", "/no/such/folder"}}}).error(),
            "folder `/no/such/folder`: No such file or directory");
  EXPECT_EQ(AdapterHarness(registry, "zerver.file", {.arguments = {}}).error(),
            "parameter `root` is missing");
}

TEST(FileOpen, HasFromOneTo1024Threads) {
  const test::TemporaryDirectory directory;
  Registry registry;
  registry.add({.name = "zerver.file", .version = {}, .reaches = {}}, open_file());
  const auto error_with = [&](const std::string& threads) {
    return AdapterHarness(registry, "zerver.file",
                          {.arguments = {{"root", directory.path().string()}, {"threads", threads}}})
        .error();
  };
  EXPECT_EQ(error_with("0"), "parameter `threads` must be from 1 to 1024");
  EXPECT_EQ(error_with("1"), "");
  EXPECT_EQ(error_with("1024"), "");
  EXPECT_EQ(error_with("1025"), "parameter `threads` must be from 1 to 1024");
}

TEST(FileOpen, MakesNoMoreThreadsThanItIsTold) {
  const test::TemporaryDirectory directory;
  Registry registry;
  registry.add({.name = "zerver.file", .version = {}, .reaches = {}}, open_file());
  AdapterHarness harness(registry, "zerver.file",
                         {.arguments = {{"root", directory.path().string()}, {"threads", "3"}}});
  ASSERT_EQ(harness.error(), "");
  std::vector<std::unique_ptr<testing::Performed<FileAdapter::WriteArguments>>> writes;
  std::uint32_t most = 0;
  for (int i = 0; i < 200; ++i) {
    writes.push_back(harness.start(FileAdapter::WriteArguments{.path = String::borrowed("file"),
                                                               .content = Bytes::borrowed("content")}));
    most = std::max(most, harness.system().pool()->open);
  }
  EXPECT_TRUE(harness.run_until(
      [&] { return std::ranges::all_of(writes, [](const auto& write) { return write->ok(); }); }));
  EXPECT_GE(most, 1U);
  EXPECT_LE(most, 3U);
  EXPECT_EQ(harness.system().pool()->most, 3U);
}

}  // namespace
}  // namespace zerver::effects
