#include <zerver/server/scheduling/batch_urgency.h>

namespace zerver::server {

TimePoint BatchUrgency::observe(TimePoint oldest, TimePoint now) noexcept {
  if (oldest == TimePoint::never()) {
    urgent_ = false;
    return TimePoint::never();
  }
  const Duration age = now - oldest;
  urgent_ = age >= (urgent_ ? Duration{patience_.nanoseconds / 2} : patience_);
  return urgent_ ? now + Duration{patience_.nanoseconds / 4} : oldest + patience_;
}

}  // namespace zerver::server
