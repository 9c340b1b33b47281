// Asking work to stop: one source, tokens that are passed down call chains, and hooks that are called.
#pragma once

#include <utility>

namespace zerver::async {

class StopSource;

// What is called when a stop is requested; embedded in whoever waits, so that waiting allocates nothing.
// Pinned while it is linked.
class StopHook {
 public:
  using Run = void (*)(StopHook&) noexcept;

  explicit StopHook(Run run) noexcept : run_(run) {}
  StopHook(const StopHook&) = delete;
  StopHook& operator=(const StopHook&) = delete;
  ~StopHook() { unlink(); }

  bool linked() const noexcept { return next_ != nullptr; }
  // Harmless when it is not linked.
  void unlink() noexcept {
    if (next_ == nullptr) return;
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = nullptr;
  }

 private:
  friend class StopSource;
  friend class StopToken;

  Run run_;
  StopHook* next_ = nullptr;
  StopHook* previous_ = nullptr;
};

// Says whether a stop has been requested. A copyable reference to a source, which outlives it. Without a
// source nothing ever stops it.
class StopToken {
 public:
  StopToken() noexcept = default;

  bool stop_requested() const noexcept;
  bool stop_possible() const noexcept { return source_ != nullptr; }
  // The hook runs when a stop is requested, once, and is not linked then. No stop has been requested so far.
  void link(StopHook& hook) const noexcept;

 private:
  friend class StopSource;
  explicit StopToken(StopSource* source) noexcept : source_(source) {}

  StopSource* source_ = nullptr;
};

// Pinned; belongs to one loop, like everything that hangs on it. A stop of its parent is a stop of its own:
// this is how stops travel down. Other threads post a job that requests the stop.
class StopSource {
 public:
  StopSource() noexcept : hooks_(nullptr), parent_hook_(*this) {
    hooks_.next_ = &hooks_;
    hooks_.previous_ = &hooks_;
  }
  explicit StopSource(StopToken parent) noexcept : StopSource() { follow(parent); }
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;
  ~StopSource() {
    while (hooks_.next_ != &hooks_)
      hooks_.next_->unlink();
    hooks_.next_ = nullptr;
  }

  // Stops when the parent does, from now on; at once when that has happened. In place of the parent before.
  void follow(StopToken parent) noexcept {
    parent_hook_.unlink();
    if (parent.stop_requested()) {
      request_stop();
    } else if (parent.stop_possible()) {
      parent.link(parent_hook_);
    }
  }

  // False when it had been requested before. Calls the hooks, those linked first first. A hook may unlink
  // others; it does not destroy this source.
  bool request_stop() noexcept {
    if (requested_) return false;
    requested_ = true;
    parent_hook_.unlink();
    while (hooks_.next_ != &hooks_) {
      StopHook& hook = *hooks_.next_;
      hook.unlink();
      hook.run_(hook);
    }
    return true;
  }
  bool stop_requested() const noexcept { return requested_; }
  StopToken token() noexcept { return StopToken(this); }

 private:
  friend class StopToken;

  struct ParentHook final : StopHook {
    explicit ParentHook(StopSource& its_source) noexcept : StopHook(run), source(its_source) {}
    static void run(StopHook& hook) noexcept { static_cast<ParentHook&>(hook).source.request_stop(); }
    StopSource& source;
  };

  StopHook hooks_;  // the ends of the ring
  ParentHook parent_hook_;
  bool requested_ = false;
};

inline bool StopToken::stop_requested() const noexcept { return source_ != nullptr && source_->requested_; }

inline void StopToken::link(StopHook& hook) const noexcept {
  if (source_ == nullptr) return;
  StopHook& ends = source_->hooks_;
  hook.previous_ = ends.previous_;
  hook.next_ = &ends;
  ends.previous_->next_ = &hook;
  ends.previous_ = &hook;
}

// Calls a function when a stop is requested; at once when it has been. Unlinked by its destructor.
template <class Function> class OnStop final : private StopHook {
 public:
  OnStop(StopToken token, Function function) : StopHook(run), function_(std::move(function)) {
    if (token.stop_requested()) {
      function_();
    } else {
      token.link(*this);
    }
  }

 private:
  static void run(StopHook& hook) noexcept { static_cast<OnStop&>(hook).function_(); }

  Function function_;
};

// Requests the stop when the scope is left, by whichever way.
class StopOnExit {
 public:
  explicit StopOnExit(StopSource& source) noexcept : source_(source) {}
  StopOnExit(const StopOnExit&) = delete;
  StopOnExit& operator=(const StopOnExit&) = delete;
  ~StopOnExit() { source_.request_stop(); }

 private:
  StopSource& source_;
};

}  // namespace zerver::async
