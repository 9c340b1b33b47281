#include <zerver/async/scheduling/pressure.h>

#include <algorithm>

namespace zerver::async {

// `is_high`: there is reason to begin a pause; `is_low`: there is none to go on with one.
void Pressure::Gate::update(bool is_high, bool is_low, TimePoint now, Duration longest) noexcept {
  if (closed) {
    if (!is_low && now < end) return;
    closed = false;
    rest = is_low ? now : now + longest;
  } else if (is_high && now >= rest) {
    closed = true;
    end = now + longest;
    ++pauses;
  }
}

void Pressure::observe(const Load& load, TimePoint now) noexcept {
  const bool is_high = load.waiting >= policy_.waiting.high || load.memory >= policy_.memory.high;
  const bool is_low = load.waiting <= policy_.waiting.low && load.memory <= policy_.memory.low;
  const bool is_crowded = load.queue_stands || load.connections_full;
  read_.update(is_high, is_low, now, policy_.longest);
  accept_.update(is_high || is_crowded, is_low && !is_crowded, now, policy_.longest);
}

TimePoint Pressure::next() const noexcept {
  TimePoint next = TimePoint::never();
  for (const Gate* const gate : {&accept_, &read_})
    if (gate->closed) next = std::min(next, gate->end);
  return next;
}

}  // namespace zerver::async
