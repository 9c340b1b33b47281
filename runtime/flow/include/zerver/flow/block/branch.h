// Parts of a flow that run side by side: the branches of a `parallel` block, the runs of an `each`.
#pragma once

#include <zerver/flow/block/exit.h>
#include <zerver/flow/block/frame_cache.h>
#include <zerver/flow/exchange.h>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

namespace zerver::flow {

class Branch;

// Whoever waits for branches. Told of the end of each once; the branch's frame is gone by then.
class BranchOwner {
 public:
  virtual void ended(Branch& branch) noexcept = 0;

 protected:
  ~BranchOwner() = default;
};

// `Branch run_create_branch_1(Exchange& exchange, CreateSlots& slots, ...)` is a coroutine that ends with an
// Exit. It runs from start() on, on the thread of its flow; its frame lives in the exchange's arena. An
// exception that leaves it is logged, and its exit is broken. Stays where it is once it has started.
class Branch {
 public:
  class promise_type;

  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;
  ~Branch();

  // It may have ended when this returns.
  void start(BranchOwner& owner) noexcept;
  // Valid when it has ended.
  const Exit& exit() const noexcept { return exit_; }

 private:
  explicit Branch(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
  BranchOwner* owner_ = nullptr;
  Exit exit_;
};

class Branch::promise_type {
 public:
  template <class... Parameters>
  explicit promise_type(Exchange& exchange, const Parameters&...) noexcept : exchange_(&exchange) {}

  template <class... Parameters>
  static void* operator new(std::size_t size, Exchange& exchange, const Parameters&...) {
    return exchange.frames().take(exchange.arena(), size);
  }
  // Inline at once, because GCC 12 takes the pair for a mismatch otherwise.
  [[gnu::always_inline]] static void operator delete(void* memory) noexcept { FrameCache::give_back(memory); }

  Branch get_return_object() noexcept {
    return Branch(std::coroutine_handle<promise_type>::from_promise(*this));
  }
  std::suspend_always initial_suspend() const noexcept { return {}; }

  struct Final {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
      Branch& branch = *self.promise().branch_;
      branch.exit_ = self.promise().exit_;
      branch.frame_ = nullptr;
      self.destroy();
      branch.owner_->ended(branch);
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }

  void return_value(const Exit& exit) noexcept { exit_ = exit; }
  void unhandled_exception() noexcept { exit_ = exit_exception(*exchange_); }

 private:
  friend class Branch;

  Exchange* exchange_;
  Branch* branch_ = nullptr;
  Exit exit_;
};

inline Branch::~Branch() {
  // Only when the flow is destroyed while it waits, or before it has started.
  if (frame_) frame_.destroy();
}

inline void Branch::start(BranchOwner& owner) noexcept {
  owner_ = &owner;
  frame_.promise().branch_ = this;
  frame_.resume();
}

// `co_await all_branches(a, b)` starts them in order and goes on when every one has ended, however it did.
// What is awaited is the exit of the first, in order, that did not come to its end.
class AllBranchesBase : private BranchOwner {
 protected:
  ~AllBranchesBase() = default;
  bool start(std::span<Branch* const> branches, std::coroutine_handle<> waiter) noexcept;
  static Exit first_exit(std::span<Branch* const> branches) noexcept;

 private:
  void ended(Branch& branch) noexcept override;

  std::size_t pending_ = 0;
  std::coroutine_handle<> waiter_;
};

template <std::size_t N> class [[nodiscard]] AllBranches final : private AllBranchesBase {
 public:
  explicit AllBranches(std::array<Branch*, N> branches) noexcept : branches_(branches) {}

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) noexcept { return start(branches_, waiter); }
  Exit await_resume() const noexcept { return first_exit(branches_); }

 private:
  std::array<Branch*, N> branches_;
};

template <class... Branches> AllBranches<sizeof...(Branches)> all_branches(Branches&... branches) noexcept {
  return AllBranches<sizeof...(Branches)>({&branches...});
}

}  // namespace zerver::flow
