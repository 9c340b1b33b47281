// Where sagas write down what they do, so that somebody can take it back when they cannot.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/flow/durable/log_sync.h>
#include <zerver/flow/saga/record.h>

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace zerver::flow {

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
class SagaLog : public DurableLog {
 public:
  virtual ~SagaLog() = default;

  // Why no saga may begin, and no step of one, as it could not be written down; empty when they may.
  virtual std::string_view refuses() const noexcept = 0;
  // Whether others may go on with a saga that this process works at, because it cannot reach the log. Then it
  // does nothing about that saga without having written it down, and leaves it to them.
  virtual bool can_be_taken_over() const noexcept { return false; }
  // Keeps a copy, and makes it durable soon. When that fails it is tried again, as long as the process lives.
  virtual void append(const SagaRecord& record) noexcept = 0;

  // Takes over the sagas that nobody works at: released ones of this process, and all of processes that are
  // gone. True when the claim has them already; else it is posted to its loop. One claim at a time.
  virtual bool claim(SagaClaim& claim) noexcept = 0;
  using DurableLog::abandon;
  // `claim` is about to be destroyed, and its loop does not run any more.
  virtual void abandon(SagaClaim& claim) noexcept = 0;
  // Told on that loop's thread, perhaps from within append(); nullptr for nobody. Has an end before the
  // listener has one.
  virtual void listen(SagaListener* listener, async::Loop* loop) noexcept = 0;
};

// What SagaLog::claim() answers with.
class SagaClaim : public async::Job {
 public:
  SagaClaim(async::Loop& loop, Run claimed) noexcept : Job(claimed), loop_(&loop) {}
  async::Loop& loop() const noexcept { return *loop_; }

  std::vector<SagaHistory> sagas;
  std::vector<Uuid> lost;  // claimed before, and somebody else has them by now
  std::string_view why;    // what went wrong, static; empty when nothing did

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
  bool can_be_taken_over() const noexcept override { return is_shared_; }
  void append(const SagaRecord& record) noexcept override;
  bool sync(LogSync& sync) noexcept override;
  void abandon(LogSync& sync) noexcept override;
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
  // As if other processes had it, too.
  void share() noexcept { is_shared_ = true; }
  // One of them has taken the saga over, and works at it: what is appended about it is refused.
  void take_over(const Uuid& saga) { taken_.insert(saga); }
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
  std::set<Uuid> taken_;
  bool is_shared_ = false;
  bool frozen_ = false;
  SagaListener* listener_ = nullptr;
};

}  // namespace zerver::flow
