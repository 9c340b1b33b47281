// The published defaults: what holds, and that the page says so.
#include <zerver/flow/call/defaults.h>
#include <zerver/flow/service.h>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace zerver::flow {
namespace {

std::string page() {
  const std::ifstream file(std::string(ZERVER_SOURCE_DIR) + "/docs/effects.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string tables() {
  std::string policies = "| setting | default | of |\n|---|---|---|\n";
  std::string timeouts = "| adapter | timeout |\n|---|---|\n";
  const auto seconds = [](std::int64_t milliseconds) {
    return std::to_string(milliseconds / 1'000) + " s |\n";
  };
  const auto policy = [&policies](std::string setting, std::string text, std::string meaning) {
    policies +=
        "| `" + setting + "` | " + text + " |" + (meaning.empty() ? " " : " " + meaning + " ") + "|\n";
  };
#define POLICY_DEFAULT(identifier, value, setting, text, meaning) policy(setting, text, meaning);
#define ADAPTER_TIMEOUT(adapter, milliseconds) timeouts += "| `" adapter "` | " + seconds(milliseconds);
#define OTHER_TIMEOUT(milliseconds) timeouts += "| any other | " + seconds(milliseconds);
#include <zerver/flow/call/policy_defaults.def>
#undef POLICY_DEFAULT
#undef ADAPTER_TIMEOUT
#undef OTHER_TIMEOUT
  return policies +
         "\nAn attempt whose policy has no `timeout`, in a flow that has no `deadline`, ends with `timeout` "
         "after\n\n" +
         timeouts;
}

TEST(PolicyDefaults, AreWhatThePageSays) {
  const std::string text = page();
  EXPECT_NE(text.find(tables()), std::string::npos) << tables();
}

TEST(PolicyDefaults, AreThoseOfTargetsAndPolicies) {
  const TargetInfo target{.name = "t", .adapter = "a", .configure = nullptr};
  EXPECT_EQ(target.in_flight, defaults::kInFlight);
  EXPECT_EQ(target.queue, defaults::kQueue);
  EXPECT_EQ(target.pool, defaults::kPool);
  EXPECT_EQ(target.breaker.percent, defaults::kBreakerPercent);
  EXPECT_EQ(target.retry_budget_percent, defaults::kRetryBudget);
  const CallPolicy policy;
  EXPECT_EQ(policy.retries, defaults::kRetries);
  EXPECT_EQ(policy.hedges, defaults::kHedges);
  EXPECT_EQ(policy.backoff_first.nanoseconds, defaults::kBackoff);
}

TEST(PolicyDefaults, HaveATimeoutForEveryAdapter) {
  EXPECT_EQ(defaults::timeout_of("zerver.sql"), Duration::from_seconds(5));
  EXPECT_EQ(defaults::timeout_of("shop.mailer"), Duration::from_seconds(30));
}

}  // namespace
}  // namespace zerver::flow
