#include <zerver/flow/data/text.h>
#include <zerver/jobs/job_runner.h>

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <utility>

namespace zerver::jobs {

// --- Runners of one store ---

void RunnerGroup::join(JobRunner& runner) {
  const std::lock_guard lock(mutex_);
  runners_.push_back(&runner);
}

void RunnerGroup::leave(JobRunner& runner) {
  const std::lock_guard lock(mutex_);
  std::erase(runners_, &runner);
}

void RunnerGroup::wake_idle(const JobRunner& busy) noexcept {
  const std::lock_guard lock(mutex_);
  const auto idle = std::ranges::find_if(runners_, [&busy](const JobRunner* runner) {
    return runner != &busy && runner->has_room_.load(std::memory_order_relaxed);
  });
  if (idle != runners_.end()) (*idle)->wake();
}

void RunnerGroup::wake_waiting() noexcept {
  const std::lock_guard lock(mutex_);
  for (JobRunner* const runner : runners_) {
    if (runner->has_waiting_.load(std::memory_order_relaxed)) runner->wake();
  }
}

// --- One attempt ---

// An exchange without a client: its request names the job, its response says how it went.
class JobRunner::Run final : public flow::Exchange {
 public:
  explicit Run(JobRunner& runner) noexcept : Exchange(runner.worker_, &Run::on_finish), runner_(runner) {}

  void begin(std::unique_ptr<QueuedJob> queued) noexcept {
    job = std::move(queued);
    request.method_name = "JOB";
    request.path = job->info->name;
    // The same for all attempts: what is done twice is known by it.
    header_ = {"Idempotency-Key", {job->id.data(), job->id.size()}};
    request.headers = {&header_, 1};
  }

  std::unique_ptr<QueuedJob> job;

 private:
  static void on_finish(Exchange& exchange) noexcept {
    auto& run = static_cast<Run&>(exchange);
    run.runner_.finished(run);
  }

  JobRunner& runner_;
  Header header_;
};

// --- One worker ---

JobRunner::JobRunner(flow::Worker& worker, RunnerGroup& group, Bind bind)
    : worker_(worker), group_(group), bind_(std::move(bind)), most_(group.store().limits().running) {
  group_.join(*this);
}

JobRunner::~JobRunner() {
  group_.leave(*this);
  stop();
  worker_.loop().stop(timer_);
}

void JobRunner::only_forward() noexcept {
  most_ = 0;
  has_room_.store(false, std::memory_order_relaxed);
}

void JobRunner::put(const flow::JobRequest& request, flow::Reply<void> reply) {
  // Who came before and waits goes first.
  if (waiting_.empty() && try_put(request, reply)) return;
  waiting_.push_back({&request, &reply.operation()});
  has_waiting_.store(true, std::memory_order_relaxed);
  // Room may have come since, and who made it not have seen that somebody waits.
  pump_soon();
}

bool JobRunner::try_put(const flow::JobRequest& request, flow::Reply<void> reply) {
  switch (group_.store().put(request, worker_.loop().now(), worker_.random())) {
    case JobStore::Put::kAccepted:
      pump_soon();
      break;
    case JobStore::Put::kDuplicate:
      break;
    case JobStore::Put::kFull:
      return false;
    case JobStore::Put::kUnknown:
      reply.fail({FaultKind::kInternal, "this program has no such job", {}});
      return true;
  }
  reply.succeed();
  return true;
}

void JobRunner::cancel(flow::Operation& operation) noexcept {
  std::erase_if(waiting_, [&operation](const Waiting& each) { return each.operation == &operation; });
}

void JobRunner::admit_waiting() noexcept {
  while (!waiting_.empty()) {
    const Waiting first = waiting_.front();
    // Before it is answered: its flow goes on at once, and may enqueue again.
    waiting_.pop_front();
    if (try_put(*first.request, flow::Reply<void>(*first.operation))) continue;
    waiting_.push_front(first);
    break;
  }
  has_waiting_.store(!waiting_.empty(), std::memory_order_relaxed);
}

void JobRunner::pump_soon() noexcept {
  if (std::exchange(pump_is_coming_, true)) return;
  worker_.loop().defer(pump_job_);
}

void JobRunner::on_pump() noexcept {
  pump_is_coming_ = false;
  pump();
}

void JobRunner::wake() noexcept {
  if (!wake_is_coming_.exchange(true, std::memory_order_acq_rel)) worker_.loop().post(wake_job_);
}

void JobRunner::on_wake() noexcept {
  wake_is_coming_.store(false, std::memory_order_release);
  pump();
}

void JobRunner::pump() noexcept {
  admit_waiting();
  if (stopped_) return;
  JobStore& store = group_.store();
  const TimePoint now = worker_.loop().now();
  while (running_ < most_) {
    std::unique_ptr<QueuedJob> job = store.take(now);
    if (job == nullptr) break;
    begin(std::move(job));
  }
  has_room_.store(running_ < most_, std::memory_order_relaxed);
  const TimePoint due = store.next_due();
  if (due <= now) return group_.wake_idle(*this);
  if (due == TimePoint::never()) {
    worker_.loop().stop(timer_);
  } else {
    worker_.loop().start(timer_, due);
  }
  if (on_idle_ && idle()) on_idle_();
}

void JobRunner::begin(std::unique_ptr<QueuedJob> job) {
  if (free_.empty()) {
    runs_.push_back(std::make_unique<Run>(*this));
    free_.reserve(runs_.size());
    free_.push_back(runs_.back().get());
  }
  Run& run = *free_.back();
  free_.pop_back();
  ++running_;
  run.begin(std::move(job));
  const flow::JobInfo& info = *run.job->info;
  bind_(run.job->package, run);
  // No gate is set: nothing holds it back.
  static_cast<void>(run.Exchange::begin(group_.store().packages()[run.job->package]->flows[info.flow]));
  if (info.run(run, run.job->arguments) == flow::Handled::kNow) {
    run.note_end();
    finished(run);
  }
}

void JobRunner::finished(Run& run) noexcept {
  constexpr std::uint16_t kFirstError = 400;
  JobStore& store = group_.store();
  std::unique_ptr<QueuedJob> job = std::move(run.job);
  if (run.response.status < kFirstError) {
    store.succeeded(std::move(job));
  } else {
    if (job->attempts >= job->info->attempts) {
      worker_.log().write(LogLevel::kError,
                          "job `" + std::string(job->info->name) + "` " +
                              std::string(job->id.data(), job->id.size()) +
                              " has failed for the last time: " + std::string(run.response.body));
    }
    store.failed(std::move(job), run.response.body, worker_.loop().now(), worker_.random());
  }
  run.reset();
  free_.push_back(&run);
  --running_;
  group_.wake_waiting();
  pump_soon();
}

// --- The end ---

void JobRunner::drain(TimePoint until, std::function<void()> on_idle) {
  drain_until_ = until;
  on_idle_ = std::move(on_idle);
  pump();
}

bool JobRunner::idle() const noexcept {
  return running_ == 0 &&
         (stopped_ || group_.store().next_due() > std::max(worker_.loop().now(), drain_until_));
}

void JobRunner::stop() noexcept {
  stopped_ = true;
  for (const std::unique_ptr<Run>& run : runs_) {
    if (run->job != nullptr) run->cancel();
  }
}

}  // namespace zerver::jobs
