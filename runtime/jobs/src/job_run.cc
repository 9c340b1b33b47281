#include "job_run.h"

#include <zerver/flow/request/problem.h>
#include <zerver/jobs/cron_times.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace zerver::jobs {

namespace {

constexpr std::uint16_t kFirstError = 400;
constexpr std::uint16_t kConflict = 409;
// Behind it a job comes again whose journal cannot be used.
constexpr Duration kNoJournalPause = Duration::from_seconds(1);
constexpr Duration kFirstPause = Duration::from_milliseconds(200);
constexpr Duration kLongestPause = Duration::from_seconds(5);

// The longest wait behind attempt `attempts`: the first, doubled with each, up to the cap.
Duration longest_wait(const flow::JobInfo& job, std::uint32_t attempts) noexcept {
  const std::int64_t cap = std::max(job.backoff_first, job.backoff_cap).nanoseconds;
  std::int64_t wait = job.backoff_first.nanoseconds;
  for (std::uint32_t i = 1; i < attempts && wait < cap; ++i)
    wait = wait > cap / 2 ? cap : wait * 2;
  return {wait};
}

// Full jitter, as the retries of a policy.
Duration backoff(const flow::JobInfo& job, std::uint32_t attempts, Random& random) noexcept {
  const auto longest = static_cast<std::uint64_t>(longest_wait(job, attempts).nanoseconds);
  return {static_cast<std::int64_t>(random.below(longest + 1))};
}

}  // namespace

JobRunner::Run::Run(JobRunner& runner) noexcept : Exchange(runner.worker_, &Run::on_finish), runner_(runner) {
  settle_.queue = runner.group_.options().queue;
}

JobRunner::Run::~Run() {
  runner_.worker_.loop().stop(again_);
  if (is_opening_) runner_.group_.journal().abandon(open_);
}

std::string JobRunner::Run::name() const {
  return "job `" + job_.name + "` " + std::string(id_.data(), id_.size());
}

void JobRunner::Run::take(ClaimedJob&& claimed) noexcept {
  job_ = std::move(claimed);
  job_.id.write(id_.data());
  const TimePoint now = runner_.worker_.loop().now();
  leased_until = now + job_.lease;
  extend_at = now + Duration{job_.lease.nanoseconds / 3};
  has_lease_ = true;
  pause_ = kFirstPause;
  settle_.lease = {job_.key, job_.token};
}

void JobRunner::Run::begin(ClaimedJob&& claimed, const KnownJob& known, bool place) noexcept {
  take(std::move(claimed));
  known_ = &known;
  counts_ = &runner_.counts_[known.position];
  begun_ = runner_.worker_.loop().now();
  // Who fired it says so, unless that was a program of before.
  if (known.is_cron) due_ = parse_due_argument(job_.arguments).value_or(runner_.worker_.clock().wall());
  has_place_ = place;
  if (known.info->run_durable != nullptr) return open_journal();
  begin_flow();
  start();
}

void JobRunner::Run::open_journal() noexcept {
  const std::string shape = flow::DurableRun::shape_of(known_->info->sites);
  open_.id = job_.id;
  open_.token = job_.token;
  open_.name = known_->info->name;
  open_.shape = shape;
  open_.at = runner_.worker_.clock().wall();
  is_opening_ = true;
  if (runner_.group_.journal().open(open_)) opened();
}

void JobRunner::Run::opened() noexcept {
  is_opening_ = false;
  durable_.emplace(runner_.group_.journal(), runner_.worker_.loop(), runner_.worker_.clock(),
                   known_->info->sites, job_.token, std::move(open_.history));
  // One that was held up for so long has lost it, though nobody has said so.
  if (has_lease_ && (open_.lost || leased_until <= runner_.worker_.loop().now())) lose();
  if (!has_lease_ || runner_.stopped_ || !open_.why.empty()) {
    leave_place();
    runner_.note_journal(open_.why);
    settle_.kind = SettleCall::Kind::kRelease;
    settle_.delay = open_.why.empty() ? Duration{} : kNoJournalPause;
    return settle();
  }
  runner_.note_journal({});
  begin_flow();
  const std::string mismatch = durable_->mismatch();
  if (mismatch.empty()) return start();
  flow::answer_problem(*this, kConflict, arena().text(mismatch));
  finished();
}

void JobRunner::Run::begin_flow() noexcept {
  counts_->running.add();
  has_flow_ = true;
  ++runner_.flows_;
}

void JobRunner::Run::start() noexcept {
  const KnownJob& known = *known_;
  request.method_name = "JOB";
  request.path = known.info->name;
  // The same for all attempts: what is done twice is known by it.
  header_ = {"Idempotency-Key", {id_.data(), id_.size()}};
  request.headers = {&header_, 1};
  runner_.bind_(known.package, *this);
  set_retry_budget(known.retry_budget.get());
  // No gate is set: nothing holds it back.
  static_cast<void>(Exchange::begin(*known.flow));
  const flow::JobInfo& info = *known.info;
  if ((durable_ ? info.run_durable(*this, job_.arguments, *durable_) : info.run(*this, job_.arguments)) ==
      flow::Handled::kNow) {
    note_end();
    finished();
  }
}

void JobRunner::Run::refuse(ClaimedJob&& claimed, SettleCall::Kind kind, Duration delay, std::string why) {
  take(std::move(claimed));
  known_ = runner_.group_.find(job_.name);
  counts_ = known_ == nullptr ? nullptr : &runner_.counts_[known_->position];
  why_ = std::move(why);
  settle_.kind = kind;
  settle_.delay = delay;
  settle_.reason = why_;
  settle_.dead_letter = known_ == nullptr ? std::string_view() : known_->info->dead_letter;
  settle();
}

void JobRunner::Run::on_finish(Exchange& exchange) noexcept { static_cast<Run&>(exchange).finished(); }

void JobRunner::Run::finished() noexcept {
  has_flow_ = false;
  --runner_.flows_;
  counts_->running.take_off();
  counts_->times.record(runner_.worker_.loop().now() - begun_);
  if (known_->is_cron) note_slack();
  if (durable_) {
    counts_->replayed.add(durable_->replayed());
    counts_->written.add(durable_->written());
  }
  leave_place();
  if (!has_lease_) return end();
  const flow::JobInfo& info = *known_->info;
  if (response.status < kFirstError) {
    settle_.kind = SettleCall::Kind::kAck;
  } else if (runner_.stopped_ && cancelled()) {
    settle_.kind = SettleCall::Kind::kRelease;
    settle_.delay = {};
  } else if (job_.attempts >= info.attempts) {
    runner_.worker_.log().write(LogLevel::kError,
                                name() + " has failed for the last time: " + std::string(response.body));
    settle_.kind = SettleCall::Kind::kBury;
    settle_.reason = response.body;
    settle_.dead_letter = info.dead_letter;
  } else {
    settle_.kind = SettleCall::Kind::kNack;
    settle_.delay = backoff(info, job_.attempts, runner_.worker_.random());
  }
  settle();
}

void JobRunner::Run::leave_place() noexcept {
  if (!std::exchange(has_place_, false)) return;
  known_->in_flight->leave();
  runner_.group_.wake_waiting();
}

void JobRunner::Run::settle() noexcept {
  if (!has_lease_) return end();
  if (runner_.session_->settle(settle_)) settled();
}

void JobRunner::Run::settled() noexcept {
  Log& log = runner_.worker_.log();
  if (settle_.failed()) {
    if (runner_.stopped_ || !has_lease_) return end();
    // The lease goes on meanwhile, as far as the store can be told that.
    runner_.worker_.loop().start(again_, runner_.worker_.loop().now() + pause_);
    pause_ = std::min(pause_ + pause_, kLongestPause);
    return;
  }
  const bool comes_again =
      settle_.kind == SettleCall::Kind::kNack || settle_.kind == SettleCall::Kind::kRelease;
  if (comes_again && !settle_.lost) runner_.give_back(*lane, settle_.delay);
  if (settle_.lost)
    log.write(LogLevel::kWarning, name() + " has lost its lease: how it ended does not count");
  if (has_lease_) count_end();
  if (!settle_.lost) close_journal();
  end();
}

// Behind the store's word: a job that is done without it is run again, and needs what it has done.
void JobRunner::Run::close_journal() noexcept {
  if (known_ == nullptr || known_->info->run_durable == nullptr) return;
  if (settle_.kind == SettleCall::Kind::kAck && durable_) durable_->drop();
  if (settle_.kind == SettleCall::Kind::kBury)
    runner_.group_.journal().append({.job = job_.id,
                                     .token = job_.token,
                                     .kind = flow::JournalRecordKind::kParked,
                                     .name = {},
                                     .data = {},
                                     .at = runner_.worker_.clock().wall()});
}

void JobRunner::Run::note_slack() noexcept {
  const std::optional<Timestamp> next = runner_.group_.next_time(*known_, due_);
  if (next) counts_->note_slack(*next - runner_.worker_.clock().wall());
}

// The store knows how it ended.
void JobRunner::Run::count_end() noexcept {
  if (counts_ == nullptr) return;
  if (settle_.lost) return counts_->lost.add();
  switch (settle_.kind) {
    case SettleCall::Kind::kAck:
      return counts_->succeeded.add();
    case SettleCall::Kind::kNack:
      return counts_->failed.add();
    case SettleCall::Kind::kBury:
      return counts_->dead.add();
    case SettleCall::Kind::kRelease:
      return counts_->given_back.add();
  }
}

void JobRunner::Run::end() noexcept {
  has_lease_ = false;
  durable_.reset();
  if (known_ != nullptr && known_->is_cron) runner_.group_.wake_crons();
  runner_.put_back(*this);
}

void JobRunner::Run::lose() noexcept {
  if (!std::exchange(has_lease_, false)) return;
  runner_.worker_.log().write(LogLevel::kWarning, name() + " has lost its lease, and is given up");
  if (counts_ != nullptr) counts_->lost.add();
  if (has_flow_) cancel();
}

void JobRunner::Run::die() noexcept {
  discard();
  durable_.reset();
  has_flow_ = has_lease_ = false;
}

}  // namespace zerver::jobs
