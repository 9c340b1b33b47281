#include <zerver/async/rate/sliding_window.h>

namespace zerver::async {

SlidingWindow::SlidingWindow(const RateLimit& limit, TimePoint) : limit_(limit), times_(limit.depth()) {}

void SlidingWindow::forget_expired(TimePoint now) noexcept {
  while (count_ != 0 && expired(time(0), now)) {
    first_ = first_ + 1 == times_.size() ? 0 : first_ + 1;
    --count_;
  }
}

Admission SlidingWindow::take(TimePoint now, std::uint32_t cost) noexcept {
  if (cost > times_.size()) return {false, Duration::max()};
  forget_expired(now);
  const std::size_t free = times_.size() - count_;
  // Room comes when the last of those that are in the way has left the window.
  if (cost > free) return {false, limit_.per - (now - time(cost - free - 1))};
  for (std::uint32_t i = 0; i < cost; ++i)
    times_[(first_ + count_++) % times_.size()] = now;
  return {true, {}};
}

std::uint32_t SlidingWindow::used(TimePoint now) const noexcept {
  std::size_t gone = 0;
  while (gone < count_ && expired(time(gone), now))
    ++gone;
  return static_cast<std::uint32_t>(count_ - gone);
}

}  // namespace zerver::async
