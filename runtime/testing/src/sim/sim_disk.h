// What a simulated process leaves behind: journals and a queue, in files whose commits take time.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/core/random.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/saga/log.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/sim_loop.h>
#include <zerver/testing/sim_world.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace zerver::testing {

// Writes are collected while a commit is under way, and are the next one. All of a commit is there or
// nothing.
class SimFile final {
 public:
  struct Write {
    const void* owner;            // who waits; null: nobody
    std::function<void()> apply;  // when it is committed
    std::function<void()> tell;   // whoever waits, behind all of the commit; empty: nobody does
  };

  // Both outlive it.
  SimFile(SimLoop& loop, Random& random, const DiskPlan& plan) noexcept
      : loop_(&loop), random_(&random), plan_(plan) {}
  ~SimFile() { loop_->stop(end_); }
  SimFile(const SimFile&) = delete;
  SimFile& operator=(const SimFile&) = delete;

  void write(Write write);
  // Behind what has been written so far. False when all of that is committed: nothing waits.
  bool wait(Write write);
  void forget(const void* owner) noexcept;

  // The process has died: the commit under way has come to its end or not, what waited for the next one is
  // lost, and nothing is written until it is there again.
  void lose();
  void find_again() noexcept { is_lost_ = false; }

 private:
  struct Begin final : async::Job {
    explicit Begin(SimFile& the_file) noexcept
        : Job([](Job& job) noexcept { static_cast<Begin&>(job).file.begin(); }), file(the_file) {}
    SimFile& file;
  };
  struct End final : async::Timer {
    explicit End(SimFile& the_file) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<End&>(timer).file.end(); }), file(the_file) {}
    SimFile& file;
  };

  void begin() noexcept;
  void end() noexcept;

  SimLoop* loop_;
  Random* random_;
  DiskPlan plan_;
  std::vector<Write> next_;
  std::vector<Write> written_;  // by the commit under way
  bool begin_is_posted_ = false;
  bool is_lost_ = false;
  Begin begin_{*this};
  End end_{*this};
};

// The journal of sagas as the process sees it; `kept` is what is on the disk.
class SimSagaLog final : public flow::SagaLog, private flow::SagaListener {
 public:
  SimSagaLog(flow::MemorySagaLog& kept, SimFile& file) noexcept : kept_(&kept), file_(&file) {}

  std::string_view refuses() const noexcept override { return kept_->refuses(); }
  bool can_be_taken_over() const noexcept override { return kept_->can_be_taken_over(); }
  void append(const flow::SagaRecord& record) noexcept override;
  bool sync(flow::LogSync& sync) noexcept override;
  void abandon(flow::LogSync& sync) noexcept override { file_->forget(&sync); }
  bool claim(flow::SagaClaim& claim) noexcept override { return kept_->claim(claim); }
  void abandon(flow::SagaClaim& claim) noexcept override { kept_->abandon(claim); }
  void listen(flow::SagaListener* listener, async::Loop* loop) noexcept override;

 private:
  struct Tell final : async::Job {
    explicit Tell(SimSagaLog& the_log) noexcept
        : Job([](Job& job) noexcept { static_cast<Tell&>(job).log.tell(); }), log(the_log) {}
    SimSagaLog& log;
  };

  void on_released() noexcept override;
  void tell() noexcept;

  flow::MemorySagaLog* kept_;
  SimFile* file_;
  flow::SagaListener* listener_ = nullptr;
  async::Loop* loop_ = nullptr;
  bool is_told_ = false;
  Tell tell_{*this};
};

// The same for the journal of durable jobs.
class SimJobJournal final : public flow::JobJournal {
 public:
  SimJobJournal(flow::MemoryJobJournal& kept, SimFile& file) noexcept : kept_(&kept), file_(&file) {}

  bool is_durable() const noexcept override { return true; }
  bool open(flow::JournalOpen& open) noexcept override;
  void abandon(flow::JournalOpen& open) noexcept override { file_->forget(&open); }
  void append(const flow::JournalRecord& record) noexcept override;
  void close(const Uuid& job) noexcept override { kept_->close(job); }
  flow::JournalStats stats() const noexcept override { return kept_->stats(); }
  bool sync(flow::LogSync& sync) noexcept override;
  void abandon(flow::LogSync& sync) noexcept override { file_->forget(&sync); }

 private:
  flow::MemoryJobJournal* kept_;
  SimFile* file_;
};

// The same for the queue of jobs: each call is answered by a commit.
class SimQueue final : public jobs::QueueStore {
 public:
  // The loop is the world's, whose time goes on while no process is there.
  SimQueue(jobs::JobStore& kept, SimFile& file, SimLoop& loop) noexcept
      : kept_(&kept), file_(&file), loop_(&loop) {}

  std::unique_ptr<jobs::QueueSession> session(async::Loop& loop, const Clock& clock,
                                              jobs::QueueListener* listener) override;
  bool is_durable() const noexcept override { return true; }

 private:
  class Session;

  jobs::JobStore* kept_;
  SimFile* file_;
  SimLoop* loop_;
};

}  // namespace zerver::testing
