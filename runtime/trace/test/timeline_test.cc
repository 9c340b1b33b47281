#include <zerver/core/message.h>
#include <zerver/trace/timeline.h>

#include <gtest/gtest.h>

namespace zerver::trace {
namespace {

constexpr TimePoint after_microseconds(std::int64_t count) { return TimePoint{} + Duration{count * 1'000}; }

class Timeline : public testing::Test {
 protected:
  Timeline() {
    ring.record(
        {after_microseconds(1'000), 7, "buy", static_cast<std::int64_t>(Method::kPost), 0, Kind::kBegin});
    ring.record({after_microseconds(1'000), 7, "reserve", 0, 1, Kind::kAttempt});
    ring.record(
        {after_microseconds(1'500), 8, "show", static_cast<std::int64_t>(Method::kGet), 0, Kind::kBegin});
    ring.record({after_microseconds(21'250), 7, "reserve", 0, 1, Kind::kFail, true, FaultKind::kUnavailable});
    ring.record({after_microseconds(21'250), 7, "reserve", 5'000'000, 1, Kind::kWait});
    ring.record({after_microseconds(30'000), 7, "buy", 503, 0, Kind::kEnd});
  }

  Ring ring{16};
};

TEST_F(Timeline, IsOneLineForEachEventOfTheRequest) {
  EXPECT_EQ(timeline(ring, 7),
            "       0.000000 ms  #7  begin        buy  POST\n"
            "       0.000000 ms  #7  attempt      reserve  attempt 1  target 0\n"
            "      20.250000 ms  #7  fail         reserve  attempt 1  unavailable\n"
            "      20.250000 ms  #7  wait         reserve  attempt 1  5.000000 ms\n"
            "      29.000000 ms  #7  end          buy  503\n");
}

TEST_F(Timeline, OfAllRequestsHasTheTimesOfTheLoop) {
  const std::string text = timeline(ring);
  EXPECT_TRUE(text.starts_with("       1.000000 ms  #7  begin        buy  POST\n")) << text;
  EXPECT_NE(text.find("       1.500000 ms  #8  begin        show  GET\n"), std::string::npos) << text;
}

TEST_F(Timeline, IsEmptyForARequestThatTheRingDoesNotHold) { EXPECT_EQ(timeline(ring, 9), ""); }

TEST_F(Timeline, LeavesNoSpacesBehindAnEventWithoutAName) {
  std::string text;
  append_text(text, {.request = 1, .kind = Kind::kCancel});
  EXPECT_EQ(text, "       0.000000 ms  #1  cancel\n");
}

TEST_F(Timeline, IsJson) {
  EXPECT_EQ(timeline_json(ring, 7),
            R"([{"at":0,"kind":"begin","name":"buy","method":"POST"},)"
            R"({"at":0,"kind":"attempt","name":"reserve","attempt":1,"target":0},)"
            R"({"at":20250000,"kind":"fail","name":"reserve","attempt":1,"fault":"unavailable"},)"
            R"({"at":20250000,"kind":"wait","name":"reserve","attempt":1,"nanoseconds":5000000},)"
            R"({"at":29000000,"kind":"end","name":"buy","status":503}])");
  EXPECT_EQ(timeline_json(ring, 9), "[]");
}

TEST(TimelineCalls, SayWhatIsInForce) {
  const CallDetail detail{.target = 3, .attempts = 2, .timeout = Duration::from_milliseconds(300)};
  EXPECT_EQ(CallDetail::of(detail.packed()).target, 3);
  EXPECT_EQ(CallDetail::of(detail.packed()).attempts, 2);
  EXPECT_EQ(CallDetail::of(detail.packed()).timeout, Duration::from_milliseconds(300));
  const CallDetail long_one{
      .target = 65'535, .attempts = 255, .timeout = Duration::from_seconds(86'400 * 30)};
  EXPECT_EQ(CallDetail::of(long_one.packed()).target, 65'535);
  EXPECT_GT(CallDetail::of(long_one.packed()).timeout, Duration::from_seconds(86'400 * 6));

  Ring ring;
  ring.record({.request = 1, .name = "ask", .detail = detail.packed(), .attempt = 1, .kind = Kind::kAttempt});
  ring.record({.request = 1, .name = "ask", .detail = 3, .attempt = 1, .kind = Kind::kBreakerOpen});
  EXPECT_EQ(timeline(ring, 1),
            "       0.000000 ms  #1  attempt      ask  attempt 1  target 3  of 2  within 300.000000 ms\n"
            "       0.000000 ms  #1  breaker-open ask  attempt 1  target 3\n");
  EXPECT_EQ(
      timeline_json(ring, 1),
      R"([{"at":0,"kind":"attempt","name":"ask","attempt":1,"target":3,"attempts":2,"timeout":300000000},)"
      R"({"at":0,"kind":"breaker-open","name":"ask","attempt":1,"target":3}])");
}

TEST(TimelineJson, EscapesWhatANameMayHold) {
  Ring ring;
  ring.record({.request = 1, .name = "a\"b\\c\nd", .kind = Kind::kStep});
  EXPECT_EQ(timeline_json(ring, 1), R"([{"at":0,"kind":"step","name":"a\"b\\c d"}])");
}

}  // namespace
}  // namespace zerver::trace
