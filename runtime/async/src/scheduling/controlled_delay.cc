#include <zerver/async/scheduling/controlled_delay.h>

#include <algorithm>

namespace zerver::async {

bool ControlledDelay::sheds(Duration wait, TimePoint now) noexcept {
  if (now >= end_) {
    // What was measured before a pause says nothing.
    overloaded_ = now < end_ + policy_.interval && least_ > policy_.target;
    end_ = now + policy_.interval;
    least_ = wait;
  } else {
    least_ = std::min(least_, wait);
  }
  return overloaded_ && wait > policy_.target + policy_.target;
}

}  // namespace zerver::async
