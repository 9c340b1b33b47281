// What a target's arguments become, from a `.flow` file and its environment to the struct of an adapter.
#include "mailer.flow.h"
#include <zerver/effects/systems.h>
#include <zerver/flow/service.h>

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace zerver::effects {
namespace {

class Environment final : public flow::Environment {
 public:
  std::optional<std::string_view> variable(std::string_view name) const override {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  std::optional<std::string_view> secret(std::string_view name) const override { return variable(name); }

  std::map<std::string, std::string, std::less<>> variables;
};

class Mailer final : public System {
 public:
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override { return nullptr; }
};

class ConfigurationTest : public ::testing::Test {
 protected:
  // What both targets were opened with, or what is wrong.
  std::string open() {
    Registry registry;
    registry.add<mail::MailerConfig>(
        {.name = "mail.mailer", .version = "1.2.3", .reaches = "nobody"},
        [this](const flow::TargetInfo& target, const mail::MailerConfig& config) {
          opened.insert_or_assign(std::string(target.name), config);
          pools.insert_or_assign(std::string(target.name), target.pool);
          return Opened{std::make_unique<Mailer>(), {}};
        });
    const flow::PackageInfo* const packages[] = {&mail::package()};
    return systems.open(packages, registry, environment);
  }

  Environment environment;
  Systems systems;
  std::map<std::string, mail::MailerConfig> opened;
  std::map<std::string, std::uint32_t> pools;
};

TEST_F(ConfigurationTest, FillsInDefaults) {
  ASSERT_EQ(open(), "");
  const mail::MailerConfig& plain = opened.at("mail.plain");
  EXPECT_EQ(plain.from, "shop@example.com");
  EXPECT_EQ(plain.retries, 3U);
  EXPECT_EQ(plain.pause, Duration::from_seconds(1));
  EXPECT_EQ(plain.mode, mail::Mode::kFast);
  EXPECT_EQ(plain.ca, std::nullopt);
  EXPECT_TRUE(plain.verify);
  EXPECT_EQ(plain.ratio, 0.5);
  EXPECT_EQ(plain.offset, -5);
  EXPECT_EQ(pools.at("mail.plain"), 0U);
  EXPECT_EQ(pools.at("mail.chosen"), 4U);
  EXPECT_EQ(opened.at("mail.chosen").mode, mail::Mode::kCareful);
  EXPECT_EQ(opened.at("mail.chosen").pause, Duration::from_milliseconds(20));
}

TEST_F(ConfigurationTest, ReadsTheEnvironmentByTheTypesOfTheParameters) {
  environment.variables = {{"MAIL_FROM", "me"},   {"MAIL_RETRIES", "4KiB"}, {"MAIL_PAUSE", "2m"},
                           {"MAIL_MODE", "fast"}, {"MAIL_CA", "ca.pem"},    {"MAIL_VERIFY", "false"}};
  ASSERT_EQ(open(), "");
  const mail::MailerConfig& chosen = opened.at("mail.chosen");
  EXPECT_EQ(chosen.from, "me");
  EXPECT_EQ(chosen.retries, 4096U);
  EXPECT_EQ(chosen.pause, Duration::from_seconds(120));
  EXPECT_EQ(chosen.mode, mail::Mode::kFast);
  EXPECT_EQ(chosen.ca, "ca.pem");
  EXPECT_FALSE(chosen.verify);
}

TEST_F(ConfigurationTest, NamesParameterValueAndForm) {
  environment.variables = {{"MAIL_RETRIES", "-1"}, {"MAIL_PAUSE", "soon"}, {"MAIL_VERIFY", "yes"}};
  EXPECT_EQ(
      open(),
      "target `mail.chosen`: adapter `mail.mailer`: parameter `retries` must be a whole number from 0 to "
      "4294967295, not `-1` (`env.MAIL_RETRIES`); parameter `pause` must be a duration such as `250ms`, "
      "not `soon` (`env.MAIL_PAUSE`); parameter `verify` must be `true` or `false`, not `yes` "
      "(`env.MAIL_VERIFY`)");
  EXPECT_FALSE(opened.contains("mail.chosen"));
}

TEST_F(ConfigurationTest, DoesNotRepeatASecret) {
  environment.variables = {{"MAIL_MODE", "hunter2"}};
  EXPECT_EQ(
      open(),
      "target `mail.chosen`: adapter `mail.mailer`: parameter `mode` must be `fast` or `careful`, which the "
      "value of `secret.MAIL_MODE` is not");
}

TEST(ParseArgument, TakesWhatPeopleWrite) {
  Duration span;
  for (const auto& [text, nanoseconds] : std::map<std::string_view, std::int64_t>{{"250ms", 250'000'000},
                                                                                  {"0s", 0},
                                                                                  {"3us", 3'000},
                                                                                  {"7ns", 7},
                                                                                  {"1h", 3'600'000'000'000},
                                                                                  {"1d", 86'400'000'000'000},
                                                                                  {"PT0.25S", 250'000'000}}) {
    EXPECT_TRUE(flow::parse_argument(text, span)) << text;
    EXPECT_EQ(span.nanoseconds, nanoseconds) << text;
  }
  for (const std::string_view text :
       {"", "250", "ms", "-1s", "1 s", "1s ", "1.5s", "200000000000d", "9223372036854775808ns", "-PT1S"})
    EXPECT_FALSE(flow::parse_argument(text, span)) << text;

  std::uint32_t number = 0;
  EXPECT_TRUE(flow::parse_argument("64KiB", number));
  EXPECT_EQ(number, 65'536U);
  EXPECT_TRUE(flow::parse_argument("3GiB", number));
  for (const std::string_view text : {"", "4GiB", "-1", "1.5", "1kb", "0x10", " 1", "4294967296"})
    EXPECT_FALSE(flow::parse_argument(text, number)) << text;
  std::int32_t small = 0;
  EXPECT_FALSE(flow::parse_argument("2GiB", small));
  EXPECT_TRUE(flow::parse_argument("-2147483648", small));
}

// What the declaration says about operations is there at run time.
TEST(OperationTable, SaysWhatTheDeclarationSays) {
  const flow::TargetInfo& plain = mail::package().targets[0];
  ASSERT_EQ(plain.operations.size(), 2U);
  const flow::OperationInfo& send = plain.operations[mail::MailerAdapter::kSend];
  EXPECT_EQ(send.name, "send");
  EXPECT_EQ(send.access, flow::OperationInfo::Access::kWrite);
  EXPECT_TRUE(send.idempotent);
  EXPECT_FALSE(send.stream);
  EXPECT_TRUE(send.fails.contains(FaultKind::kRejected));
  EXPECT_FALSE(send.fails.contains(FaultKind::kMissing));
  const flow::OperationInfo& inbox = plain.operations[mail::MailerAdapter::kInbox];
  EXPECT_EQ(inbox.access, flow::OperationInfo::Access::kRead);
  EXPECT_TRUE(inbox.stream);
}

}  // namespace
}  // namespace zerver::effects
