// A `tx { }` as its flow sees it: operations of one target that happen together or not at all.
#pragma once

#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/flow/call/call.h>
#include <zerver/flow/exchange.h>
#include <zerver/flow/job/job.h>

#include <coroutine>
#include <cstdint>
#include <optional>

namespace zerver::flow {

// What a transaction may see of others; each one is at least what it is called, as in the SQL standard.
enum class Isolation : std::uint8_t { kDefault, kReadCommitted, kRepeatableRead, kSerializable };

// Lives in the flow's frame, around the calls that are part of it (CallBase::set_transaction). One that goes
// without having been committed is rolled back, whatever it goes by: an error, an exception, the end of its
// request. Loop thread only.
//
//   Transaction tx(exchange, 0);
//   ... calls ...
//   co_await tx.commit(call);
//   if (!tx.committed()) ...
class Transaction {
 public:
  // `target` is the position in PackageInfo::targets; so often it may be repeated behind a conflict.
  Transaction(Exchange& exchange, std::uint16_t target, Isolation isolation = Isolation::kDefault,
              std::uint32_t retries = 0) noexcept
      : exchange_(&exchange), target_(target), isolation_(isolation), retries_(retries) {}
  ~Transaction() { roll_back(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // --- For adapters ---

  // What the adapter keeps it by: set by the first operation that opens it, taken back when the commit
  // begins, and left for Adapter::roll_back() else. Null: nothing is open.
  void* adapter_data = nullptr;
  bool is_open() const noexcept { return adapter_data != nullptr; }
  Isolation isolation() const noexcept { return isolation_; }
  // Of its target.
  Adapter& adapter() const noexcept;
  // The operation that fails now, with `conflict`, has met another transaction: all of it again may go well.
  void note_conflict() noexcept { met_another_ = true; }

  // --- For generated code ---

  // Keeps it until the commit: part of it where the queue is kept by the same target (Adapter::joins), else
  // handed over behind it. What `job` refers to is static or in the request's arena. Throws ArenaFull.
  void enqueue(const CallSite& site, const JobRequest& job, Shield shield = Shield::kNone);

  // `co_await tx.commit(call)`: performs `call`, which is the `@commit` of the target, when anything is open,
  // and hands over what was enqueued. Throws ArenaFull.
  class Commit;
  [[nodiscard]] Commit commit(ValueCall<void>& call);
  // How that went. What fails behind the commit is handing over: everything else stays.
  const Result<void>& committed() const noexcept { return committed_; }

  // Behind a failure: rolls back, and says whether it is to be run once more.
  [[nodiscard]] bool again() noexcept;

 private:
  // One `enqueue`, in the request's arena.
  struct Request {
    const CallSite* site;
    JobRequest job;
    Shield shield;
    Request* next = nullptr;
  };

  void roll_back() noexcept;
  static async::Task<Result<void>> run_commit(Arena& arena, Transaction& transaction, ValueCall<void>& call);
  static async::Task<Result<void>> run_enqueues(Arena& arena, Transaction& transaction, bool join);

  Exchange* exchange_;
  std::uint16_t target_;
  Isolation isolation_;
  std::uint32_t retries_;
  bool met_another_ = false;
  Request* first_request_ = nullptr;
  Request* last_request_ = nullptr;
  Result<void> committed_ = Fault{FaultKind::kCancelled, "it was never committed", {}};
};

class [[nodiscard]] Transaction::Commit {
 public:
  Commit(Transaction& transaction, ValueCall<void>& call);
  Commit(const Commit&) = delete;
  Commit& operator=(const Commit&) = delete;

  bool await_ready() const noexcept { return call_ == nullptr && !task_; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept;
  void await_resume() noexcept;

 private:
  Transaction* transaction_;
  ValueCall<void>* call_ = nullptr;                // alone; null: nothing is open
  std::optional<async::Task<Result<void>>> task_;  // when something was enqueued
};

}  // namespace zerver::flow
