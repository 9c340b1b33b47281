// Finds out from the time that entries wait in a queue whether it only absorbs bursts or stands.
#pragma once

#include <zerver/core/time.h>

#include <cstdint>

namespace zerver::async {

struct DelayPolicy {
  Duration target = Duration::from_milliseconds(5);      // so long may entries wait all the time
  Duration interval = Duration::from_milliseconds(100);  // and so long do bursts last
};

// The measure of CoDel (Nichols and Jacobson, "Controlling Queue Delay", 2012): the least wait of an
// interval. A good queue empties now and then, and the least wait is small; where even the luckiest entry of
// an interval has waited longer than the target, the queue stands. Then whoever has waited twice the target
// is shed (as for requests in Maurer, "Fail at Scale", 2015): the queue is short again at once, and those
// that are served have waited little. Sans-I/O; one thread at a time.
class ControlledDelay {
 public:
  explicit ControlledDelay(const DelayPolicy& policy = {}) noexcept : policy_(policy) {}

  // An entry leaves the queue after so long a wait. True: it is to be shed.
  [[nodiscard]] bool sheds(Duration wait, TimePoint now) noexcept;
  // Something ran without waiting.
  void note_no_wait() noexcept { least_ = Duration{}; }
  // The queue stands, as of the last interval.
  bool overloaded() const noexcept { return overloaded_; }
  const DelayPolicy& policy() const noexcept { return policy_; }

 private:
  DelayPolicy policy_;
  Duration least_;  // of this interval
  TimePoint end_;   // of this interval
  bool overloaded_ = false;
};

}  // namespace zerver::async
