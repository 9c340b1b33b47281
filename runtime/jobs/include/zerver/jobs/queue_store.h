// What holds jobs, and messages, until they are done: the interface that memory, databases and brokers
// implement.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/priority.h>
#include <zerver/core/arena.h>
#include <zerver/core/clock.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/call/operation.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::jobs {

// What is put into a queue. Texts are read before QueueSession::put() returns.
struct NewJob {
  Uuid id = {};
  std::string_view queue = {};
  std::string_view name = {};       // what it is, for whoever claims it; may be empty
  std::string_view arguments = {};  // any bytes
  Duration after = {};              // not before this time from now
  async::Priority priority = async::Priority::kNormal;
  // While one of the same queue and text waits or runs, this one is not needed. Empty: always needed.
  std::string_view unique = {};
  // The longest that a claim of it lasts without being extended; max(): as long as the claim says.
  Duration lease = Duration::max();
};

// What has been claimed, for as long as the lease holds.
struct ClaimedJob {
  Uuid id;
  std::uint64_t key = 0;    // the store's own, for QueueLease
  std::uint64_t token = 0;  // larger for each claim of the same job: whoever has an older one has lost it
  std::string name;
  std::string arguments;
  std::uint32_t attempts = 0;  // that have begun, this one included
  async::Priority priority = async::Priority::kNormal;
  Duration lease = {};  // from the claim on
};

// Which claim is meant.
struct QueueLease {
  std::uint64_t key = 0;
  std::uint64_t token = 0;
};

// One that nobody tries any more.
struct DeadLetter {
  std::string id;
  std::string job;        // its name
  std::string queue;      // where it is listed: `dead_letter` of the job; may be empty
  std::string arguments;  // JSON, of jobs
  std::string why;        // of a job the body of the last failure, a problem document
  std::uint32_t attempts = 0;
  Timestamp at = {};
};

struct RunningJob {
  std::string id;
  std::string job;
  std::uint32_t attempts = 0;
  Timestamp leased_until = {};
};

// --- What is asked of a store ---

// One request; pinned until it is done. done() runs on the loop of the session that it was handed to.
class QueueCall : public async::Job {
 public:
  std::string why;  // it has failed, for people; empty when it has not
  bool failed() const noexcept { return !why.empty(); }

 protected:
  explicit QueueCall(Run done) noexcept : Job(done) {}
  ~QueueCall() = default;
};

enum class Put : std::uint8_t {
  kAccepted,   // it is as safe as this store makes it
  kDuplicate,  // one with the same `unique` is there
  kFull,       // try again when something has been done
};

struct PutCall : QueueCall {
  explicit PutCall(Run done) noexcept : QueueCall(done) {}
  Put result = Put::kAccepted;
};

// The jobs of one queue that are due: the classes of priority one before the other, with ageing, inside a
// class what has been due for longest.
struct ClaimCall : QueueCall {
  explicit ClaimCall(Run done) noexcept : QueueCall(done) {}
  std::string queue;
  std::size_t limit = 1;
  Duration lease = {};

  std::vector<ClaimedJob> jobs;
  // When there may be more, from now: zero when there is more already, max() when nobody can tell.
  Duration next_in = Duration::max();
};

// The end of a claim. A lease that has been lost changes nothing, and is told.
struct SettleCall : QueueCall {
  explicit SettleCall(Run done) noexcept : QueueCall(done) {}
  enum class Kind : std::uint8_t {
    kAck,      // done: it is forgotten
    kNack,     // again, behind `delay`
    kRelease,  // again at once, as if this attempt had not begun
    kBury,     // it becomes a dead letter
  };
  Kind kind = Kind::kAck;
  std::string queue;  // from which it was claimed, or one above
  QueueLease lease;
  Duration delay = {};
  std::string_view dead_letter = {};  // static, or as `reason`
  std::string_view reason = {};       // of kBury; read before settle() returns

  bool lost = false;
};

// The leases begin anew.
struct ExtendCall : QueueCall {
  explicit ExtendCall(Run done) noexcept : QueueCall(done) {}
  struct Entry {
    QueueLease lease;
    Duration span = {};
    bool lost = false;  // the result
  };
  std::string queue;  // from which they were claimed, or one above
  std::vector<Entry> entries;
};

// A time has come at which a cron is to run: puts the job, once for all who ask.
struct FireCall : QueueCall {
  explicit FireCall(Run done) noexcept : QueueCall(done) {}
  enum class Result : std::uint8_t {
    kFired,
    kEarlier,  // this time, or one behind it, has been fired or passed over already
    kBusy,     // a job with its `unique` is there: passed over when `skips`, else to be tried again
  };
  std::string cron;
  Timestamp at;
  bool skips = false;

  Result result = Result::kFired;
};

// The last time for which a cron has been fired or passed over; that it is known from `now` on if it was not.
struct CronCall : QueueCall {
  explicit CronCall(Run done) noexcept : QueueCall(done) {}
  std::string queue;
  std::string cron;
  Timestamp now;

  Timestamp last;
};

// What is in a queue and those below it (`jobs/...`), for people.
struct ListCall : QueueCall {
  explicit ListCall(Run done) noexcept : QueueCall(done) {}
  std::string queue;
  std::size_t limit = 100;  // of what is listed

  std::uint64_t waiting = 0;  // ready, delayed, or to be tried again
  std::uint64_t running = 0;
  std::uint64_t dead = 0;
  std::vector<RunningJob> running_jobs;
  std::vector<DeadLetter> dead_letters;  // the oldest first
};

// What an operator decides about a dead letter.
struct ReviveCall : QueueCall {
  explicit ReviveCall(Run done) noexcept : QueueCall(done) {}
  std::string queue;  // in which it was, or one above
  Uuid id;
  bool drop = false;  // else it waits again, with no attempt begun

  bool found = false;
};

// --- The store ---

// Who wants to know that there may be something to claim.
class QueueListener {
 public:
  // Some queue has changed in a way that the answers to claims have not told. On the session's loop.
  virtual void on_change() noexcept = 0;

 protected:
  ~QueueListener() = default;
};

// A store as one worker sees it. Of that worker's thread. Each function returns true when the call is done
// already; else it is run by the loop when it is, unless the session is gone by then: its destructor, which
// runs when the loop does not, forgets them.
class QueueSession {
 public:
  virtual ~QueueSession() = default;
  [[nodiscard]] virtual bool put(const NewJob& job, PutCall& call) noexcept = 0;
  [[nodiscard]] virtual bool claim(ClaimCall& call) noexcept = 0;
  [[nodiscard]] virtual bool settle(SettleCall& call) noexcept = 0;
  [[nodiscard]] virtual bool extend(ExtendCall& call) noexcept = 0;
  // `job.unique` is what must not be there twice.
  [[nodiscard]] virtual bool fire(const NewJob& job, FireCall& call) noexcept = 0;
  [[nodiscard]] virtual bool cron(CronCall& call) noexcept = 0;
  [[nodiscard]] virtual bool list(ListCall& call) noexcept = 0;
  [[nodiscard]] virtual bool revive(ReviveCall& call) noexcept = 0;
};

// Opened once for a process. Any thread.
class QueueStore {
 public:
  virtual ~QueueStore() = default;
  // Before that worker runs. `listener` may be null; it and the loop outlive the session.
  virtual std::unique_ptr<QueueSession> session(async::Loop& loop, const Clock& clock,
                                                QueueListener* listener) = 0;
  // What has been accepted outlives the process.
  virtual bool is_durable() const noexcept = 0;

  // The database in which the queue is kept, as flow::Adapter::database() names it: a put can be a statement
  // of its transactions. Empty: there is none.
  virtual std::string_view database() const noexcept { return {}; }
  // That statement. It does nothing when one with the same `unique` is there; those who claim hear of the job
  // when the transaction is committed. Refers to the job's queue, name and arguments. `now` is the time of
  // the one who asks. Only of stores with a database. Throws ArenaFull.
  virtual flow::Statement put_statement(const NewJob& job, Timestamp now, Arena& arena) const {
    static_cast<void>(job), static_cast<void>(now), static_cast<void>(arena);
    return {};
  }
};

// How far a class of priority is behind: one goes before one of a more urgent class that is due later by more
// than the difference.
constexpr Duration lead_of(async::Priority priority) noexcept {
  return priority == async::Priority::kInteractive ? Duration{}
         : priority == async::Priority::kNormal    ? Duration::from_milliseconds(50)
                                                   : Duration::from_seconds(1);
}

}  // namespace zerver::jobs
