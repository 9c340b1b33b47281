#include <zerver/async/stop.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace zerver::async {
namespace {

TEST(StopSource, CallsItsHooksOnceInTheOrderOfLinking) {
  StopSource source;
  std::string calls;
  const OnStop first(source.token(), [&] { calls += 'a'; });
  const OnStop second(source.token(), [&] { calls += 'b'; });
  EXPECT_FALSE(source.token().stop_requested());
  EXPECT_TRUE(source.request_stop());
  EXPECT_FALSE(source.request_stop());
  EXPECT_EQ(calls, "ab");
  EXPECT_TRUE(source.token().stop_requested());
}

TEST(StopSource, PassesStopsDownNotUp) {
  StopSource top;
  StopSource middle(top.token());
  StopSource bottom(middle.token());
  StopSource beside(top.token());
  bottom.request_stop();
  EXPECT_FALSE(middle.stop_requested());
  top.request_stop();
  EXPECT_TRUE(middle.stop_requested());
  EXPECT_TRUE(beside.stop_requested());
}

TEST(StopSource, OfAStoppedParentIsStopped) {
  StopSource parent;
  parent.request_stop();
  const StopSource child(parent.token());
  EXPECT_TRUE(child.stop_requested());
}

TEST(StopSource, FollowsOneParentAtATime) {
  StopSource first, second;
  StopSource child(first.token());
  child.follow(second.token());
  first.request_stop();
  EXPECT_FALSE(child.stop_requested());
  second.request_stop();
  EXPECT_TRUE(child.stop_requested());
}

TEST(StopSource, MayGoBeforeAndAfterWhatHangsOnIt) {
  int calls = 0;
  auto source = std::make_unique<StopSource>();
  {
    const OnStop gone(source->token(), [&] { ++calls; });
    const StopSource child(source->token());
  }
  const OnStop stays(source->token(), [&] { ++calls; });
  source.reset();
  EXPECT_EQ(calls, 0);
}

TEST(StopSource, HookMayUnlinkOthers) {
  StopSource source;
  int calls = 0;
  std::optional<OnStop<void (*)()>> other;
  const OnStop first(source.token(), [&] {
    ++calls;
    other.reset();
  });
  other.emplace(source.token(), +[] { FAIL() << "it was unlinked"; });
  source.request_stop();
  EXPECT_EQ(calls, 1);
}

TEST(StopToken, WithoutASourceNeverStops) {
  const StopToken token;
  EXPECT_FALSE(token.stop_possible());
  EXPECT_FALSE(token.stop_requested());
}

TEST(OnStop, IsCalledAtOnceWhenTheStopWasRequested) {
  StopSource source;
  source.request_stop();
  bool called = false;
  const OnStop hook(source.token(), [&] { called = true; });
  EXPECT_TRUE(called);
}

TEST(StopOnExit, RequestsTheStopWhenTheScopeIsLeft) {
  StopSource source;
  {
    const StopOnExit guard(source);
    EXPECT_FALSE(source.stop_requested());
  }
  EXPECT_TRUE(source.stop_requested());
}

}  // namespace
}  // namespace zerver::async
