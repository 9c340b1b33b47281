#include "store.flow.h"
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

namespace zerver::testing {
namespace {

// Answers when the test says so.
class Slow final : public store::StoreAdapter {
 public:
  void get(const GetArguments&, flow::JsonReply reply) override { waiting = reply; }
  void set(const SetArguments& arguments, flow::Reply<void> reply) override {
    last = arguments.key;
    reply.succeed();
  }
  void set_for(const SetForArguments&, flow::Reply<void> reply) override {
    reply.fail({FaultKind::kUnavailable, "nobody is there", {}});
  }
  void cancel(flow::Operation&) noexcept override {
    waiting.reset();
    ++cancelled;
  }

  std::optional<flow::JsonReply> waiting;
  std::string last;
  int cancelled = 0;
};

class SlowSystem final : public effects::System {
 public:
  explicit SlowSystem(std::string where) : where_(std::move(where)) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override { return std::make_unique<Slow>(); }
  std::string describe() const override { return where_; }

 private:
  std::string where_;
};

effects::Registry registry() {
  effects::Registry filled;
  filled.add("store.store", [](const flow::TargetInfo& info, const flow::TargetConfig& config) {
    const auto url = config.get("url");
    if (!url) return effects::Opened{nullptr, "it has no url"};
    return effects::Opened{std::make_unique<SlowSystem>(std::string(info.name) + " at " + std::string(*url)),
                           {}};
  });
  return filled;
}

class AdapterHarnessTest : public ::testing::TestWithParam<HarnessOptions::Time> {
 protected:
  AdapterHarness harness{registry(), "store.store", {.time = GetParam(), .arguments = {{"url", "there"}}}};
  Slow& slow() { return static_cast<Slow&>(harness.adapter()); }
};
INSTANTIATE_TEST_SUITE_P(Times, AdapterHarnessTest,
                         ::testing::Values(HarnessOptions::Time::kReal, HarnessOptions::Time::kSimulated));

TEST_P(AdapterHarnessTest, OpensWithTheArguments) {
  ASSERT_EQ(harness.error(), "");
  EXPECT_EQ(harness.system().describe(), "test.target at there");
  EXPECT_EQ(harness.probe().state, effects::Health::State::kUp);
}

TEST_P(AdapterHarnessTest, PerformsToTheEnd) {
  const auto set = harness.perform(store::StoreAdapter::SetArguments{.key = String::borrowed("k")});
  EXPECT_TRUE(set->ok());
  EXPECT_EQ(slow().last, "k");
  const auto failed =
      harness.perform(store::StoreAdapter::SetForArguments{.key = String::borrowed("k"), .life = {}});
  EXPECT_EQ(failed->fault(), FaultKind::kUnavailable);
  EXPECT_EQ(failed->why(), "nobody is there");
}

TEST_P(AdapterHarnessTest, KeepsWhatIsAnsweredLater) {
  const auto get = harness.start(store::StoreAdapter::GetArguments{.key = String::borrowed("k")});
  EXPECT_FALSE(get->ended());
  struct Answer final : async::Job {
    explicit Answer(Slow& adapter)
        : Job([](Job& job) noexcept { static_cast<Answer&>(job).slow.waiting->json("[1]"); }),
          slow(adapter) {}
    Slow& slow;
  } answer(slow());
  harness.loop().post(answer);
  EXPECT_TRUE(harness.run_until([&] { return get->ended(); }));
  EXPECT_TRUE(get->ok());
  EXPECT_EQ(get->value(), "[1]");
}

TEST_P(AdapterHarnessTest, CancelsAtTheEndOfPatience) {
  const auto get = harness.perform(store::StoreAdapter::GetArguments{.key = String::borrowed("k")},
                                   {.patience = Duration::from_milliseconds(20)});
  EXPECT_EQ(get->fault(), FaultKind::kTimeout);
  EXPECT_GE(get->took(), Duration::from_milliseconds(20));
  EXPECT_EQ(slow().cancelled, 1);
}

TEST_P(AdapterHarnessTest, CountsAnswersBehindTheEnd) {
  const auto get = harness.start(store::StoreAdapter::GetArguments{.key = String::borrowed("k")});
  const flow::JsonReply reply = *slow().waiting;
  get->cancel();
  EXPECT_EQ(get->fault(), FaultKind::kCancelled);
  reply.json("[1]");
  EXPECT_EQ(get->late(), 1U);
  EXPECT_FALSE(get->ok());
}

TEST(AdapterHarness, SaysWhyTheSystemCannotBeOpened) {
  EXPECT_EQ(AdapterHarness(registry(), "store.store").error(), "it has no url");
  EXPECT_EQ(AdapterHarness(registry(), "zerver.sql").error(),
            "no implementation of adapter `zerver.sql` is registered");
}

}  // namespace
}  // namespace zerver::testing
