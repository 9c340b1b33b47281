// Waiting until what has been appended to a log is durable.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/result.h>
#include <zerver/core/uuid.h>

#include <coroutine>
#include <cstdint>
#include <string_view>

namespace zerver::flow {

class LogSync;

// What can be waited for. Used by several workers: each function from any of their threads.
class DurableLog {
 public:
  // True when all that this thread has appended is durable already. Else `sync` is told when it is, or that
  // it could not be made so: posted to its loop.
  virtual bool sync(LogSync& sync) noexcept = 0;
  // `sync` is about to be destroyed, and its loop does not run any more.
  virtual void abandon(LogSync& sync) noexcept = 0;

 protected:
  ~DurableLog() = default;
};

// `const Result<void> durable = co_await sync;`, once.
class LogSync final : public async::Job {
 public:
  // `subject` is what has been appended about, where the log may refuse that.
  LogSync(DurableLog& log, async::Loop& loop, const Uuid& subject = {}) noexcept
      : Job([](Job& job) noexcept { static_cast<LogSync&>(job).resume(); }),
        log_(&log),
        loop_(&loop),
        subject_(subject) {}
  ~LogSync() {
    if (waiting_) log_->abandon(*this);
  }

  bool await_ready() noexcept {
    waiting_ = !log_->sync(*this);
    return !waiting_;
  }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  Result<void> await_resume() const noexcept {
    if (why_.empty()) return {};
    return Fault{FaultKind::kUnavailable, String::borrowed(why_), {}};
  }
  // Whether that is for good: somebody else has the subject, and nothing more about it is kept.
  bool is_refused() const noexcept { return is_refused_; }

  // --- For logs ---
  async::Loop& loop() const noexcept { return *loop_; }
  const Uuid& subject() const noexcept { return subject_; }
  // `why` is static. Before it is posted, or before sync() returns true.
  void fail(std::string_view why) noexcept { why_ = why; }
  void refuse(std::string_view why) noexcept {
    fail(why);
    is_refused_ = true;
  }
  std::uint64_t position = 0;

 private:
  void resume() noexcept {
    waiting_ = false;
    waiter_.resume();
  }

  DurableLog* log_;
  async::Loop* loop_;
  Uuid subject_;
  std::coroutine_handle<> waiter_;
  std::string_view why_;
  bool waiting_ = false;
  bool is_refused_ = false;
};

}  // namespace zerver::flow
