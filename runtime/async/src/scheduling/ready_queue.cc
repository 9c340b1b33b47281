#include <zerver/async/scheduling/ready_queue.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace zerver::async {

// --- The heap ---

Scheduled* DeadlineHeap::merge(Scheduled* left, Scheduled* right) noexcept {
  if (left == nullptr) return right;
  if (right == nullptr) return left;
  // Of two that are due at once the older one goes first.
  const bool right_first = std::pair(right->due_, right->since_) < std::pair(left->due_, left->since_);
  if (right_first) std::swap(left, right);
  right->before_ = left;
  right->sibling_ = left->child_;
  if (right->sibling_ != nullptr) right->sibling_->before_ = right;
  left->child_ = right;
  return left;
}

// Two passes: pairs from left to right, then all into one from right to left.
Scheduled* DeadlineHeap::merge_children(Scheduled* first) noexcept {
  Scheduled* pairs = nullptr;  // the last one first, by sibling_
  while (first != nullptr) {
    Scheduled* const left = first;
    Scheduled* const right = left->sibling_;
    first = right == nullptr ? nullptr : right->sibling_;
    left->sibling_ = left->before_ = nullptr;
    if (right != nullptr) right->sibling_ = right->before_ = nullptr;
    Scheduled* const merged = merge(left, right);
    merged->sibling_ = pairs;
    pairs = merged;
  }
  Scheduled* root = nullptr;
  while (pairs != nullptr) {
    Scheduled* const next = std::exchange(pairs->sibling_, nullptr);
    root = merge(root, pairs);
    pairs = next;
  }
  return root;
}

void DeadlineHeap::add(Scheduled& entry) noexcept {
  entry.child_ = entry.sibling_ = entry.before_ = nullptr;
  root_ = merge(root_, &entry);
}

void DeadlineHeap::remove(Scheduled& entry) noexcept {
  Scheduled* const below = merge_children(std::exchange(entry.child_, nullptr));
  if (&entry == root_) {
    root_ = below;
    return;
  }
  if (entry.before_->child_ == &entry) {
    entry.before_->child_ = entry.sibling_;
  } else {
    entry.before_->sibling_ = entry.sibling_;
  }
  if (entry.sibling_ != nullptr) entry.sibling_->before_ = entry.before_;
  entry.sibling_ = entry.before_ = nullptr;
  root_ = merge(root_, below);
}

// --- The queue ---

ReadyQueue::~ReadyQueue() { assert(size_ == 0 && "what waits outlives the queue that it waits in"); }

bool ReadyQueue::push(Scheduled& entry, Priority priority, TimePoint since, TimePoint deadline) noexcept {
  const auto index = static_cast<std::size_t>(priority);
  if (classes_[index].size >= options_.capacity[index]) return false;
  entry.priority_ = priority;
  entry.since_ = since;
  entry.deadline_ = deadline;
  entry.due_ = std::max(since, std::min(deadline, since + options_.horizon));
  link(entry);
  return true;
}

Scheduled* ReadyQueue::pop_up_to(Priority last) noexcept {
  const Class* chosen = nullptr;
  TimePoint first = TimePoint::never();
  for (std::size_t index = 0; index <= static_cast<std::size_t>(last); ++index) {
    const Class& candidate = classes_[index];
    if (candidate.oldest == nullptr) continue;
    const TimePoint turn = candidate.oldest->since_ + options_.lead[index];
    if (chosen != nullptr && turn >= first) continue;
    chosen = &candidate;
    first = turn;
  }
  return chosen == nullptr ? nullptr : pop(static_cast<Priority>(chosen - classes_.data()));
}

Scheduled* ReadyQueue::pop(Priority priority) noexcept {
  const Class& from = class_of(priority);
  Scheduled* const entry = options_.earliest_deadline_first ? from.by_deadline.first() : from.oldest;
  if (entry != nullptr) unlink(*entry);
  return entry;
}

void ReadyQueue::remove(Scheduled& entry) noexcept {
  assert(entry.queue_ == this);
  unlink(entry);
}

void ReadyQueue::lend(Scheduled& entry, Priority priority) noexcept {
  if (entry.queue_ != this || priority >= entry.priority_) return;
  unlink(entry);
  entry.priority_ = priority;
  link(entry);
}

void ReadyQueue::link(Scheduled& entry) noexcept {
  Class& into = class_of(entry.priority_);
  Scheduled* older = into.newest;
  while (older != nullptr && older->since_ > entry.since_)
    older = older->older_;
  entry.older_ = older;
  Scheduled*& from_older = older == nullptr ? into.oldest : older->newer_;
  entry.newer_ = std::exchange(from_older, &entry);
  (entry.newer_ == nullptr ? into.newest : entry.newer_->older_) = &entry;
  if (options_.earliest_deadline_first) into.by_deadline.add(entry);
  entry.queue_ = this;
  ++into.size;
  ++size_;
}

void ReadyQueue::unlink(Scheduled& entry) noexcept {
  Class& from = class_of(entry.priority_);
  (entry.older_ == nullptr ? from.oldest : entry.older_->newer_) = entry.newer_;
  (entry.newer_ == nullptr ? from.newest : entry.newer_->older_) = entry.older_;
  entry.older_ = entry.newer_ = nullptr;
  if (options_.earliest_deadline_first) from.by_deadline.remove(entry);
  entry.queue_ = nullptr;
  --from.size;
  --size_;
}

}  // namespace zerver::async
