// One attempt of a job on a worker: its flow, then the word to the store about how it went.
#pragma once

#include <zerver/flow/durable/durable_run.h>
#include <zerver/flow/exchange.h>
#include <zerver/jobs/job_runner.h>

#include <array>
#include <optional>
#include <string>

namespace zerver::jobs {

// An exchange without a client: its request names the job, its response says how it went.
class JobRunner::Run final : public flow::Exchange {
 public:
  explicit Run(JobRunner& runner) noexcept;
  ~Run();

  // Begins the attempt; with `place` it has one in the job's `in_flight`.
  void begin(ClaimedJob&& claimed, const KnownJob& known, bool place) noexcept;
  // It is not run: only this is said about it.
  void refuse(ClaimedJob&& claimed, SettleCall::Kind kind, Duration delay, std::string why);
  // The lease is over, or has been lost: somebody else has the job.
  void lose() noexcept;
  // With its process: the flow is destroyed, and nothing is said about it.
  void die() noexcept;

  bool has_lease() const noexcept { return has_lease_; }
  bool has_flow() const noexcept { return has_flow_; }
  const ClaimedJob& job() const noexcept { return job_; }

  Lane* lane = nullptr;  // from which it was claimed
  TimePoint leased_until;
  TimePoint extend_at;

 private:
  struct Settle final : SettleCall {
    explicit Settle(JobRunner::Run& the_run) noexcept
        : SettleCall([](Job& job) noexcept { static_cast<Settle&>(job).run_of.settled(); }),
          run_of(the_run) {}
    JobRunner::Run& run_of;
  };
  struct Again final : async::Timer {
    explicit Again(JobRunner::Run& the_run) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Again&>(timer).run_of.settle(); }), run_of(the_run) {}
    JobRunner::Run& run_of;
  };

  struct Open final : flow::JournalOpen {
    explicit Open(JobRunner::Run& the_run) noexcept
        : JournalOpen(the_run.worker().loop(),
                      [](Job& job) noexcept { static_cast<Open&>(job).run_of.opened(); }),
          run_of(the_run) {}
    JobRunner::Run& run_of;
  };

  static void on_finish(Exchange& exchange) noexcept;
  void open_journal() noexcept;
  void opened() noexcept;
  void start() noexcept;
  void begin_flow() noexcept;
  void leave_place() noexcept;
  void close_journal() noexcept;
  void take(ClaimedJob&& claimed) noexcept;
  void finished() noexcept;
  void settle() noexcept;
  void settled() noexcept;
  void end() noexcept;
  void note_slack() noexcept;
  void count_end() noexcept;
  std::string name() const;

  JobRunner& runner_;
  ClaimedJob job_;
  const KnownJob* known_ = nullptr;
  JobAttempts* counts_ = nullptr;  // null: a job that this program does not know
  TimePoint begun_;
  std::array<char, Uuid::kText> id_{};
  Header header_;
  std::string why_;  // of a refusal
  Timestamp due_;    // of a cron's run
  bool has_place_ = false;
  bool has_flow_ = false;
  bool has_lease_ = false;
  bool is_opening_ = false;  // the journal
  Open open_{*this};
  std::optional<flow::DurableRun> durable_;  // of a durable job, from there on
  Duration pause_ = {};                      // before the store is told again
  Settle settle_{*this};
  Again again_{*this};
};

}  // namespace zerver::jobs
