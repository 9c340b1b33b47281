// When batch work, which gets what the processors have to spare, gets a share of them.
#pragma once

#include <zerver/core/time.h>

namespace zerver::server {

// The threads of batch workers as the system schedules them.
class BatchThreads {
 public:
  // True: they have a share of the processors, even of those that others keep busy. False: they run while
  // nothing else wants to. Any thread, one at a time.
  virtual void set_urgent(bool urgent) noexcept = 0;

 protected:
  ~BatchThreads() = default;
};

// The policy, without threads. Batch work becomes urgent when some has waited, or been under way at a
// stretch, for its patience, and is so until nothing is half as old: so it is not all the time one and the
// other. One thread at a time.
class BatchUrgency {
 public:
  explicit BatchUrgency(Duration patience) noexcept : patience_(patience) {}

  // `oldest` is since when: never() when there is nothing. Returns when to look again.
  TimePoint observe(TimePoint oldest, TimePoint now) noexcept;
  bool urgent() const noexcept { return urgent_; }

 private:
  Duration patience_;
  bool urgent_ = false;
};

}  // namespace zerver::server
