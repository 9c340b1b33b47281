// Jobs that wait, those that have failed for good, and what is due next: one store for all workers.
#pragma once

#include <zerver/async/scheduling/ready_queue.h>
#include <zerver/core/random.h>
#include <zerver/core/time.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/service.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::jobs {

struct JobLimits {
  std::size_t waiting = 10'000;  // jobs that wait or run, of all workers; `enqueue` waits while it is so many
  std::size_t dead_letters = 1'000;  // that are kept; the oldest goes first
  unsigned running = 32;             // at the same time, of one worker
};

// One job, from when it was handed over until it has succeeded or is dead.
struct QueuedJob final : async::Scheduled {
  QueuedJob() noexcept : Scheduled(nullptr) {}

  const flow::JobInfo* info = nullptr;
  std::size_t package = 0;  // position in what JobStore was made with
  std::array<char, Uuid::kText> id{};
  std::string arguments;
  std::string unique;  // as it is in the index; empty: none
  async::Priority at = async::Priority::kNormal;
  std::uint32_t attempts = 0;  // that have begun
  TimePoint due;
  std::uint64_t number = 0;  // in the order of arrival
};

// A job that has failed as often as it may.
struct DeadLetter {
  std::string id;
  std::string_view job;    // qualified name
  std::string_view queue;  // `dead_letter` of the job; may be empty
  std::string arguments;   // JSON
  std::string why;         // the body of the last failure, a problem document
  std::uint32_t attempts = 0;
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

// In memory: what it holds is gone with the process. Any thread. No clock of its own: callers say what time
// it is.
class JobStore {
 public:
  enum class Put : std::uint8_t { kAccepted, kDuplicate, kFull, kUnknown };

  // The packages live as long as the store.
  explicit JobStore(std::span<const flow::PackageInfo* const> packages, const JobLimits& limits = {});
  ~JobStore();
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  const JobLimits& limits() const noexcept { return limits_; }
  std::span<const flow::PackageInfo* const> packages() const noexcept { return packages_; }

  // Copies what it keeps. kUnknown: no package has a job of that name.
  Put put(const flow::JobRequest& request, TimePoint now, Random& random);
  // What is to run now: the classes of priority one before the other, with ageing, inside a class what has
  // been due for longest. Null when nothing is due. What is taken comes back through one of the two below.
  std::unique_ptr<QueuedJob> take(TimePoint now);
  void succeeded(std::unique_ptr<QueuedJob> job);
  // To be tried again after its backoff, or dead.
  void failed(std::unique_ptr<QueuedJob> job, std::string_view why, TimePoint now, Random& random);
  // When there will be something to take; in the past when there is; never() for an empty store.
  TimePoint next_due() const;

  JobCounts counts() const;
  // The oldest first.
  std::vector<DeadLetter> dead_letters() const;

 private:
  struct Known {
    const flow::JobInfo* info;
    std::size_t package;
  };
  using Key = std::pair<TimePoint, std::uint64_t>;  // due, number

  void insert(std::unique_ptr<QueuedJob> job);
  void bury(const QueuedJob& job, std::string_view why);

  std::vector<const flow::PackageInfo*> packages_;
  JobLimits limits_;
  std::map<std::string_view, Known, std::less<>> known_;

  mutable std::mutex mutex_;  // guards all below
  std::map<Key, std::unique_ptr<QueuedJob>> waiting_;
  async::ReadyQueue ready_;  // those of `waiting_` that were due when somebody looked
  TimePoint looked_until_;
  std::set<std::string, std::less<>> unique_;
  std::deque<DeadLetter> dead_letters_;
  std::uint64_t numbers_ = 0;
  JobCounts counts_;
};

}  // namespace zerver::jobs
