// The adapter `queue`, over the stores.

#include "zerver.flow.h"
#include <zerver/effects/registry.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects::queue {
namespace {

using testing::AdapterHarness;
using testing::HarnessOptions;

constexpr Duration kLease = Duration::from_seconds(30);

const Registry& standard_registry() {
  static const auto registry = [] {
    Registry filled;
    add_standard_adapters(filled);
    return filled;
  }();
  return registry;
}

class Queue : public ::testing::Test {
 protected:
  static String text(std::string_view view) { return String::borrowed(view); }

  QueueAdapter::PushArguments message(std::string_view json, std::string_view unique = {}) {
    QueueAdapter::PushArguments arguments;
    arguments.topic = text("letters");
    arguments.message = Json::borrowed(json);
    arguments.priority = text("normal");
    arguments.unique = text(unique);
    return arguments;
  }
  std::string claim() {
    QueueAdapter::ClaimArguments arguments;
    arguments.topic = text("letters");
    arguments.most = 1;
    arguments.lease = kLease;
    const auto claimed = queue.perform(arguments);
    EXPECT_TRUE(claimed->ok()) << claimed->why();
    return claimed->value();
  }
  // Of what was claimed.
  static std::string receipt_of(const std::string& claimed) {
    const std::size_t begin = claimed.find("letters:");
    return begin == std::string::npos ? "" : claimed.substr(begin, claimed.find('"', begin) - begin);
  }
  static HarnessOptions options() {
    HarnessOptions made;
    made.arguments = {{"url", "memory:"}};
    return made;
  }

  AdapterHarness queue{standard_registry(), "zerver.queue", options()};
};

TEST_F(Queue, GivesMessagesAndForgetsThemWhenTheyAreDone) {
  ASSERT_EQ(queue.error(), "");
  const auto pushed = queue.perform(message(R"({"to":"anna"})"));
  ASSERT_TRUE(pushed->ok()) << pushed->why();
  EXPECT_TRUE(pushed->value());
  const std::string claimed = claim();
  const std::string receipt = receipt_of(claimed);
  EXPECT_EQ(claimed, R"([{"receipt":")" + receipt + R"(","attempts":1,"message":{"to":"anna"}}])");
  EXPECT_EQ(claim(), "[]");
  EXPECT_TRUE(queue.perform(QueueAdapter::ExtendArguments{text(receipt), kLease})->ok());
  EXPECT_TRUE(queue.perform(QueueAdapter::AckArguments{text(receipt)})->ok());
  const auto late = queue.perform(QueueAdapter::AckArguments{text(receipt)});
  EXPECT_EQ(late->fault(), FaultKind::kMissing);
}

TEST_F(Queue, GivesAMessageAgainThatWasGivenBack) {
  EXPECT_TRUE(queue.perform(message("1"))->ok());
  EXPECT_TRUE(queue.perform(QueueAdapter::NackArguments{text(receipt_of(claim())), Duration{}})->ok());
  EXPECT_NE(claim().find(R"("attempts":2,"message":1)"), std::string::npos);
}

TEST_F(Queue, BuriesWhatNobodyIsToTryAgain) {
  EXPECT_TRUE(queue.perform(message("1"))->ok());
  EXPECT_TRUE(
      queue.perform(QueueAdapter::BuryArguments{text(receipt_of(claim())), text("unreadable")})->ok());
  EXPECT_EQ(claim(), "[]");
}

TEST_F(Queue, KnowsOneMessageByItsUniqueText) {
  EXPECT_TRUE(queue.perform(message("1", "a"))->value());
  const auto again = queue.perform(message("2", "a"));
  EXPECT_TRUE(again->ok());
  EXPECT_FALSE(again->value());
  const auto depth = queue.perform(QueueAdapter::DepthArguments{text("letters")});
  EXPECT_EQ(depth->value(), 1);
}

TEST_F(Queue, RefusesWhatItDoesNotUnderstand) {
  QueueAdapter::PushArguments wrong = message("1");
  wrong.topic = text("a/b");
  EXPECT_EQ(queue.perform(wrong)->fault(), FaultKind::kRejected);
  wrong = message("1");
  wrong.priority = text("soon");
  EXPECT_EQ(queue.perform(wrong)->fault(), FaultKind::kRejected);
  for (const char* receipt : {"", "letters", "letters:1", "letters:x:1", "letters:1:x", ":1:1", "a/b:1:1",
                              "letters:1:99999999999999999999"})
    EXPECT_EQ(queue.perform(QueueAdapter::AckArguments{text(receipt)})->fault(), FaultKind::kMissing)
        << receipt;
}

TEST(QueueTarget, SaysWhatIsWrongWithItsUrlWithoutRepeatingIt) {
  HarnessOptions options;
  options.arguments = {{"url", "carrier-pigeon://user:secret@loft"}};
  const AdapterHarness queue(standard_registry(), "zerver.queue", options);
  EXPECT_NE(queue.error().find("the URL of a queue begins with"), std::string::npos) << queue.error();
  EXPECT_EQ(queue.error().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace zerver::effects::queue
