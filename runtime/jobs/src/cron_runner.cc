#include <zerver/jobs/cron_runner.h>
#include <zerver/jobs/cron_times.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace zerver::jobs {

namespace {

// The clock may be set meanwhile.
constexpr Duration kLongestWait = Duration::from_seconds(60);
// Before a store that has failed, or a run that is not over, is asked about again.
constexpr Duration kPauseBehindFailure = Duration::from_seconds(1);

}  // namespace

struct CronRunner::Entry {
  Entry(CronRunner& the_runner, const KnownCron& the_cron)
      : runner(the_runner), cron(the_cron), fire(*this), begin(*this) {}

  struct Fire final : FireCall {
    explicit Fire(Entry& the_entry) noexcept
        : FireCall([](Job& job) noexcept {
            Entry& of = static_cast<Fire&>(job).entry;
            of.runner.fired(of);
            of.runner.tick();
          }),
          entry(the_entry) {}
    Entry& entry;
  };
  struct Begin final : CronCall {
    explicit Begin(Entry& the_entry) noexcept
        : CronCall([](Job& job) noexcept {
            Entry& of = static_cast<Begin&>(job).entry;
            of.runner.begin(of);
            of.runner.tick();
          }),
          entry(the_entry) {}
    Entry& entry;
  };

  CronRunner& runner;
  const KnownCron& cron;
  std::optional<Timestamp> next;  // to be fired; null: never, or not known yet
  bool is_known = false;          // since when it runs
  bool is_under_way = false;
  bool is_busy = false;  // the run before is not over
  TimePoint not_before;  // after a failure
  std::string due;       // `next` as the run is told it
  Fire fire;
  Begin begin;
};

CronRunner::CronRunner(flow::Worker& worker, const RunnerGroup& group, QueueSession& session,
                       JobAttempts* counts, OnPut on_put)
    : worker_(worker), session_(session), counts_(counts), on_put_(std::move(on_put)) {
  for (const KnownCron& cron : group.crons())
    entries_.push_back(std::make_unique<Entry>(*this, cron));
}

CronRunner::~CronRunner() { worker_.loop().stop(wake_); }

void CronRunner::look() noexcept {
  for (const std::unique_ptr<Entry>& entry : entries_)
    if (std::exchange(entry->is_busy, false)) entry->not_before = TimePoint{};
  tick();
}

void CronRunner::stop() noexcept {
  stopped_ = true;
  worker_.loop().stop(wake_);
}

// It is known when it was fired last: times that have passed since are made up for as it says.
void CronRunner::begin(Entry& entry) noexcept {
  entry.is_under_way = false;
  if (entry.begin.failed()) {
    entry.not_before = worker_.loop().now() + kPauseBehindFailure;
    return;
  }
  entry.is_known = true;
  const flow::CronInfo& info = *entry.cron.info;
  const Timestamp now = worker_.clock().wall();
  const Timestamp since = info.catch_up == Duration{} ? now : std::max(entry.begin.last, now - info.catch_up);
  entry.next = entry.cron.times.next(since);
  if (info.overlap != flow::Overlap::kSkip) return;
  // One run is enough for all of them.
  while (entry.next && *entry.next <= now) {
    const std::optional<Timestamp> later = entry.cron.times.next(*entry.next);
    if (!later || *later > now) break;
    entry.next = later;
  }
}

void CronRunner::tick() noexcept {
  if (stopped_) return;
  const TimePoint now = worker_.loop().now();
  const Timestamp wall = worker_.clock().wall();
  for (const std::unique_ptr<Entry>& each : entries_) {
    Entry& entry = *each;
    while (!entry.is_under_way && entry.not_before <= now && !entry.is_known) {
      entry.begin.queue = entry.cron.job->queue;
      entry.begin.cron = entry.cron.info->job.name;
      entry.begin.now = wall;
      entry.is_under_way = true;
      if (session_.cron(entry.begin)) begin(entry);
    }
    while (!entry.is_under_way && entry.not_before <= now && entry.is_known && entry.next &&
           *entry.next <= wall)
      fire(entry);
  }
  wait();
}

void CronRunner::fire(Entry& entry) noexcept {
  const KnownJob& known = *entry.cron.job;
  NewJob job;
  job.id = Uuid::generate(worker_.random());
  job.queue = known.queue;
  job.name = known.info->name;
  job.priority = known.flow->priority;
  entry.due = due_argument(*entry.next);
  job.arguments = entry.due;
  if (entry.cron.info->overlap != flow::Overlap::kAllow) job.unique = known.info->name;
  entry.fire.cron = known.info->name;
  entry.fire.at = *entry.next;
  entry.fire.skips = entry.cron.info->overlap == flow::Overlap::kSkip;
  entry.is_under_way = true;
  if (session_.fire(job, entry.fire)) fired(entry);
}

void CronRunner::fired(Entry& entry) noexcept {
  entry.is_under_way = false;
  const std::string_view name = entry.cron.info->job.name;
  if (entry.fire.failed()) {
    entry.not_before = worker_.loop().now() + kPauseBehindFailure;
    if (!std::exchange(is_failing_, true))
      worker_.log().write(LogLevel::kError,
                          "cron `" + std::string(name) + "` cannot be fired: " + entry.fire.why);
    return;
  }
  is_failing_ = false;
  if (entry.fire.result == FireCall::Result::kBusy) {
    if (!entry.fire.skips) {
      entry.is_busy = true;
      entry.not_before = worker_.loop().now() + kPauseBehindFailure;
      return;
    }
    worker_.log().write(LogLevel::kWarning,
                        "cron `" + std::string(name) + "` is passed over: the run before is not over");
    counts_[entry.cron.job->position].passed_over.add();
  }
  if (entry.fire.result == FireCall::Result::kFired) on_put_(entry.cron.job->queue);
  entry.next = entry.cron.times.next(*entry.next);
}

void CronRunner::wait() noexcept {
  const TimePoint now = worker_.loop().now();
  const Timestamp wall = worker_.clock().wall();
  TimePoint wake = TimePoint::never();
  for (const std::unique_ptr<Entry>& entry : entries_) {
    if (entry->is_under_way || (entry->is_known && !entry->next)) continue;
    const Duration wait =
        entry->is_known ? std::clamp(*entry->next - wall, Duration{}, kLongestWait) : Duration{};
    wake = std::min(wake, std::max(now + wait, entry->not_before));
  }
  if (wake == TimePoint::never()) {
    worker_.loop().stop(wake_);
  } else {
    worker_.loop().start(wake_, wake);
  }
}

}  // namespace zerver::jobs
