#include "static_tokens.h"

#include "probe.h"
#include "zerver/auth.flow.h"
#include <zerver/core/random.h>
#include <zerver/flow/worker.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace zerver::effects {
namespace {

class StaticTokens : public ::testing::Test {
 protected:
  std::string open(std::string_view users) {
    flow::TargetConfig config;
    config.set("users", users);
    Opened opened = open_tokens({}, config);
    system = std::move(opened.system);
    if (system != nullptr) adapter = system->adapter(worker);
    return opened.error;
  }
  // The user's id, or the kind of the fault.
  std::string user_of(String token) {
    const auth::TokensAdapter::UserOfArguments arguments{token};
    const Probe<auth::User> probe(worker, *adapter, auth::TokensAdapter::kUserOf, arguments);
    return std::string(probe.reply ? probe.reply->id.view() : name_of(*probe.fault));
  }

  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  flow::Worker worker{{loop, loop.clock(), random, log}};
  std::unique_ptr<System> system;
  std::unique_ptr<flow::Adapter> adapter;
};

TEST_F(StaticTokens, KnowsWhoseATokenIs) {
  ASSERT_EQ(open("alice:t1,bob:t2:with:colons"), "");
  EXPECT_EQ(user_of("t1"), "alice");
  EXPECT_EQ(user_of("t2:with:colons"), "bob");
  EXPECT_EQ(user_of("t3"), "missing");
  EXPECT_EQ(user_of("t"), "missing");
  EXPECT_EQ(user_of(""), "missing");
}

TEST_F(StaticTokens, MayBeEmpty) {
  ASSERT_EQ(open(""), "");
  EXPECT_EQ(user_of(""), "missing");
}

TEST_F(StaticTokens, RefusesWhatIsNoPairAndDoesNotRepeatIt) {
  for (const char* const users : {"alice", "alice:", ":secret", "alice:t1,,bob:t2"})
    EXPECT_EQ(open(users), "its users must be `user:token` pairs with commas between them");
}

TEST_F(StaticTokens, GoesByOtherUsersWhenItIsTold) {
  ASSERT_EQ(open("alice:t1"), "");
  EXPECT_EQ(system->renew("users", "bob:t2"), "");
  EXPECT_EQ(user_of("t1"), "missing");
  EXPECT_EQ(user_of("t2"), "bob");
  EXPECT_NE(system->renew("users", "carol"), "");
  EXPECT_EQ(user_of("t2"), "bob");
}

}  // namespace
}  // namespace zerver::effects
