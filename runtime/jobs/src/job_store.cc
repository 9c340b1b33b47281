#include <zerver/flow/call/policy.h>
#include <zerver/jobs/job_store.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace zerver::jobs {

namespace {

async::ReadyQueueOptions ready_options() {
  async::ReadyQueueOptions options;
  options.capacity.fill(std::numeric_limits<std::size_t>::max());  // the store's own bound counts
  return options;
}

// The longest wait behind attempt `attempts`: the first, doubled with each, up to the cap.
Duration longest_wait(const flow::JobInfo& job, std::uint32_t attempts) noexcept {
  const std::int64_t cap = std::max(job.backoff_first, job.backoff_cap).nanoseconds;
  std::int64_t wait = job.backoff_first.nanoseconds;
  for (std::uint32_t i = 1; i < attempts && wait < cap; ++i)
    wait = wait > cap / 2 ? cap : wait * 2;
  return {wait};
}

}  // namespace

JobStore::JobStore(std::span<const flow::PackageInfo* const> packages, const JobLimits& limits)
    : packages_(packages.begin(), packages.end()), limits_(limits), ready_(ready_options()) {
  for (std::size_t i = 0; i < packages_.size(); ++i) {
    for (const flow::JobInfo& job : packages_[i]->jobs)
      known_.emplace(job.name, Known{&job, i});
  }
}

// What is ready goes out of its queue before it goes.
JobStore::~JobStore() {
  while (ready_.pop() != nullptr) {
  }
}

JobStore::Put JobStore::put(const flow::JobRequest& request, TimePoint now, Random& random) {
  const auto known = known_.find(request.job);
  if (known == known_.end()) return Put::kUnknown;
  const auto& [info, package] = known->second;
  std::string unique;
  if (!request.unique.empty()) unique.append(request.job).append(1, '\0').append(request.unique.view());

  auto job = std::make_unique<QueuedJob>();
  job->info = info;
  job->package = package;
  job->arguments = request.arguments.view();
  job->unique = unique;
  job->at = request.priority.value_or(packages_[package]->flows[info->flow].priority);
  job->due = now + request.after;
  Uuid::generate(random).write(job->id.data());

  const std::lock_guard lock(mutex_);
  if (!unique.empty() && unique_.contains(unique)) {
    ++counts_.duplicates;
    return Put::kDuplicate;
  }
  if (waiting_.size() + counts_.running >= limits_.waiting) return Put::kFull;
  if (!unique.empty()) unique_.insert(std::move(unique));
  ++counts_.accepted;
  insert(std::move(job));
  return Put::kAccepted;
}

void JobStore::insert(std::unique_ptr<QueuedJob> job) {
  job->number = ++numbers_;
  QueuedJob& entry = *job;
  waiting_.emplace(Key{entry.due, entry.number}, std::move(job));
  if (entry.due <= looked_until_) static_cast<void>(ready_.push(entry, entry.at, entry.due));  // has no bound
}

std::unique_ptr<QueuedJob> JobStore::take(TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (auto due = waiting_.upper_bound(Key{looked_until_, std::numeric_limits<std::uint64_t>::max()});
       due != waiting_.end() && due->first.first <= now; ++due)
    static_cast<void>(ready_.push(*due->second, due->second->at, due->second->due));
  looked_until_ = std::max(looked_until_, now);
  async::Scheduled* const next = ready_.pop();
  if (next == nullptr) return nullptr;
  const auto& entry = static_cast<const QueuedJob&>(*next);
  auto taken = waiting_.extract(Key{entry.due, entry.number});
  ++counts_.running;
  ++taken.mapped()->attempts;
  return std::move(taken.mapped());
}

void JobStore::succeeded(std::unique_ptr<QueuedJob> job) {
  const std::lock_guard lock(mutex_);
  --counts_.running;
  ++counts_.succeeded;
  unique_.erase(job->unique);
}

void JobStore::failed(std::unique_ptr<QueuedJob> job, std::string_view why, TimePoint now, Random& random) {
  const std::lock_guard lock(mutex_);
  --counts_.running;
  ++counts_.failed;
  if (job->attempts >= job->info->attempts) return bury(*job, why);
  // Full jitter, as the retries of a policy.
  const auto longest = static_cast<std::uint64_t>(longest_wait(*job->info, job->attempts).nanoseconds);
  job->due = now + Duration{static_cast<std::int64_t>(random.below(longest + 1))};
  insert(std::move(job));
}

void JobStore::bury(const QueuedJob& job, std::string_view why) {
  ++counts_.dead;
  unique_.erase(job.unique);
  if (dead_letters_.size() >= limits_.dead_letters && !dead_letters_.empty()) dead_letters_.pop_front();
  if (limits_.dead_letters == 0) return;
  dead_letters_.push_back({std::string(job.id.data(), job.id.size()), job.info->name, job.info->dead_letter,
                           job.arguments, std::string(why), job.attempts});
}

TimePoint JobStore::next_due() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() ? TimePoint::never() : waiting_.begin()->first.first;
}

JobCounts JobStore::counts() const {
  const std::lock_guard lock(mutex_);
  JobCounts counts = counts_;
  counts.waiting = waiting_.size();
  counts.dead_letters = dead_letters_.size();
  return counts;
}

std::vector<DeadLetter> JobStore::dead_letters() const {
  const std::lock_guard lock(mutex_);
  return {dead_letters_.begin(), dead_letters_.end()};
}

}  // namespace zerver::jobs
