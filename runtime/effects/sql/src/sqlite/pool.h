// The threads that talk to one SQLite database, so that no worker ever waits for it: one that writes, some
// that read.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/output_buffer.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/effects/system.h>
#include <zerver/flow/call/operation.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace zerver::effects::sqlite {

// A `tx { }`: while it is open, the connection that writes is its own. Its owner keeps it until a job that
// ends it has come back.
struct Session {};

// A statement whose rows are read in parts.
struct Reading {
  Cursor cursor;
  std::unique_ptr<Connection> own;  // kept for the next one; none of a database in memory
};

// One statement, or the end of a transaction, on its way. The loop's thread fills it and gets it back, posted
// to its loop, when it has run; in between it belongs to the pool. It keeps copies of all parameters, because
// the flow may give up on it and be gone.
class StatementJob : public async::Job {
 public:
  StatementJob(async::Loop& loop, Run back) : Job(back), loop_(&loop) {}

  // `statement.text` is static. A database that is still locked at `lock_deadline` fails the statement. Of
  // one that inserts rows, set_insert() follows.
  void set(const flow::Statement& statement, Wanted wanted,
           std::chrono::steady_clock::time_point lock_deadline);
  // It inserts `values`, which are exchanged for others whose memory is of use; `first` is the number of the
  // first one among all that are inserted, from 0.
  void set_insert(std::unique_ptr<flow::RowSet>& values, std::size_t first) noexcept;
  // What was set is part of the transaction, and `opens` it.
  void set_session(Session& session, bool opens) noexcept {
    session_ = &session;
    task_ = opens ? Task::kOpen : Task::kGoOn;
  }
  void set_end(Session& session, bool commits) noexcept;
  // Nothing of the transaction stays, whose session goes on to its end.
  void set_undo(Session& session) noexcept;
  // The rows of what was set are read in parts: the next one. Opens it at the first.
  void set_read(Reading& reading) noexcept;
  void set_close(Reading& reading) noexcept;

  const flow::RowSet& rows() const noexcept { return rows_; }
  const Outcome& outcome() const noexcept { return outcome_; }

 private:
  friend class Pool;

  enum class Task : std::uint8_t {
    kAlone,     // a statement that is a transaction of its own
    kOpen,      // the first one of a session
    kGoOn,      // a further one
    kCommit,    //
    kRollBack,  //
    kUndo,      // all of the transaction; its session is not over
    kRead,      // the next rows of a reading
    kClose,     // its end
  };

  void set_task(Session& session, Task task) noexcept;

  async::Loop* loop_;
  std::string_view text_;
  std::vector<flow::Value> parameters_;
  OutputBuffer bytes_;                                                       // of text parameters
  std::unique_ptr<flow::RowSet> values_ = std::make_unique<flow::RowSet>();  // of one that inserts rows
  bool inserts_ = false;                                                     // it is one
  std::size_t first_ = 0;                                                    // of them, among all
  Wanted wanted_ = Wanted::kRows;
  Task task_ = Task::kAlone;
  Session* session_ = nullptr;
  Reading* reading_ = nullptr;
  Patience patience_;
  bool discarded_ = false;  // guarded by the pool's mutex
  flow::RowSet rows_;
  Outcome outcome_;
};

// Statements that write and wait at the same time are one transaction of SQLite, with one commit: each ends
// as it would have alone, and none before that commit.
class Pool {
 public:
  static constexpr std::size_t kConnections = 5;  // the one that writes included
  static constexpr std::size_t kMaxBatch = 64;    // statements under one commit

  Pool() = default;
  // Has no jobs any more.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  struct Settings {
    std::string_view schema = {};
    std::size_t queue_bound = 0;
    std::size_t connections = kConnections;
    bool durable = false;  // a commit waits for the disk
  };

  // Opens the database, applies or checks the schema when there is one, and starts the threads. Empty, or
  // what is wrong.
  [[nodiscard]] std::string open(const std::string& path, const Settings& settings);
  // For a further target of the same database.
  [[nodiscard]] std::string use_also(std::string_view schema, std::size_t queue_bound);

  // Any thread.
  PoolState state() const;

  // False when the queue is full; never for a session or a reading that is open. Any thread.
  [[nodiscard]] bool submit(StatementJob& job);
  // Runs a job without session at once, on this thread: true when it has ended, and is not posted. False when
  // the connection that it needs belongs to a session: it is submitted. Waits for a connection when all run a
  // statement. Any thread.
  [[nodiscard]] bool perform(StatementJob& job);
  // Nobody waits for the job any more: true when it had not begun and will not be posted, else it is ended
  // soon and posted. A commit that has not begun becomes a rollback.
  bool abandon(StatementJob& job) noexcept;
  // The job is about to be destroyed, and its loop does not run any more: waits until it has ended; it is not
  // posted.
  void discard(StatementJob& job) noexcept;
  // So is the session, which has no job: rolled back when this returns.
  void discard(Session& session) noexcept;
  // And the reading: closed when this returns.
  void discard(Reading& reading) noexcept;

 private:
  struct Lane {
    std::deque<StatementJob*> queue;
    std::condition_variable ready;
  };
  struct Member {
    Connection connection;
    StatementJob* running = nullptr;  // guarded by mutex_; on its own thread, or on one in perform()
    bool busy = false;                // guarded by mutex_; also between the jobs of a batch
    std::thread thread;
  };
  using Lock = std::unique_lock<std::mutex>;

  Lane& lane_of(const StatementJob& job) noexcept;
  bool take_from_queue(const StatementJob& job) noexcept;
  void serve(Member& member, Lane& lane);
  StatementJob* next(const Member& member, Lane& lane) noexcept;
  void give_back(StatementJob& job, bool needs_writer) noexcept;

  // With the mutex, which is free while they run. True when a reader got a statement that writes: it has not
  // run.
  [[nodiscard]] bool run(Member& member, StatementJob& job, Lock& lock) noexcept;
  void run_batch(Member& member, StatementJob& first, Lock& lock) noexcept;
  void run_together(Member& member, std::size_t& done, bool& together, Lock& lock) noexcept;

  // Without it.
  bool execute(Connection& connection, StatementJob& job) noexcept;
  Outcome read(Connection& connection, StatementJob& job);

  Member& writer() const noexcept { return *members_.front(); }

  std::string path_;  // of the database; empty: in memory
  mutable std::mutex mutex_;
  Lane writes_;  // guarded by mutex_, like all below
  Lane reads_;
  std::size_t queue_bound_ = 0;
  std::condition_variable ended_;
  bool stopping_ = false;
  const Session* open_ = nullptr;                 // that has the writer
  std::vector<StatementJob*> batch_;              // of the writer
  std::vector<std::unique_ptr<Member>> members_;  // the writer first; not changed while threads run
};

}  // namespace zerver::effects::sqlite
