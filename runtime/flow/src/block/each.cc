#include <zerver/flow/block/each.h>

#include <algorithm>

namespace zerver::flow {

EachElement::~EachElement() {
  // Only when the flow is destroyed while it waits.
  for (Lane& lane : lanes_)
    if (lane.is_busy) std::destroy_at(std::launder(reinterpret_cast<Branch*>(lane.place)));
}

bool EachElement::await_suspend(std::coroutine_handle<> waiter) {
  lanes_ = exchange_->arena().make_array<Lane>(std::min(parallel_, count_));
  for (Lane& lane : lanes_) {
    lane.each = this;
    lane.next = std::exchange(idle_, &lane);
  }
  start_runs();
  if (is_over()) return false;
  waiter_ = waiter;
  return true;
}

// Runs that end at once come back to run_ended() within the loop, which leaves them to it: their number does
// not deepen the stack.
void EachElement::start_runs() noexcept {
  is_starting_ = true;
  while (idle_ != nullptr && next_ < count_ && !exit_.left()) {
    Lane& lane = *idle_;
    lane.index = next_++;
    try {
      make(lane.place, lane.index);
    } catch (...) {
      leave(lane.index, exit_exception(*exchange_));
      break;
    }
    idle_ = lane.next;
    lane.is_busy = true;
    ++running_;
    std::launder(reinterpret_cast<Branch*>(lane.place))->start(lane);
  }
  is_starting_ = false;
}

void EachElement::run_ended(Lane& lane, Branch& branch) noexcept {
  if (branch.exit().left()) leave(lane.index, branch.exit());
  std::destroy_at(&branch);
  lane.is_busy = false;
  lane.next = std::exchange(idle_, &lane);
  --running_;
  if (is_starting_) return;
  start_runs();
  if (is_over()) waiter_.resume();
}

void EachElement::leave(std::size_t index, const Exit& exit) noexcept {
  const bool answers = exit.kind == Exit::Kind::kAnswered;
  const bool has_answer = exit_.kind == Exit::Kind::kAnswered;
  const bool is_earlier = !exit_.left() || index < exit_from_;
  if (answers ? has_answer && !is_earlier : has_answer || !is_earlier) return;
  exit_ = exit;
  exit_from_ = index;
}

}  // namespace zerver::flow
