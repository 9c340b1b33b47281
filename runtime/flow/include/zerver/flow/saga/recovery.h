// Takes care of the sagas that their flows could not end: of a process that died, with an undo that failed,
// or with a step of which nobody knows whether it has happened.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/task.h>
#include <zerver/core/arena.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/saga/log.h>
#include <zerver/flow/saga/plan.h>
#include <zerver/flow/service.h>
#include <zerver/flow/worker.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::flow {

// A package of the service, and what its flows reach on the worker of the recovery.
struct SagaPackage {
  const PackageInfo* package = nullptr;
  std::vector<Target*> targets;
  std::vector<Rate*> rates = {};
};

struct SagaRecoverySettings {
  Duration first_wait = Duration::from_seconds(1);      // before something is tried again; it doubles, up to
  Duration longest_wait = Duration::from_seconds(300);  // this
  Duration claim_every = Duration::from_seconds(30);    // to look for what others have left; sooner at first
  Duration attempt = Duration::from_seconds(30);        // for one undo with all its retries
  std::size_t at_once = 16;                             // sagas
};

// One that has not ended.
struct OpenSaga {
  SagaHistory history;
  std::string why;          // it waits for people; empty while the recovery can still do something
  unsigned rounds = 0;      // that could not settle it
  std::size_t blocked = 0;  // position in history.runs of the run that `why` is about
};

// Used by the worker's thread, but for open(). `log`, the worker and the targets outlive it.
class SagaRecovery final : private SagaListener {
 public:
  SagaRecovery(Worker& worker, SagaLog& log, std::vector<SagaPackage> packages,
               const SagaRecoverySettings& settings = {});
  ~SagaRecovery();
  SagaRecovery(const SagaRecovery&) = delete;
  SagaRecovery& operator=(const SagaRecovery&) = delete;

  // Claims what there is, now and from then on.
  void start();
  // Whether all that has been claimed has ended, or waits for people.
  bool settled() const noexcept;
  // Those that have been claimed and have not ended. Any thread.
  std::vector<OpenSaga> open() const;

  // Settles what waits for people. Run 0: the saga as a whole is done with. False when there is none of that
  // name, or it is just being worked at.
  bool resolve(const Uuid& saga, std::uint32_t run, SagaVerdict verdict);

 private:
  struct Item;
  struct Wakeup final : async::Timer {
    explicit Wakeup(SagaRecovery& recovery) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Wakeup&>(timer).owner.on_timer(); }),
          owner(recovery) {}
    SagaRecovery& owner;
  };
  struct Claim final : SagaClaim {
    explicit Claim(SagaRecovery& recovery) noexcept
        : SagaClaim(recovery.worker_->loop(),
                    [](Job& job) noexcept { static_cast<Claim&>(job).owner.on_claimed(); }),
          owner(recovery) {}
    SagaRecovery& owner;
  };

  void on_released() noexcept override;
  void on_timer() noexcept;
  void on_claimed() noexcept;
  void wake_at(TimePoint when) noexcept;
  void reap();
  void begin_due();
  void plan_wakeup() noexcept;
  const SagaPackage* package_of(std::string_view flow) const noexcept;
  const SagaStepInfo* find(const SagaPackage* package, std::string_view step) const noexcept;
  SagaAction plan(const Item& item) const;
  void record(Item& item, SagaRecordKind kind, std::uint32_t run = 0, std::string_view data = {});
  void publish();
  static async::Task<void> settle(Arena& arena, SagaRecovery& recovery, Item& item);
  static async::Task<bool> perform(Arena& arena, Exchange& exchange, SagaRecovery& recovery, Item& item,
                                   SagaAction action);
  void give_away(Item& item);
  void note_outcome(Item& item, const SagaStepInfo& step, SagaAction action, const Result<void>& outcome,
                    const void* captured);
  void tell(const Item& item, LogLevel level, std::string_view what) noexcept;

  Worker* worker_;
  SagaLog* log_;
  std::vector<SagaPackage> packages_;
  SagaRecoverySettings settings_;
  std::list<Item> items_;
  Wakeup timer_{*this};
  Claim claim_{*this};
  TimePoint next_claim_;
  // Doubles: of a process that has just died, a server knows a little later.
  Duration look_again_;
  bool claiming_ = false;
  mutable std::mutex mutex_;
  std::vector<OpenSaga> published_;  // guarded by mutex_
};

// For an operator: one line a saga and one a run, or JSON.
std::string to_text(std::span<const OpenSaga> sagas);
void write_json(JsonWriter& out, std::span<const OpenSaga> sagas);

}  // namespace zerver::flow
