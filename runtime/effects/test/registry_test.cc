#include <zerver/effects/registry.h>

#include <gtest/gtest.h>

namespace zerver::effects {
namespace {

Registry::Open refusing(std::string why) {
  return [why = std::move(why)](const flow::TargetInfo&, const flow::TargetConfig&) {
    return Opened{nullptr, why};
  };
}

std::string answer_of(const Registry& registry, std::string_view adapter) {
  const Registry::Entry* const entry = registry.find(adapter);
  if (entry == nullptr) return "nothing";
  return entry->open({}, {}).error;
}

TEST(Registry, ReplacesDefaults) {
  Registry registry;
  registry.add_default({.name = "a", .version = "1.0.0", .reaches = "one"}, refusing("first"));
  registry.add_default({.name = "a", .version = "1.1.0", .reaches = "two"}, refusing("second"));
  EXPECT_EQ(answer_of(registry, "a"), "second");
  registry.add("a", refusing("own"));
  EXPECT_EQ(answer_of(registry, "a"), "own");
  EXPECT_EQ(registry.find("a")->info.version, "");
  registry.add_default({.name = "a", .version = "2.0.0", .reaches = "three"}, refusing("third"));
  EXPECT_EQ(answer_of(registry, "a"), "own");
  EXPECT_TRUE(registry.errors().empty());
}

TEST(Registry, TellsThatAnAdapterWasAddedTwice) {
  Registry registry;
  registry.add("a", refusing("first"));
  registry.add("a", refusing("second"));
  ASSERT_EQ(registry.errors().size(), 1U);
  EXPECT_EQ(
      registry.errors()[0],
      "adapter `a` is registered twice; Registry::replace() is for one that takes the place of another");
  EXPECT_EQ(answer_of(registry, "a"), "first");
}

TEST(Registry, ReplacesWhenItIsTold) {
  Registry registry;
  registry.add("a", refusing("first"));
  registry.replace({.name = "a", .version = "2.0.0", .reaches = {}}, refusing("second"));
  EXPECT_EQ(answer_of(registry, "a"), "second");
  EXPECT_TRUE(registry.errors().empty());
  EXPECT_EQ(answer_of(registry, "b"), "nothing");
}

TEST(HealthRecord, KeepsSinceWhileTheStateStays) {
  HealthRecord record;
  EXPECT_EQ(record.health().state, Health::State::kStarting);
  record.note(Health::State::kDown, "refused", TimePoint{10});
  record.note(Health::State::kDown, "reset", TimePoint{20});
  EXPECT_EQ(record.health().since, TimePoint{10});
  EXPECT_EQ(record.health().why, "reset");
  record.note(Health::State::kUp, {}, TimePoint{30});
  EXPECT_EQ(record.health().since, TimePoint{30});
  EXPECT_EQ(name_of(record.health().state), "up");
}

}  // namespace
}  // namespace zerver::effects
