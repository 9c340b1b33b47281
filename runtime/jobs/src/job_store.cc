#include <zerver/jobs/job_store.h>

#include <algorithm>
#include <limits>
#include <new>

namespace zerver::jobs {

namespace {

constexpr std::string_view kNoMemory = "there is no memory for it";

async::ReadyQueueOptions ready_options() {
  async::ReadyQueueOptions options;
  options.capacity.fill(std::numeric_limits<std::size_t>::max());  // the store's own bound counts
  for (const auto priority :
       {async::Priority::kInteractive, async::Priority::kNormal, async::Priority::kBatch})
    options.lead[static_cast<std::size_t>(priority)] = lead_of(priority);
  return options;
}

std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}

}  // namespace

// One job, from when it was put until it is done; a dead one waits to be revived.
struct JobStore::Entry final : async::Scheduled {
  Entry() noexcept : Scheduled(nullptr) {}

  Uuid id;
  Queue* queue = nullptr;
  std::string name, arguments, unique;
  async::Priority at = async::Priority::kNormal;
  Duration lease = {};  // the longest
  std::uint64_t number = 0;
  std::uint64_t token = 0;
  std::uint32_t attempts = 0;
  TimePoint due;
  TimePoint leased_until;
};

struct JobStore::Queue {
  explicit Queue(std::string_view the_name) : name(the_name), ready(ready_options()) {}
  // What is ready goes out of its queue before it goes.
  ~Queue() {
    while (ready.pop() != nullptr) {
    }
  }

  std::string name;
  std::map<Key, std::unique_ptr<Entry>> waiting;
  async::ReadyQueue ready;  // those of `waiting` that were due when somebody looked
  TimePoint looked_until = {std::numeric_limits<std::int64_t>::min()};
  std::set<std::string, std::less<>> unique;
};

class JobStore::Session final : public QueueSession {
 public:
  Session(JobStore& store, async::Loop& loop, const Clock& clock) noexcept
      : store_(store), loop_(loop), clock_(clock) {}

  bool put(const NewJob& job, PutCall& call) noexcept override {
    return guarded(call, [&] { call.result = store_.put(job, loop_.now()); });
  }
  bool claim(ClaimCall& call) noexcept override {
    return guarded(call, [&] { store_.claim(call, loop_.now()); });
  }
  bool settle(SettleCall& call) noexcept override {
    return guarded(call, [&] { store_.settle(call, loop_.now(), clock_.wall()); });
  }
  bool extend(ExtendCall& call) noexcept override {
    return guarded(call, [&] { store_.extend(call, loop_.now()); });
  }
  bool fire(const NewJob& job, FireCall& call) noexcept override {
    return guarded(call, [&] { store_.fire(job, call, loop_.now()); });
  }
  bool cron(CronCall& call) noexcept override {
    return guarded(call, [&] { store_.cron(call); });
  }
  bool list(ListCall& call) noexcept override {
    return guarded(call, [&] { store_.list(call, loop_.now(), clock_.wall()); });
  }
  bool revive(ReviveCall& call) noexcept override {
    return guarded(call, [&] { store_.revive(call, loop_.now()); });
  }

 private:
  template <class Work> static bool guarded(QueueCall& call, Work work) noexcept {
    call.why.clear();
    try {
      work();
    } catch (const std::bad_alloc&) {
      call.why = kNoMemory;
    }
    return true;
  }

  JobStore& store_;
  async::Loop& loop_;
  const Clock& clock_;
};

JobStore::JobStore(const JobLimits& limits) : limits_(limits) {}

JobStore::~JobStore() = default;

std::unique_ptr<QueueSession> JobStore::session(async::Loop& loop, const Clock& clock, QueueListener*) {
  return std::make_unique<Session>(*this, loop, clock);
}

JobStore::Queue& JobStore::queue(std::string_view name) {
  const auto known = queues_.find(name);
  if (known != queues_.end()) return *known->second;
  return *queues_.emplace(std::string(name), std::make_unique<Queue>(name)).first->second;
}

// --- Waiting ---

Put JobStore::put(const NewJob& job, TimePoint now) {
  const std::lock_guard lock(mutex_);
  return add(job, now);
}

Put JobStore::add(const NewJob& job, TimePoint now) {
  Queue& into = queue(job.queue);
  if (!job.unique.empty() && into.unique.contains(job.unique)) {
    ++counts_.duplicates;
    return Put::kDuplicate;
  }
  if (waiting_ + running_.size() >= limits_.waiting) return Put::kFull;
  auto entry = std::make_unique<Entry>();
  entry->id = job.id;
  entry->queue = &into;
  entry->name = job.name;
  entry->arguments = job.arguments;
  entry->unique = job.unique;
  entry->at = job.priority;
  entry->lease = job.lease;
  entry->due = now + job.after;
  if (!job.unique.empty()) into.unique.emplace(job.unique);
  ++counts_.accepted;
  wait(std::move(entry));
  return Put::kAccepted;
}

void JobStore::wait(std::unique_ptr<Entry> entry) {
  entry->number = ++numbers_;
  Entry& job = *entry;
  job.queue->waiting.emplace(Key{job.due, job.number}, std::move(entry));
  ++waiting_;
  if (job.due <= job.queue->looked_until) static_cast<void>(job.queue->ready.push(job, job.at, job.due));
}

// --- Claims ---

void JobStore::claim(ClaimCall& call, TimePoint now) {
  const std::lock_guard lock(mutex_);
  call.jobs.clear();
  call.next_in = Duration::max();
  expire(now);
  Queue& from = queue(call.queue);
  for (auto due = from.waiting.upper_bound(Key{from.looked_until, std::numeric_limits<std::uint64_t>::max()});
       due != from.waiting.end() && due->first.first <= now; ++due)
    static_cast<void>(from.ready.push(*due->second, due->second->at, due->second->due));  // has no bound
  from.looked_until = std::max(from.looked_until, now);
  while (call.jobs.size() < call.limit) {
    async::Scheduled* const next = from.ready.pop();
    if (next == nullptr) break;
    auto& entry = static_cast<Entry&>(*next);
    auto taken = from.waiting.extract(Key{entry.due, entry.number});
    --waiting_;
    ++entry.attempts;
    ++entry.token;
    const Duration lease = std::min(call.lease, entry.lease);
    entry.leased_until = now + lease;
    leases_.emplace(entry.leased_until, entry.number);
    call.jobs.push_back(
        {entry.id, entry.number, entry.token, entry.name, entry.arguments, entry.attempts, entry.at, lease});
    running_.emplace(entry.number, std::move(taken.mapped()));
  }
  TimePoint next = from.waiting.empty() ? TimePoint::never() : from.waiting.begin()->first.first;
  if (!leases_.empty()) next = std::min(next, leases_.begin()->first);
  if (next != TimePoint::never()) call.next_in = std::max(Duration{}, next - now);
}

// Whoever had claimed it has not been heard of: it is for somebody else.
void JobStore::expire(TimePoint now) {
  while (!leases_.empty() && leases_.begin()->first <= now) {
    auto entry = running_.extract(leases_.begin()->second);
    leases_.erase(leases_.begin());
    entry.mapped()->due = entry.mapped()->leased_until;
    wait(std::move(entry.mapped()));
  }
}

// Null when the lease has been lost.
std::unique_ptr<JobStore::Entry> JobStore::end_claim(const QueueLease& lease) {
  const auto found = running_.find(lease.key);
  if (found == running_.end() || found->second->token != lease.token) return nullptr;
  leases_.erase({found->second->leased_until, lease.key});
  std::unique_ptr<Entry> entry = std::move(found->second);
  running_.erase(found);
  return entry;
}

void JobStore::settle(SettleCall& call, TimePoint now, Timestamp wall) {
  const std::lock_guard lock(mutex_);
  expire(now);
  std::unique_ptr<Entry> entry = end_claim(call.lease);
  call.lost = entry == nullptr;
  if (call.lost) return;
  switch (call.kind) {
    case SettleCall::Kind::kAck:
      ++counts_.succeeded;
      entry->queue->unique.erase(entry->unique);
      return;
    case SettleCall::Kind::kNack:
      ++counts_.failed;
      entry->due = now + call.delay;
      return wait(std::move(entry));
    case SettleCall::Kind::kRelease:
      --entry->attempts;
      entry->due = now + call.delay;
      return wait(std::move(entry));
    case SettleCall::Kind::kBury:
      ++counts_.failed;
      return bury(std::move(entry), call, wall);
  }
}

void JobStore::extend(ExtendCall& call, TimePoint now) {
  const std::lock_guard lock(mutex_);
  expire(now);
  for (ExtendCall::Entry& each : call.entries) {
    const auto found = running_.find(each.lease.key);
    each.lost = found == running_.end() || found->second->token != each.lease.token;
    if (each.lost) continue;
    leases_.erase({found->second->leased_until, each.lease.key});
    found->second->leased_until = now + each.span;
    leases_.emplace(found->second->leased_until, each.lease.key);
  }
}

// --- Dead letters ---

void JobStore::bury(std::unique_ptr<Entry> entry, const SettleCall& call, Timestamp wall) {
  ++counts_.dead;
  entry->queue->unique.erase(entry->unique);
  if (limits_.dead_letters == 0) return;
  if (dead_letters_.size() >= limits_.dead_letters) dead_letters_.pop_front();
  DeadLetter letter{text_of(entry->id),
                    entry->name,
                    std::string(call.dead_letter),
                    entry->arguments,
                    std::string(call.reason),
                    entry->attempts,
                    wall};
  dead_letters_.emplace_back(std::move(letter), std::move(entry));
}

void JobStore::revive(ReviveCall& call, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto dead =
      std::ranges::find_if(dead_letters_, [&](const auto& each) { return each.second->id == call.id; });
  call.found = dead != dead_letters_.end();
  if (!call.found) return;
  std::unique_ptr<Entry> entry = std::move(dead->second);
  dead_letters_.erase(dead);
  if (call.drop) return;
  // It is there once more even when one of the same kind has come since.
  if (!entry->unique.empty() && !entry->queue->unique.insert(entry->unique).second) entry->unique.clear();
  entry->attempts = 0;
  entry->due = now;
  wait(std::move(entry));
}

// --- Crons ---

void JobStore::fire(const NewJob& job, FireCall& call, TimePoint now) {
  const std::lock_guard lock(mutex_);
  Timestamp& last = crons_
                        .try_emplace({std::string(job.queue), call.cron},
                                     Timestamp{std::numeric_limits<std::int64_t>::min()})
                        .first->second;
  if (last >= call.at) {
    call.result = FireCall::Result::kEarlier;
    return;
  }
  const bool is_busy = add(job, now) != Put::kAccepted;
  call.result = is_busy ? FireCall::Result::kBusy : FireCall::Result::kFired;
  if (!is_busy || call.skips) last = call.at;
}

void JobStore::cron(CronCall& call) {
  const std::lock_guard lock(mutex_);
  call.last = crons_.try_emplace({call.queue, call.cron}, call.now).first->second;
}

// --- For whoever looks on ---

void JobStore::list(ListCall& call, TimePoint now, Timestamp wall) const {
  const std::lock_guard lock(mutex_);
  call.waiting = call.running = call.dead = 0;
  call.running_jobs.clear();
  call.dead_letters.clear();
  const auto is_below = [&](std::string_view name) {
    return name == call.queue || (name.starts_with(call.queue) && name[call.queue.size()] == '/');
  };
  const auto is_meant = [&](const Entry& entry) { return is_below(entry.queue->name); };
  for (const auto& [name, each] : queues_) {
    if (is_below(name)) call.waiting += each->waiting.size();
  }
  for (const auto& [until, number] : leases_) {
    const Entry& entry = *running_.at(number);
    if (!is_meant(entry)) continue;
    ++call.running;
    if (call.running_jobs.size() < call.limit)
      call.running_jobs.push_back({text_of(entry.id), entry.name, entry.attempts, wall + (until - now)});
  }
  for (const auto& [letter, entry] : dead_letters_) {
    if (!is_meant(*entry)) continue;
    ++call.dead;
    if (call.dead_letters.size() < call.limit) call.dead_letters.push_back(letter);
  }
}

JobCounts JobStore::counts() const {
  const std::lock_guard lock(mutex_);
  JobCounts counts = counts_;
  counts.waiting = waiting_;
  counts.running = running_.size();
  counts.dead_letters = dead_letters_.size();
  return counts;
}

std::vector<DeadLetter> JobStore::dead_letters() const {
  const std::lock_guard lock(mutex_);
  std::vector<DeadLetter> letters;
  for (const auto& each : dead_letters_)
    letters.push_back(each.first);
  return letters;
}

}  // namespace zerver::jobs
