// Who waits for a primitive, in the order of coming.
#pragma once

#include <zerver/async/operation.h>

namespace zerver::async {

// Base of operations that can wait in a list. What waits is pinned; before that it may be moved.
class WaitNode {
 public:
  WaitNode() noexcept = default;
  WaitNode(WaitNode&&) noexcept {}
  WaitNode& operator=(WaitNode&&) = delete;

 protected:
  ~WaitNode() = default;

 private:
  friend class WaitList;

  Waiter* waiter_ = nullptr;
  WaitNode* next_ = nullptr;
  WaitNode* previous_ = nullptr;
};

class WaitList {
 public:
  WaitList() noexcept = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }
  WaitNode& first() const noexcept { return *first_; }
  template <class Function> void for_each(Function function) const {
    for (WaitNode* node = first_; node != nullptr; node = node->next_)
      function(*node);
  }

  void append(WaitNode& node, Waiter& waiter) noexcept {
    node.waiter_ = &waiter;
    node.next_ = nullptr;
    node.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &node;
    last_ = &node;
  }
  void remove(WaitNode& node) noexcept {
    (node.previous_ != nullptr ? node.previous_->next_ : first_) = node.next_;
    (node.next_ != nullptr ? node.next_->previous_ : last_) = node.previous_;
  }
  // Takes the first one out and tells it.
  void complete_first() noexcept {
    WaitNode& node = *first_;
    remove(node);
    node.waiter_->complete();
  }

 private:
  WaitNode* first_ = nullptr;
  WaitNode* last_ = nullptr;
};

}  // namespace zerver::async
