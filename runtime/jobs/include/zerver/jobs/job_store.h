// Jobs in memory: those that wait, that run, and that have failed for good.
#pragma once

#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/core/time.h>
#include <zerver/jobs/queue_store.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace zerver::jobs {

struct JobLimits {
  std::size_t waiting = 10'000;      // jobs that wait or run; `enqueue` waits while it is so many
  std::size_t dead_letters = 1'000;  // that are kept; the oldest goes first
};

struct JobCounts {
  std::size_t waiting = 0;  // ready, delayed, or to be tried again
  std::size_t running = 0;
  std::size_t dead_letters = 0;  // that are listed
  // Since the start:
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;  // not needed: one with the same `unique` was there
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;  // attempts
  std::uint64_t dead = 0;    // jobs, those that are not listed any more included
};

// What it holds is gone with the process. Every call is done at once. No clock of its own: sessions say what
// time it is. Any thread.
class JobStore final : public QueueStore {
 public:
  explicit JobStore(const JobLimits& limits = {});
  ~JobStore() override;
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  std::unique_ptr<QueueSession> session(async::Loop& loop, const Clock& clock,
                                        QueueListener* listener) override;
  bool is_durable() const noexcept override { return false; }

  JobCounts counts() const;
  // The oldest first.
  std::vector<DeadLetter> dead_letters() const;

 private:
  class Session;
  struct Queue;
  struct Entry;
  using Key = std::pair<TimePoint, std::uint64_t>;  // due, or the end of a lease; number

  Put put(const NewJob& job, TimePoint now);
  void claim(ClaimCall& call, TimePoint now);
  void settle(SettleCall& call, TimePoint now, Timestamp wall);
  void extend(ExtendCall& call, TimePoint now);
  void fire(const NewJob& job, FireCall& call, TimePoint now);
  void cron(CronCall& call);
  void list(ListCall& call, TimePoint now, Timestamp wall) const;
  void revive(ReviveCall& call, TimePoint now);

  Queue& queue(std::string_view name);
  Put add(const NewJob& job, TimePoint now);
  void wait(std::unique_ptr<Entry> entry);
  void expire(TimePoint now);
  std::unique_ptr<Entry> end_claim(const QueueLease& lease);
  void bury(std::unique_ptr<Entry> entry, const SettleCall& call, Timestamp wall);

  JobLimits limits_;
  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Entry>> running_;  // by number
  std::set<Key> leases_;                                               // of running_
  std::size_t waiting_ = 0;
  std::deque<std::pair<DeadLetter, std::unique_ptr<Entry>>> dead_letters_;
  std::map<std::pair<std::string, std::string>, Timestamp> crons_;  // by queue and name
  std::uint64_t numbers_ = 0;
  JobCounts counts_;
};

}  // namespace zerver::jobs
