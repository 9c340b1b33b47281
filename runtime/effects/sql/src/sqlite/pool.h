// The threads that talk to one SQLite database, so that no worker ever waits for it: one that writes, some
// that read.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/output_buffer.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/call/operation.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace zerver::effects::sqlite {

// One statement on its way. The loop's thread fills it and gets it back, posted to its loop, when it has run;
// in between it belongs to the pool. It keeps copies of all parameters, because the flow may give up on it
// and be gone.
class StatementJob : public async::Job {
 public:
  StatementJob(async::Loop& loop, Run back) : Job(back), loop_(&loop) {}

  // `statement.text` is static. A database that is still locked at `lock_deadline` fails the statement.
  void set(const flow::Statement& statement, Wanted wanted,
           std::chrono::steady_clock::time_point lock_deadline);

  const flow::RowSet& rows() const noexcept { return rows_; }
  const Outcome& outcome() const noexcept { return outcome_; }

 private:
  friend class Pool;

  async::Loop* loop_;
  std::string_view text_;
  std::vector<flow::Value> parameters_;
  OutputBuffer bytes_;  // of text parameters
  Wanted wanted_ = Wanted::kRows;
  Patience patience_;
  bool discarded_ = false;  // guarded by the pool's mutex
  flow::RowSet rows_;
  Outcome outcome_;
};

class Pool {
 public:
  static constexpr std::size_t kReaders = 4;

  Pool() = default;
  // Has no jobs any more.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Opens the database, applies or checks the schema when there is one, and starts the threads. Empty, or
  // what is wrong.
  [[nodiscard]] std::string open(const std::string& path, std::string_view schema, std::size_t queue_bound);
  // For a further target of the same database.
  [[nodiscard]] std::string use_also(std::string_view schema, std::size_t queue_bound);

  // False when the queue is full. Any thread.
  [[nodiscard]] bool submit(StatementJob& job);
  // Runs the job at once, on this thread, and returns when it has ended; it is not posted. Waits for a
  // connection when all are in use. Any thread.
  void perform(StatementJob& job);
  // Nobody waits for the job any more: true when it had not begun and will not be posted, else it is ended
  // soon and posted.
  bool abandon(StatementJob& job) noexcept;
  // The job is about to be destroyed, and its loop does not run any more: waits until it has ended; it is not
  // posted.
  void discard(StatementJob& job) noexcept;

 private:
  struct Lane {
    std::deque<StatementJob*> queue;
    std::condition_variable ready;
  };
  struct Member {
    Connection connection;
    StatementJob* running = nullptr;  // guarded by mutex_; on its own thread, or on one in perform()
    std::thread thread;
  };

  Lane& lane_of(std::string_view text) noexcept;
  bool take_from_queue(const StatementJob& job) noexcept;
  void end_soon(StatementJob& job) noexcept;
  void serve(Member& member, Lane& lane);
  // True when a reader got a statement that writes: it has not run.
  [[nodiscard]] bool run(Member& member, StatementJob& job, std::unique_lock<std::mutex>& lock);
  bool perform_on(std::size_t first, std::size_t end, StatementJob& job, std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  Lane writes_;  // guarded by mutex_, like all below
  Lane reads_;
  std::size_t queue_bound_ = 0;
  std::condition_variable ended_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Member>> members_;  // the writer first; not changed while threads run
};

}  // namespace zerver::effects::sqlite
