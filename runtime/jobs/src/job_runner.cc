#include "job_run.h"
#include <zerver/flow/call/target.h>
#include <zerver/flow/data/text.h>
#include <zerver/flow/transaction/transaction.h>
#include <zerver/jobs/job_runner.h>

#include <algorithm>
#include <utility>

namespace zerver::jobs {

namespace {

// Before a store that has failed is asked again.
constexpr Duration kPause = Duration::from_seconds(1);
// How often queues are looked at that this program does not use any more.
constexpr Duration kLegacyPause = Duration::from_seconds(30);
// Behind it a job comes again that this program does not know, or has no place for.
constexpr Duration kStrangerPause = Duration::from_seconds(5);
constexpr Duration kNoPlacePause = Duration::from_milliseconds(100);

}  // namespace

// A queue, as this runner sees it.
struct JobRunner::Lane {
  Lane(JobRunner& the_runner, std::string queue, flow::InFlight* the_cap, bool legacy)
      : runner(the_runner), cap(the_cap), is_legacy(legacy) {
    claim.queue = std::move(queue);
  }

  struct Claim final : ClaimCall {
    explicit Claim(Lane& the_lane) noexcept
        : ClaimCall([](Job& job) noexcept {
            Lane& claimed = static_cast<Claim&>(job).lane;
            claimed.runner.claimed(claimed);
            claimed.runner.pump();
          }),
          lane(the_lane) {}
    Lane& lane;
  };

  void note_due(TimePoint due) noexcept {
    next_due = std::min(next_due, due);
    changed_due = std::min(changed_due, due);
  }

  JobRunner& runner;
  flow::InFlight* cap;  // null: none
  bool is_legacy;       // left behind by a program whose jobs had other bounds
  bool is_claiming = false;
  TimePoint next_due = TimePoint::never();     // as far as is known
  TimePoint changed_due = TimePoint::never();  // what was heard since the last claim was sent
  Claim claim{*this};
};

// One that a flow waits for; the flow may have been given up since.
struct JobRunner::Sent final : PutCall {
  explicit Sent(JobRunner& the_runner) noexcept
      : PutCall([](Job& job) noexcept {
          auto& self = static_cast<Sent&>(job);
          const Waiting waiting{self.request, self.operation};
          if (!self.runner.finish_put(self)) self.runner.wait_for_room(waiting);
        }),
        runner(the_runner) {}

  JobRunner& runner;
  const flow::JobRequest* request = nullptr;
  flow::Operation* operation = nullptr;
  Lane* lane = nullptr;
  TimePoint due;
  bool is_used = false;
};

struct JobRunner::Extension final : ExtendCall {
  explicit Extension(JobRunner& the_runner) noexcept
      : ExtendCall([](Job& job) noexcept { static_cast<Extension&>(job).runner.extended(); }),
        runner(the_runner) {
    queue = runner.group_.options().queue;
  }
  JobRunner& runner;
  TimePoint sent;
  bool is_under_way = false;
};

JobRunner::JobRunner(flow::Worker& worker, RunnerGroup& group, Bind bind)
    : worker_(worker),
      group_(group),
      bind_(std::move(bind)),
      counts_(std::make_unique<JobAttempts[]>(group.known().size())),
      most_(group.options().running),
      extension_(std::make_unique<Extension>(*this)),
      session_(group.store().session(worker.loop(), worker.clock(), this)) {
  const auto lane = [&](std::string queue, flow::InFlight* cap, bool legacy) {
    lanes_.push_back(std::make_unique<Lane>(*this, std::move(queue), cap, legacy));
  };
  lane(group.options().queue, nullptr, false);
  const bool is_durable = group.store().is_durable();
  for (const auto& [name, job] : group.known()) {
    if (job.in_flight != nullptr) {
      lane(job.queue, job.in_flight.get(), false);
    } else if (is_durable) {
      lane(job.queue + "/" + std::string(name), nullptr, true);
    }
  }
  if (group_.join(*this) && !group_.crons().empty()) {
    crons_ = std::make_unique<CronRunner>(
        worker_, group_, *session_, counts_.get(),
        [this](std::string_view queue) { note_put(queue, worker_.loop().now()); });
    wake();
  }
  if (!is_durable) return;
  // There may be something from before.
  for (const std::unique_ptr<Lane>& each : lanes_)
    each->next_due = TimePoint{};
  wake();
}

JobRunner::~JobRunner() {
  group_.leave(*this);
  stop();
  worker_.loop().stop(due_timer_);
  worker_.loop().stop(extend_timer_);
}

void JobRunner::only_forward() noexcept {
  most_ = 0;
  crons_.reset();
  has_room_.store(false, std::memory_order_relaxed);
}

// --- Putting ---

void JobRunner::put(const flow::JobRequest& request, flow::Reply<void> reply) {
  if (reply.operation().transaction() != nullptr) return put_in_transaction(request, reply.operation());
  // Who came before and waits goes first.
  if (waiting_.empty() && try_put(request, reply.operation())) return;
  wait_for_room({&request, &reply.operation()});
}

void JobRunner::wait_for_room(const Waiting& waiting) {
  waiting_.push_back(waiting);
  has_waiting_.store(true, std::memory_order_relaxed);
  // Room may have come since, and who made it not have seen that somebody waits.
  pump_soon();
}

bool JobRunner::joins(const flow::Target& target) const noexcept {
  const std::string_view database = group_.store().database();
  return !database.empty() && target.adapter != nullptr && target.adapter->database() == database;
}

// The database answers, and does what is asked of the operation from here on.
void JobRunner::put_in_transaction(const flow::JobRequest& request, flow::Operation& operation) {
  const KnownJob* const known = group_.find(request.job);
  if (known == nullptr) return operation.fail({FaultKind::kInternal, "this program has no such job", {}});
  std::string unique;
  const flow::Statement statement = group_.store().put_statement(new_job(request, *known, unique),
                                                                 worker_.clock().wall(), operation.arena());
  operation.transaction()->adapter().execute(statement, operation);
}

// Its texts are those of the request and of the program, and the one that is written into `unique`.
NewJob JobRunner::new_job(const flow::JobRequest& request, const KnownJob& known, std::string& unique) {
  NewJob job;
  job.id = Uuid::generate(worker_.random());
  job.queue = known.queue;
  job.name = known.info->name;
  job.arguments = request.arguments.view();
  job.after = request.after;
  job.priority = request.priority.value_or(known.flow->priority);
  if (!request.unique.empty())
    job.unique = unique.append(request.job).append(1, ':').append(request.unique.view());
  if (known.info->lease < Duration::max() - RunnerOptions::kSlack)
    job.lease = known.info->lease + RunnerOptions::kSlack;
  return job;
}

// False when there is no room.
bool JobRunner::try_put(const flow::JobRequest& request, flow::Operation& operation) {
  const KnownJob* const known = group_.find(request.job);
  if (known == nullptr) {
    flow::Reply<void>(operation).fail({FaultKind::kInternal, "this program has no such job", {}});
    return true;
  }
  auto free = std::ranges::find(sent_, false, [](const auto& each) { return each->is_used; });
  if (free == sent_.end()) free = sent_.insert(free, std::make_unique<Sent>(*this));
  Sent& sent = **free;
  sent.is_used = true;
  sent.request = &request;
  sent.operation = &operation;
  sent.lane = find_lane(known->queue);
  sent.due = worker_.loop().now() + request.after;
  operation.adapter_data = &sent;

  std::string unique;
  if (!session_->put(new_job(request, *known, unique), sent)) return true;
  return finish_put(sent);
}

// False when it is to be tried again.
bool JobRunner::finish_put(Sent& sent) {
  sent.is_used = false;
  flow::Operation* const operation = std::exchange(sent.operation, nullptr);
  if (operation != nullptr) operation->adapter_data = nullptr;
  if (sent.failed()) {
    if (operation != nullptr)
      flow::Reply<void>(*operation).fail({FaultKind::kUnavailable, String::borrowed(sent.why), {}});
    return true;
  }
  if (sent.result == Put::kFull) {
    return operation == nullptr;
  }
  if (sent.result == Put::kAccepted) {
    sent.lane->note_due(sent.due);
    pump_soon();
  }
  if (operation != nullptr) flow::Reply<void>(*operation).succeed();
  return true;
}

void JobRunner::cancel(flow::Operation& operation) noexcept {
  if (operation.transaction() != nullptr) return operation.transaction()->adapter().cancel(operation);
  if (operation.adapter_data != nullptr) {
    static_cast<Sent*>(operation.adapter_data)->operation = nullptr;
    operation.adapter_data = nullptr;
    return;
  }
  std::erase_if(waiting_, [&operation](const Waiting& each) { return each.operation == &operation; });
}

void JobRunner::let_go(flow::Operation& operation) noexcept {
  if (operation.transaction() != nullptr) return operation.transaction()->adapter().let_go(operation);
  cancel(operation);
}

void JobRunner::admit_waiting() noexcept {
  while (!waiting_.empty()) {
    const Waiting first = waiting_.front();
    // Before it is answered: its flow goes on at once, and may enqueue again.
    waiting_.pop_front();
    if (try_put(*first.request, *first.operation)) continue;
    waiting_.push_front(first);
    break;
  }
}

JobRunner::Lane* JobRunner::find_lane(std::string_view queue) noexcept {
  const auto lane =
      std::ranges::find(lanes_, queue, [](const auto& each) { return std::string_view(each->claim.queue); });
  return lane->get();
}

void JobRunner::note_put(std::string_view queue, TimePoint due) noexcept {
  find_lane(queue)->note_due(due);
  pump_soon();
}

// --- Claiming ---

void JobRunner::on_change() noexcept {
  for (const std::unique_ptr<Lane>& lane : lanes_)
    if (!lane->is_legacy) lane->note_due(worker_.loop().now());
  pump();
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
  on_change();
  if (crons_ != nullptr) crons_->look();
}

void JobRunner::pump() noexcept {
  admit_waiting();
  bool waits = !waiting_.empty();
  if (!stopped_ && !(draining_ && group_.store().is_durable())) {
    first_lane_ = (first_lane_ + 1) % lanes_.size();
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      pump(*lanes_[(first_lane_ + i) % lanes_.size()]);
    for (const std::unique_ptr<Lane>& lane : lanes_)
      waits = waits || (lane->cap != nullptr && lane->next_due <= worker_.loop().now());
    has_room_.store(room() != 0, std::memory_order_relaxed);
    wait_for_due();
  }
  has_waiting_.store(waits, std::memory_order_relaxed);
  if (on_idle_ && idle()) on_idle_();
}

void JobRunner::pump(Lane& lane) noexcept {
  while (!lane.is_claiming && lane.next_due <= worker_.loop().now()) {
    std::size_t limit = room();
    if (lane.cap != nullptr) {
      std::size_t places = 0;
      while (places < limit && lane.cap->try_enter())
        ++places;
      limit = places;
    }
    if (limit == 0) return;
    lane.is_claiming = true;
    lane.changed_due = TimePoint::never();
    reserved_ += limit;
    lane.claim.limit = limit;
    lane.claim.lease = group_.options().lease;
    if (!session_->claim(lane.claim)) return;
    claimed(lane);
  }
}

void JobRunner::claimed(Lane& lane) noexcept {
  const TimePoint now = worker_.loop().now();
  lane.is_claiming = false;
  reserved_ -= lane.claim.limit;
  std::size_t unused = lane.claim.limit;
  if (lane.claim.failed()) {
    lane.next_due = now + kPause;
    if (!std::exchange(is_failing_, true))
      worker_.log().write(LogLevel::kError, "the queue of jobs cannot be reached: " + lane.claim.why);
  } else {
    if (std::exchange(is_failing_, false))
      worker_.log().write(LogLevel::kInfo, "the queue of jobs can be reached again");
    lane.next_due = std::min(now + lane.claim.next_in, lane.changed_due);
    if (lane.is_legacy) lane.next_due = std::min(lane.next_due, now + kLegacyPause);
    unused -= lane.claim.jobs.size();
    // One that runs at once may make others wait for its end, not for its place.
    std::vector<ClaimedJob> jobs = std::move(lane.claim.jobs);
    for (ClaimedJob& job : jobs)
      begin(lane, std::move(job));
    jobs.clear();
    lane.claim.jobs = std::move(jobs);
  }
  if (lane.cap == nullptr || unused == 0) return;
  for (; unused != 0; --unused)
    lane.cap->leave();
  group_.wake_waiting();
}

void JobRunner::wait_for_due() noexcept {
  const TimePoint now = worker_.loop().now();
  TimePoint due = TimePoint::never();
  for (const std::unique_ptr<Lane>& lane : lanes_) {
    if (lane->is_claiming) continue;
    if (lane->next_due <= now && room() == 0) {
      // Who has to do with others has time later; who runs nothing himself has told them.
      group_.wake_idle(*this);
      if (most_ == 0) lane->next_due = TimePoint::never();
    }
    if (lane->next_due > now) due = std::min(due, lane->next_due);
  }
  if (due == TimePoint::never()) {
    worker_.loop().stop(due_timer_);
  } else {
    worker_.loop().start(due_timer_, due);
  }
}

// --- Running ---

JobRunner::Run& JobRunner::take_run() {
  if (free_.empty()) {
    runs_.push_back(std::make_unique<Run>(*this));
    free_.reserve(runs_.size());
    free_.push_back(runs_.back().get());
  }
  Run& run = *free_.back();
  free_.pop_back();
  ++running_;
  return run;
}

void JobRunner::put_back(Run& run) noexcept {
  run.reset();
  free_.push_back(&run);
  --running_;
  if (!group_.store().is_durable()) group_.wake_waiting();
  pump_soon();
}

void JobRunner::give_back(Lane& lane, Duration delay) noexcept {
  lane.note_due(worker_.loop().now() + delay);
}

void JobRunner::note_journal(std::string_view why) noexcept {
  if (std::exchange(is_journal_failing_, !why.empty()) == !why.empty()) return;
  if (why.empty()) return worker_.log().write(LogLevel::kInfo, "the journal of jobs can be used again");
  worker_.log().write(LogLevel::kError, "durable jobs wait: " + std::string(why));
}

void JobRunner::begin(Lane& lane, ClaimedJob&& job) noexcept {
  const KnownJob* const known = group_.find(job.name);
  Run& run = take_run();
  run.lane = &lane;
  extend_at(worker_.loop().now() + Duration{job.lease.nanoseconds / 3});
  if (known == nullptr) {
    if (strangers_.insert(job.name).second)
      worker_.log().write(
          LogLevel::kWarning,
          "jobs `" + job.name + "` wait, which this program does not have: they are left to others");
    return run.refuse(std::move(job), SettleCall::Kind::kRelease, kStrangerPause, {});
  }
  if (job.attempts > known->info->attempts) {
    worker_.log().write(
        LogLevel::kError,
        "job `" + job.name + "` has ended its worker, or has been lost with it, as often as it may");
    return run.refuse(std::move(job), SettleCall::Kind::kBury, {},
                      "the worker of its last attempt has not been heard of");
  }
  bool has_place = lane.cap != nullptr;
  if (known->in_flight != nullptr && !has_place) {
    has_place = known->in_flight->try_enter();
    if (!has_place) return run.refuse(std::move(job), SettleCall::Kind::kRelease, kNoPlacePause, {});
  }
  run.begin(std::move(job), *known, has_place);
}

// --- Leases ---

void JobRunner::extend_at(TimePoint when) noexcept {
  if (extend_timer_.running() && extend_timer_.when() <= when) return;
  worker_.loop().start(extend_timer_, when);
}

void JobRunner::extend() noexcept {
  if (extension_->is_under_way) return;
  const TimePoint now = worker_.loop().now();
  std::vector<ExtendCall::Entry>& entries = extension_->entries;
  entries.clear();
  TimePoint next = TimePoint::never();
  for (const std::unique_ptr<Run>& run : runs_) {
    if (!run->has_lease()) continue;
    if (run->leased_until <= now) {
      run->lose();
      continue;
    }
    if (run->extend_at <= now) {
      entries.push_back({{run->job().key, run->job().token}, run->job().lease});
    } else {
      next = std::min(next, run->extend_at);
    }
  }
  if (entries.empty()) {
    if (next != TimePoint::never()) extend_at(next);
    return;
  }
  extension_->is_under_way = true;
  extension_->sent = now;
  if (session_->extend(*extension_)) extended();
}

void JobRunner::extended() noexcept {
  extension_->is_under_way = false;
  const TimePoint now = worker_.loop().now();
  for (const ExtendCall::Entry& entry : extension_->entries) {
    const auto found = std::ranges::find_if(runs_, [&](const std::unique_ptr<Run>& run) {
      return run->has_lease() && run->job().key == entry.lease.key && run->job().token == entry.lease.token;
    });
    if (found == runs_.end()) continue;  // it has ended meanwhile
    Run& run = **found;
    if (extension_->failed()) {
      run.extend_at = now + std::min(kPause, Duration{run.job().lease.nanoseconds / 3});
    } else if (entry.lost) {
      run.lose();
    } else {
      run.leased_until = extension_->sent + entry.span;
      run.extend_at = extension_->sent + Duration{entry.span.nanoseconds / 3};
    }
  }
  TimePoint next = TimePoint::never();
  for (const std::unique_ptr<Run>& run : runs_)
    if (run->has_lease()) next = std::min(next, std::min(run->extend_at, run->leased_until));
  if (next != TimePoint::never()) extend_at(next);
}

// --- The end ---

void JobRunner::drain(TimePoint until, std::function<void()> on_idle) {
  draining_ = true;
  if (crons_ != nullptr) crons_->stop();
  drain_until_ = until;
  on_idle_ = std::move(on_idle);
  if (group_.store().is_durable()) has_room_.store(false, std::memory_order_relaxed);
  pump();
}

bool JobRunner::idle() const noexcept {
  if (stopped_) return flows_ == 0;
  if (running_ != 0 || reserved_ != 0) return false;
  if (group_.store().is_durable()) return true;
  const TimePoint end = std::max(worker_.loop().now(), drain_until_);
  return std::ranges::none_of(lanes_, [end](const auto& lane) { return lane->next_due <= end; });
}

void JobRunner::stop() noexcept {
  stopped_ = true;
  if (crons_ != nullptr) crons_->stop();
  for (const std::unique_ptr<Run>& run : runs_)
    if (run->has_flow()) run->cancel();
}

void JobRunner::discard() noexcept {
  stopped_ = true;
  if (crons_ != nullptr) crons_->stop();
  for (const std::unique_ptr<Run>& run : runs_)
    run->die();
}

}  // namespace zerver::jobs
