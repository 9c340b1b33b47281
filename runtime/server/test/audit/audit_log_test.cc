#include "audit/audit_log.h"

#include "tests/support/child_process.h"
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace zerver::server {
namespace {

constexpr Duration kDay = Duration::from_seconds(24 * 3600);

class AuditLogTest : public ::testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      result.push_back(entry.path().filename().string());
    std::ranges::sort(result);
    return result;
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(folder.path() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  AuditSettings settings(std::size_t segment = 1 << 20, Duration keep = Duration::max()) const {
    return {.folder = folder.path().string(), .segment = segment, .keep = keep};
  }

  test::TemporaryDirectory folder;
  ManualClock clock{Timestamp{1'000'000'000'000'000}};
  testing::MemoryLog log;
  AuditLog audit{clock, log};
};

TEST_F(AuditLogTest, AppendsToAFileThatIsItsOwnersOnly) {
  ASSERT_EQ(audit.open(settings(), "shop"), "");
  audit.append("{\"a\":1}\n", 1);
  audit.append("{\"b\":2}\n{\"c\":3}\n", 2);
  ASSERT_EQ(names(), std::vector<std::string>{"shop-20010909T014640.000000Z.jsonl"});
  EXPECT_EQ(text_of(names()[0]), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
  struct stat status{};
  ASSERT_EQ(::stat((folder.path() / names()[0]).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(AuditLogTest, AFileEndsWhenItIsFullOrADayOld) {
  ASSERT_EQ(audit.open(settings(10), "shop"), "");
  audit.append("123456789\n", 1);
  audit.append("next\n", 1);
  ASSERT_EQ(names().size(), 2U);
  EXPECT_EQ(text_of(names()[1]), "next\n");
  clock.advance(kDay);
  audit.append("tomorrow\n", 1);
  ASSERT_EQ(names().size(), 3U);
  EXPECT_EQ(text_of(names()[2]), "tomorrow\n");
}

TEST_F(AuditLogTest, AFileGoesWhenItsLastRecordIsTooOldAndNotBefore) {
  std::ofstream(folder.path() / "shop-notes.jsonl") << "somebody else's";
  ASSERT_EQ(audit.open(settings(1 << 20, Duration{3 * kDay.nanoseconds}), "shop"), "");
  for (int day = 0; day < 5; ++day) {
    audit.append("day " + std::to_string(day) + "\n", 1);
    clock.advance(kDay);
  }
  audit.append("day 5\n", 1);
  // What was written on day 0 is older than three days; day 1 ended three days ago.
  std::vector<std::string> texts;
  for (const std::string& name : names())
    texts.push_back(text_of(name));
  EXPECT_EQ(texts, (std::vector<std::string>{"day 1\n", "day 2\n", "day 3\n", "day 4\n", "day 5\n",
                                             "somebody else's"}));
}

TEST_F(AuditLogTest, AProcessThatStartsAgainLeavesTheOldFilesAlone) {
  ASSERT_EQ(audit.open(settings(), "shop"), "");
  audit.append("one\n", 1);
  AuditLog other(clock, log);
  ASSERT_EQ(other.open(settings(), "shop"), "");
  other.append("two\n", 1);
  ASSERT_EQ(names().size(), 2U);
  EXPECT_EQ(text_of(names()[0]), "one\n");
  EXPECT_EQ(text_of(names()[1]), "two\n");
}

TEST_F(AuditLogTest, WhatCannotBeWrittenIsCountedAndSaidInTheLogAndInTheRecords) {
  ASSERT_EQ(audit.open(settings(4), "shop"), "");
  audit.append("full\n", 1);
  const std::filesystem::path away = folder.path().string() + ".away";
  std::filesystem::rename(folder.path(), away);
  audit.append("lost\n", 2);
  audit.append("lost, too\n", 3);
  EXPECT_EQ(audit.lost(), 5U);
  EXPECT_EQ(log.lines.size(), 2U) << "once, with the reason";
  std::filesystem::rename(away, folder.path());
  audit.append("again\n", 1);
  ASSERT_EQ(names().size(), 2U);
  EXPECT_EQ(text_of(names()[1]), "{\"kind\":\"lost\",\"count\":5}\nagain\n");
}

TEST_F(AuditLogTest, AFolderThatCannotBeUsedIsAnErrorAtTheStart) {
  std::ofstream(folder.path() / "file") << "not a folder";
  AuditSettings wrong = settings();
  wrong.folder += "/file";
  EXPECT_NE(audit.open(wrong, "shop"), "");
}

}  // namespace
}  // namespace zerver::server
