// Where sagas write down what they do, so that somebody can take it back when they cannot.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/result.h>
#include <zerver/flow/saga/record.h>

#include <coroutine>
#include <cstddef>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

namespace zerver::flow {

class SagaSync;
class SagaClaim;

// Told when there is something to claim.
class SagaListener {
 public:
  virtual void on_released() noexcept = 0;

 protected:
  ~SagaListener() = default;
};

// A journal. What one thread appends keeps its order. Used by several workers: each function from any of
// their threads.
class SagaLog {
 public:
  virtual ~SagaLog() = default;

  // Why no saga may begin, and no step of one, as it could not be written down; empty when they may.
  virtual std::string_view refuses() const noexcept = 0;
  // Keeps a copy, and makes it durable soon. When that fails it is tried again, as long as the process lives.
  virtual void append(const SagaRecord& record) noexcept = 0;
  // True when all that this thread has appended is durable already. Else `sync` is told when it is, or that
  // it could not be made so: posted to its loop.
  virtual bool sync(SagaSync& sync) noexcept = 0;
  // `sync` is about to be destroyed, and its loop does not run any more.
  virtual void abandon(SagaSync& sync) noexcept = 0;

  // Takes over the sagas that nobody works at: released ones of this process, and all of processes that are
  // gone. True when the claim has them already; else it is posted to its loop. One claim at a time.
  virtual bool claim(SagaClaim& claim) noexcept = 0;
  // `claim` is about to be destroyed, and its loop does not run any more.
  virtual void abandon(SagaClaim& claim) noexcept = 0;
  // Told on that loop's thread, perhaps from within append(); nullptr for nobody. Has an end before the
  // listener has one.
  virtual void listen(SagaListener* listener, async::Loop* loop) noexcept = 0;
};

// `const Result<void> durable = co_await sync;`, once.
class SagaSync final : public async::Job {
 public:
  SagaSync(SagaLog& log, async::Loop& loop) noexcept
      : Job([](Job& job) noexcept { static_cast<SagaSync&>(job).resume(); }), log_(&log), loop_(&loop) {}
  ~SagaSync() {
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

  // --- For logs ---
  async::Loop& loop() const noexcept { return *loop_; }
  // `why` is static. Before it is posted, or before sync() returns true.
  void fail(std::string_view why) noexcept { why_ = why; }
  std::uint64_t position = 0;

 private:
  void resume() noexcept {
    waiting_ = false;
    waiter_.resume();
  }

  SagaLog* log_;
  async::Loop* loop_;
  std::coroutine_handle<> waiter_;
  std::string_view why_;
  bool waiting_ = false;
};

// What SagaLog::claim() answers with.
class SagaClaim : public async::Job {
 public:
  SagaClaim(async::Loop& loop, Run claimed) noexcept : Job(claimed), loop_(&loop) {}
  async::Loop& loop() const noexcept { return *loop_; }

  std::vector<SagaHistory> sagas;
  std::string_view why;  // what went wrong, static; empty when nothing did

 protected:
  ~SagaClaim() = default;

 private:
  async::Loop* loop_;
};

// Keeps the sagas of one thread that have not ended, as long as it lives: for simulations and tests, and
// where no saga is.
class MemorySagaLog final : public SagaLog {
 public:
  std::string_view refuses() const noexcept override { return broken_; }
  void append(const SagaRecord& record) noexcept override;
  bool sync(SagaSync& sync) noexcept override;
  void abandon(SagaSync& sync) noexcept override;
  bool claim(SagaClaim& claim) noexcept override;
  void abandon(SagaClaim& claim) noexcept override;
  void listen(SagaListener* listener, async::Loop* loop) noexcept override;

  // Those that have not ended.
  std::size_t size() const noexcept { return sagas_.size(); }
  const SagaHistory* find(const Uuid& saga) const noexcept;
  // What has been appended since the start, ended sagas included.
  std::uint64_t appended() const noexcept { return appended_; }
  // As if the process died now: nothing that is appended is kept any more, the record that is just being
  // appended included.
  void freeze() noexcept { frozen_ = true; }
  // As if it had been started again: records are kept, and every saga may be claimed.
  void restart() noexcept;
  // From now on nothing can be made durable, until it is called with an empty text. `why` is static.
  void break_down(std::string_view why) noexcept { broken_ = why; }
  // Called before each record is kept, to watch, or to fail at it.
  std::function<void(const SagaRecord&)> on_append;

 private:
  struct Entry {
    SagaHistory history;
    bool released = false;
  };

  std::map<Uuid, Entry> sagas_;
  std::uint64_t appended_ = 0;
  std::string_view broken_;
  bool frozen_ = false;
  SagaListener* listener_ = nullptr;
};

}  // namespace zerver::flow
