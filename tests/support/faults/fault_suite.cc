// What every adapter that speaks over TCP promises under a network that fails.
#include "tests/support/faults/fault_suite.h"

#include "tests/support/child_process.h"
#include <zerver/core/clock.h>

namespace zerver::test {
namespace {

constexpr int kCalls = 4;  // under the fault, and after it
constexpr Duration kWell = Duration::from_seconds(10);

// Whether the other side is silent under it; else it says that it is not there.
bool is_silent(GateFault fault) noexcept {
  return fault == GateFault::kLatency || fault == GateFault::kBlackHole || fault == GateFault::kSlowBytes;
}

void expect_failure(const Called& called, GateFault fault, const FaultSubject& subject) {
  ASSERT_TRUE(called.fault) << "a call succeeded under " << name_of(fault);
  EXPECT_LE(called.took.nanoseconds, (subject.patience + subject.slack).nanoseconds);
  const bool timed_out = *called.fault == FaultKind::kTimeout;
  if (is_silent(fault)) {
    EXPECT_TRUE(timed_out) << zerver::name_of(*called.fault) << ": " << called.why;
  } else if (!timed_out || !subject.waits_for_connection) {
    EXPECT_EQ(zerver::name_of(*called.fault), zerver::name_of(FaultKind::kUnavailable)) << called.why;
  }
}

}  // namespace

void expect_promises_under(GateFault fault, const FaultSubject& subject) {
  FaultGate gate(subject.server_port);
  const auto harness = subject.open(gate.port());
  ASSERT_EQ(harness->error(), "");
  const Called first = subject.call(*harness, kWell);
  ASSERT_FALSE(first.fault) << first.why;
  const std::size_t descriptors = open_descriptors();
  const std::size_t connections = gate.stats().open;

  gate.set(fault, subject.patience + subject.patience);
  for (int i = 0; i < kCalls; ++i) {
    SCOPED_TRACE("call " + std::to_string(i) + " under " + name_of(fault));
    ASSERT_NO_FATAL_FAILURE(expect_failure(subject.call(*harness, subject.patience), fault, subject));
  }

  gate.set(GateFault::kNone);
  const SystemClock clock;
  const TimePoint healed = clock.now();
  Called called = subject.call(*harness, subject.recovery);
  while (called.fault && clock.now() < healed + subject.recovery)
    called = subject.call(*harness, subject.recovery);
  ASSERT_FALSE(called.fault) << "no recovery within 5 s: " << called.why;
  EXPECT_LE((clock.now() - healed).nanoseconds, subject.recovery.nanoseconds);
  for (int i = 0; i < kCalls; ++i) {
    const Called after = subject.call(*harness, kWell);
    EXPECT_FALSE(after.fault) << after.why;
  }

  // The gate, in this process, learns of ends a moment later.
  const auto given_back = [&] {
    return open_descriptors() <= descriptors && gate.stats().open <= connections;
  };
  const TimePoint end = clock.now() + kWell;
  while (!harness->run_until(given_back, Duration::from_milliseconds(10)) && clock.now() < end) {
  }
  EXPECT_TRUE(given_back()) << open_descriptors() << " descriptors instead of " << descriptors << ", "
                            << gate.stats().open << " connections instead of " << connections;
}

}  // namespace zerver::test
