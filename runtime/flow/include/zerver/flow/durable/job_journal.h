// What durable jobs have done: an entry for each effect that has ended, so that the next attempt reads its
// answer instead of performing it again.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/log_sync.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::flow {

// The numbers are stored: they are never reused.
enum class JournalRecordKind : std::uint8_t {
  kOpened = 1,   // an attempt has begun: `name` is the job's, `data` its shape
  kEntry = 2,    // `name` is the continuation, `data` how it has ended, as JSON
  kParked = 3,   // the job is a dead letter: whoever revives it may begin with any token
  kDropped = 4,  // the job is done: the journal forgets it
};

// One line. A view: the journal keeps copies.
struct JournalRecord {
  Uuid job;
  std::uint64_t token = 0;  // of the attempt's lease; what has an older one than the journal is refused
  JournalRecordKind kind = JournalRecordKind::kEntry;
  std::string_view name;
  std::string_view data;
  Timestamp at;
};

struct JournalEntry {
  std::string continuation;
  std::string data;
};

// What is known of one job.
struct JobHistory {
  Uuid id;
  std::string job;    // qualified
  std::string shape;  // of the program that began it: DurableRun::shape_of()
  Timestamp began;
  Timestamp touched;  // by its last record
  bool parked = false;
  std::vector<JournalEntry> entries;  // in the order in which they were made
};

// What an attempt begins with. Pinned until it is posted.
class JournalOpen : public async::Job {
 public:
  async::Loop& loop() const noexcept { return *loop_; }

  Uuid id;
  std::uint64_t token = 0;
  std::string_view name;   // of the job; read before open() returns, as is
  std::string_view shape;  // this program's
  Timestamp at;

  JobHistory history;    // what there is
  bool lost = false;     // somebody has opened it with a newer token
  std::string_view why;  // it could not be read or written, static; empty when it could

 protected:
  JournalOpen(async::Loop& loop, Run opened) noexcept : Job(opened), loop_(&loop) {}
  ~JournalOpen() = default;

 private:
  async::Loop* loop_;
};

struct JournalStats {
  std::uint64_t open = 0;     // of attempts that run here
  std::uint64_t records = 0;  // appended since the start
  std::uint64_t refused = 0;  // of them, as their lease was lost
};

// Of one process. What one thread appends keeps its order. Any worker's thread.
class JobJournal : public DurableLog {
 public:
  virtual ~JobJournal() = default;

  // What it holds outlives the process.
  virtual bool is_durable() const noexcept = 0;
  // Takes the job over for the holder of the token: who has an older one appends nothing any more. True when
  // the history is there already; else `open` is posted to its loop. close() follows.
  virtual bool open(JournalOpen& open) noexcept = 0;
  using DurableLog::abandon;
  // `open` is about to be destroyed, and its loop does not run any more.
  virtual void abandon(JournalOpen& open) noexcept = 0;
  // Keeps a copy, and makes it durable soon; a LogSync of the same job tells when, or that it is refused.
  virtual void append(const JournalRecord& record) noexcept = 0;
  // The attempt is over: nothing more is appended for it.
  virtual void close(const Uuid& job) noexcept = 0;
  virtual JournalStats stats() const noexcept = 0;
};

// Keeps the jobs that are not done, as long as it lives.
class MemoryJobJournal final : public JobJournal {
 public:
  bool is_durable() const noexcept override { return false; }
  bool open(JournalOpen& open) noexcept override;
  void abandon(JournalOpen& open) noexcept override;
  void append(const JournalRecord& record) noexcept override;
  void close(const Uuid& job) noexcept override;
  JournalStats stats() const noexcept override;
  bool sync(LogSync& sync) noexcept override;
  void abandon(LogSync& sync) noexcept override;

  std::size_t size() const;
  std::vector<JobHistory> list() const;
  // As if the process died now: nothing that is appended is kept any more, until it is started again.
  void freeze() noexcept;
  void restart() noexcept;
  // From now on nothing can be kept, until it is called with an empty text. `why` is static.
  void break_down(std::string_view why) noexcept;
  // Called before each record is kept, without a lock held; it may freeze the journal. Set before any worker
  // runs.
  std::function<void(const JournalRecord&)> on_append;

 private:
  struct Entry {
    JobHistory history;
    std::uint64_t token = 0;
  };

  std::string_view refuses(const Uuid& job) const noexcept;

  mutable std::mutex mutex_;  // guards all below
  std::map<Uuid, Entry> jobs_;
  std::map<Uuid, bool> open_;  // attempts that run, and whether they have been refused
  JournalStats stats_;
  std::string_view broken_;
  bool frozen_ = false;
};

}  // namespace zerver::flow
