// Where time comes from: the system, or a test.
#pragma once

#include <zerver/core/time.h>

namespace zerver {

class Clock {
 public:
  virtual ~Clock() = default;
  // Monotonic.
  virtual TimePoint now() const noexcept = 0;
  // UTC; may jump.
  virtual Timestamp wall() const noexcept = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const noexcept override;
  Timestamp wall() const noexcept override;
};

// Stands still until it is told to advance; wall time advances with it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp wall_at_start = {}) noexcept : start_(wall_at_start) {}

  TimePoint now() const noexcept override { return now_; }
  Timestamp wall() const noexcept override { return start_ + Duration{now_.nanoseconds}; }
  void advance(Duration span) noexcept { now_ = now_ + span; }
  // Never backwards.
  void advance_to(TimePoint time) noexcept {
    if (time > now_) now_ = time;
  }

 private:
  TimePoint now_;
  Timestamp start_;
};

}  // namespace zerver
