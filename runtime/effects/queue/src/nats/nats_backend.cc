#include "nats_backend.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace zerver::effects::queue {

namespace {

using Settle = jobs::SettleCall::Kind;

constexpr std::int64_t kSilence = 500;              // milliseconds without an entry of many, at first
constexpr int kMostWatches = 5;                     // with twice as long a silence each
constexpr int kMostMisses = 1'000;                  // of one claim
constexpr std::int64_t kOrphaned = 10'000'000'000;  // nanoseconds behind which a text without its job is free

std::int64_t microseconds(Duration span) noexcept { return span.nanoseconds / 1'000; }

std::string hex(std::uint64_t number) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4U)
    text[i] = "0123456789abcdef"[number & 0xFU];
  return text;
}

// 128 bits of FNV-1a, as two of 64 with different beginnings.
std::string hash(std::string_view queue, std::string_view text) {
  std::string result;
  for (std::uint64_t value : {std::uint64_t{0xcbf29ce484222325}, std::uint64_t{0x9ae16a3b2f90404f}}) {
    for (const std::string_view each : {queue, std::string_view("\0", 1), text}) {
      for (const char c : each)
        value = (value ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    }
    result += hex(value);
  }
  return result;
}

std::string text_of(const Uuid& id) {
  std::string text(Uuid::kText, '\0');
  id.write(text.data());
  return text;
}
// What JobLease::key is.
std::uint64_t key_of(const Uuid& id) noexcept {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < 8; ++i)
    key = key << 8U | id.bytes[i];
  return key;
}
std::string job_key(std::uint64_t key) { return "j." + hex(key); }
std::string dead_key(const Uuid& id) { return "d." + text_of(id); }

std::int64_t number_of(std::string_view text) noexcept {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool is_below(std::string_view name, std::string_view queue) noexcept {
  return name == queue || (name.starts_with(queue) && name[queue.size()] == '/');
}

NatsRecord record_of(const jobs::NewJob& job, std::int64_t now, std::int64_t order) {
  NatsRecord record;
  record.id = job.id;
  record.queue = job.queue;
  record.name = job.name;
  record.arguments = job.arguments;
  record.unique = job.unique;
  record.priority = job.priority;
  record.order = order;
  record.due = now + microseconds(job.after);
  record.lease = microseconds(job.lease);
  return record;
}

}  // namespace

std::string NatsBackend::open(const std::string& url) {
  if (std::string error = bucket_.open(url, "zerver_queue"); !error.empty()) return error;
  std::vector<NatsEntry> entries;
  std::string error = read_all("j", watch_, entries);
  for (const NatsEntry& entry : entries)
    static_cast<void>(hear(entry));
  return error;
}

// One that is deleted on its way never comes, and nobody says that it was the last one: behind a silence all
// of it is asked for anew.
std::string NatsBackend::read_all(const std::string& prefix, std::unique_ptr<NatsBucket::Watch>& watch,
                                  std::vector<NatsEntry>& entries) {
  for (int i = 0; i < kMostWatches; ++i) {
    entries.clear();
    watch = bucket_.watch(prefix);
    if (watch == nullptr) return bucket_.why();
    while (true) {
      std::optional<NatsEntry> entry = watch->next(kSilence << i);
      if (watch->has_begun()) return {};
      if (!entry) break;
      entries.push_back(*std::move(entry));
    }
  }
  return "the server does not say what it holds";
}

// --- The index ---

void NatsBackend::place(std::uint64_t key, const Item& item) {
  const NatsRecord& record = item.record;
  if (record.leased_until != 0) {
    leases_.emplace(record.leased_until, key);
  } else {
    waiting_[record.queue][static_cast<std::size_t>(record.priority)].emplace(record.due, record.order, key);
  }
}

void NatsBackend::displace(std::uint64_t key, const Item& item) {
  const NatsRecord& record = item.record;
  if (record.leased_until != 0) {
    leases_.erase({record.leased_until, key});
  } else {
    waiting_[record.queue][static_cast<std::size_t>(record.priority)].erase({record.due, record.order, key});
  }
}

void NatsBackend::forget(std::uint64_t key) {
  const auto item = items_.find(key);
  if (item == items_.end()) return;
  displace(key, item->second);
  items_.erase(item);
}

void NatsBackend::learn(std::uint64_t key, Item item) {
  forget(key);
  place(key, items_.emplace(key, std::move(item)).first->second);
}

// True when it is news.
bool NatsBackend::hear(const NatsEntry& entry) {
  std::uint64_t key = 0;
  const std::string_view digits = std::string_view(entry.key).substr(2);
  std::from_chars(digits.data(), digits.data() + digits.size(), key, 16);
  const auto known = items_.find(key);
  if (known != items_.end() && known->second.revision >= entry.revision) return false;
  if (entry.is_gone) {
    forget(key);
    return false;
  }
  std::optional<NatsRecord> record = NatsRecord::parse(entry.value);
  if (!record) return false;
  learn(key, {*std::move(record), entry.revision});
  return true;
}

// What has been deleted while nobody watched stays in the index until it is to be claimed.
void NatsBackend::watch_again() {
  const std::uint64_t reconnects = bucket_.reconnects();
  if (reconnects == reconnects_) return;
  std::unique_ptr<NatsBucket::Watch> watch = bucket_.watch("j");
  if (watch == nullptr) return;
  watch_ = std::move(watch);
  reconnects_ = reconnects;
}

bool NatsBackend::has_changed() {
  if (!bucket_.is_connected()) return false;
  watch_again();
  bool any = false;
  while (const std::optional<NatsEntry> entry = watch_->next(1))
    any = hear(*entry) || any;
  return any;
}

// Whoever had claimed it has not been heard of. Whoever claims it next says so to the others.
void NatsBackend::expire() {
  while (!leases_.empty() && leases_.begin()->first <= now_) {
    const std::uint64_t key = leases_.begin()->second;
    Item& item = items_.at(key);
    displace(key, item);
    item.record.due = item.record.leased_until;
    item.record.leased_until = 0;
    place(key, item);
  }
}

std::string NatsBackend::refresh(std::uint64_t key) {
  std::optional<NatsEntry> entry = bucket_.get(job_key(key));
  if (!entry && !bucket_.why().empty()) return bucket_.why();
  std::optional<NatsRecord> record;
  if (entry && !entry->is_gone) record = NatsRecord::parse(entry->value);
  if (record) {
    learn(key, {*std::move(record), entry->revision});
  } else {
    forget(key);
  }
  return {};
}

std::string NatsBackend::change(std::uint64_t key, NatsRecord record, bool& done) {
  std::uint64_t revision = items_.at(key).revision;
  const NatsChange outcome = bucket_.update(job_key(key), record.text(), revision);
  done = outcome == NatsChange::kDone;
  if (done) learn(key, {std::move(record), revision});
  if (outcome == NatsChange::kOther) return refresh(key);
  return bucket_.why();
}

std::string NatsBackend::remove(std::uint64_t key, bool& done) {
  const NatsChange outcome = bucket_.erase(items_.at(key).revision);
  done = outcome == NatsChange::kDone;
  if (done) forget(key);
  if (outcome == NatsChange::kOther) return refresh(key);
  return bucket_.why();
}

// Null when it is not held by that claim.
NatsBackend::Item* NatsBackend::find_held(const jobs::QueueLease& lease) {
  const auto item = items_.find(lease.key);
  if (item == items_.end()) return nullptr;
  const NatsRecord& record = item->second.record;
  return record.token == lease.token && record.leased_until > now_ ? &item->second : nullptr;
}

// --- What is there once ---

std::string NatsBackend::take_unique(const std::string& unique, std::uint64_t key, bool& done) {
  std::uint64_t revision = 0;
  done = false;
  switch (bucket_.create(unique, hex(key), revision)) {
    case NatsChange::kDone:
      done = true;
      return {};
    case NatsChange::kFailed:
      return bucket_.why();
    case NatsChange::kOther:
      break;
  }
  const std::optional<NatsEntry> entry = bucket_.get(unique);
  if (!entry) return bucket_.why();
  const std::optional<NatsEntry> job = bucket_.get("j." + entry->value);
  if (job || !bucket_.why().empty()) return bucket_.why();
  // Its process has ended between the two, or is between them now.
  if (entry->created + kOrphaned > now_ * 1'000) return {};
  revision = entry->revision;
  const NatsChange taken = bucket_.update(unique, hex(key), revision);
  done = taken == NatsChange::kDone;
  return bucket_.why();
}

std::string NatsBackend::free_unique(const NatsRecord& record, std::uint64_t key) {
  if (record.unique.empty()) return {};
  const std::optional<NatsEntry> entry = bucket_.get("u." + hash(record.queue, record.unique));
  if (!entry || entry->value != hex(key)) return bucket_.why();
  static_cast<void>(bucket_.erase(entry->revision));
  return bucket_.why();
}

// --- Calls ---

void NatsBackend::perform(Batch batch, Timestamp now) {
  now_ = now.microseconds;
  expire();
  std::string error = bucket_.is_connected() ? "" : "the server cannot be reached";
  for (const std::unique_ptr<Command>& each : batch) {
    // What waits for a server that is gone waits once.
    if (error.empty()) error = perform(*each);
    each->why = error;
  }
}

std::string NatsBackend::perform(Command& command) {
  switch (command.kind) {
    case Command::Kind::kPut:
      return put(command.job, command.put().result);
    case Command::Kind::kClaim:
      return claim(command.claim());
    case Command::Kind::kSettle:
      return settle(command);
    case Command::Kind::kExtend:
      return extend(command.extend());
    case Command::Kind::kFire:
      return fire(command.job, command.fire());
    case Command::Kind::kCron:
      return cron(command.cron());
    case Command::Kind::kList:
      return list(command.list());
    case Command::Kind::kRevive:
      break;
  }
  return revive(command.revive());
}

std::string NatsBackend::put(const jobs::NewJob& job, jobs::Put& result) {
  const std::uint64_t key = key_of(job.id);
  result = jobs::Put::kDuplicate;
  if (!job.unique.empty()) {
    bool is_first = false;
    std::string error = take_unique("u." + hash(job.queue, job.unique), key, is_first);
    if (!error.empty() || !is_first) return error;
  }
  order_ = std::max(order_ + 1, now_);
  Item item{record_of(job, now_, order_), 0};
  switch (bucket_.create(job_key(key), item.record.text(), item.revision)) {
    case NatsChange::kDone:
      result = jobs::Put::kAccepted;
      learn(key, std::move(item));
      return {};
    case NatsChange::kOther:
      return "there is a job of that id";
    case NatsChange::kFailed:
      break;
  }
  return bucket_.why();
}

// That class whose turn it is; null when nothing is due.
NatsBackend::Waiting* NatsBackend::first_waiting(std::array<Waiting, async::kPriorities>& classes) {
  Waiting* first = nullptr;
  std::pair<std::int64_t, std::int64_t> rank;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i].empty() || std::get<0>(*classes[i].begin()) > now_) continue;
    const std::int64_t lead = microseconds(jobs::lead_of(static_cast<async::Priority>(i)));
    const std::pair mine(std::get<0>(*classes[i].begin()) + lead, std::get<1>(*classes[i].begin()));
    if (first != nullptr && rank <= mine) continue;
    first = &classes[i];
    rank = mine;
  }
  return first;
}

std::string NatsBackend::claim(jobs::ClaimCall& call) {
  call.jobs.clear();
  call.next_in = Duration{};
  std::array<Waiting, async::kPriorities>& classes = waiting_[call.queue];
  int misses = 0;  // others have been faster
  while (call.jobs.size() < call.limit && misses < kMostMisses) {
    const Waiting* const from = first_waiting(classes);
    if (from == nullptr) break;
    const std::uint64_t key = std::get<2>(*from->begin());
    NatsRecord record = items_.at(key).record;
    const std::int64_t span = std::min(microseconds(call.lease), record.lease);
    ++record.attempts;
    ++record.token;
    record.leased_until = now_ + span;
    bool done = false;
    if (std::string error = change(key, record, done); !error.empty()) return error;
    if (!done) {
      ++misses;
      continue;
    }
    call.jobs.push_back({record.id, key, record.token, record.name, record.arguments, record.attempts,
                         record.priority, Duration::from_microseconds(span)});
  }
  if (call.jobs.size() == call.limit || misses == kMostMisses) return {};
  std::optional<std::int64_t> next;
  if (!leases_.empty()) next = leases_.begin()->first;
  for (const Waiting& each : classes) {
    if (!each.empty()) next = std::min(next.value_or(INT64_MAX), std::get<0>(*each.begin()));
  }
  call.next_in =
      next ? Duration::from_microseconds(std::max<std::int64_t>(0, *next - now_)) : Duration::max();
  return {};
}

std::string NatsBackend::settle(Command& command) {
  jobs::SettleCall& call = command.settlement;
  call.lost = true;
  const Item* const item = find_held(call.lease);
  if (item == nullptr) return {};
  NatsRecord record = item->record;
  const std::uint64_t key = call.lease.key;
  bool done = false;
  std::string error;
  if (call.kind == Settle::kAck || call.kind == Settle::kBury) {
    if (call.kind == Settle::kBury) {
      NatsRecord dead = record;
      dead.dead_letter = command.dead_letter;
      dead.why = command.reason;
      dead.at = now_;
      // One that is there already is of a process that has ended before the next step.
      std::uint64_t revision = 0;
      if (bucket_.create(dead_key(record.id), dead.text(), revision) == NatsChange::kFailed)
        return bucket_.why();
    }
    error = remove(key, done);
    if (error.empty() && done) error = free_unique(record, key);
  } else {
    record.leased_until = 0;
    record.due = now_ + microseconds(call.delay);
    if (call.kind == Settle::kRelease) --record.attempts;
    error = change(key, std::move(record), done);
  }
  call.lost = !done;
  return error;
}

std::string NatsBackend::extend(jobs::ExtendCall& call) {
  for (jobs::ExtendCall::Entry& each : call.entries) {
    each.lost = true;
    const Item* const item = find_held(each.lease);
    if (item == nullptr) continue;
    NatsRecord record = item->record;
    record.leased_until = now_ + microseconds(each.span);
    bool done = false;
    if (std::string error = change(each.lease.key, std::move(record), done); !error.empty()) return error;
    each.lost = !done;
  }
  return {};
}

// --- Crons ---

// The time is taken first, so that no other process takes it, and given back when the job is not put.
std::string NatsBackend::fire(const jobs::NewJob& job, jobs::FireCall& call) {
  using Result = jobs::FireCall::Result;
  const std::string key = "c." + hash(job.queue, call.cron);
  const std::optional<NatsEntry> before = bucket_.get(key);
  if (!before && !bucket_.why().empty()) return bucket_.why();
  call.result = Result::kEarlier;
  if (before && number_of(before->value) >= call.at.microseconds) return {};
  std::uint64_t revision = before ? before->revision : 0;
  const std::string at = std::to_string(call.at.microseconds);
  const NatsChange taken = before ? bucket_.update(key, at, revision) : bucket_.create(key, at, revision);
  if (taken == NatsChange::kFailed) return bucket_.why();
  if (taken == NatsChange::kOther) return {};
  jobs::Put put_result = jobs::Put::kAccepted;
  std::string error = put(job, put_result);
  const bool is_new = error.empty() && put_result == jobs::Put::kAccepted;
  call.result = is_new ? Result::kFired : Result::kBusy;
  if (is_new || (error.empty() && call.skips)) return {};
  if (before) {
    static_cast<void>(bucket_.update(key, before->value, revision));
  } else {
    static_cast<void>(bucket_.erase(revision));
  }
  return error.empty() ? bucket_.why() : error;
}

std::string NatsBackend::cron(jobs::CronCall& call) {
  const std::string key = "c." + hash(call.queue, call.cron);
  std::uint64_t revision = 0;
  call.last = call.now;
  const NatsChange made = bucket_.create(key, std::to_string(call.now.microseconds), revision);
  if (made != NatsChange::kOther) return bucket_.why();
  if (const std::optional<NatsEntry> entry = bucket_.get(key)) call.last = {number_of(entry->value)};
  return bucket_.why();
}

// --- For whoever looks on ---

std::string NatsBackend::list(jobs::ListCall& call) {
  call.waiting = call.running = call.dead = 0;
  call.running_jobs.clear();
  call.dead_letters.clear();
  // What others have done is not heard of at once: it is read anew.
  std::string error = read_all("j", [&](const NatsRecord& record) {
    if (!is_below(record.queue, call.queue)) return;
    const bool is_running = record.leased_until > now_;
    ++(is_running ? call.running : call.waiting);
    if (is_running && call.running_jobs.size() < call.limit)
      call.running_jobs.push_back(
          {text_of(record.id), record.name, record.attempts, Timestamp{record.leased_until}});
  });
  if (!error.empty()) return error;
  error = read_all("d", [&](const NatsRecord& record) {
    if (!is_below(record.queue, call.queue)) return;
    ++call.dead;
    call.dead_letters.push_back({text_of(record.id), record.name, record.dead_letter, record.arguments,
                                 record.why, record.attempts, Timestamp{record.at}});
  });
  std::ranges::sort(call.dead_letters, {}, &jobs::DeadLetter::at);
  if (call.dead_letters.size() > call.limit) call.dead_letters.resize(call.limit);
  return error;
}

std::string NatsBackend::read_all(const std::string& prefix,
                                  const std::function<void(const NatsRecord&)>& read) {
  std::unique_ptr<NatsBucket::Watch> watch;
  std::vector<NatsEntry> entries;
  std::string error = read_all(prefix, watch, entries);
  if (!error.empty()) return error;
  // One that was changed meanwhile comes again.
  std::map<std::string_view, const NatsEntry*> last;
  for (const NatsEntry& entry : entries)
    last[entry.key] = &entry;
  for (const auto& [key, entry] : last) {
    const std::optional<NatsRecord> record = entry->is_gone ? std::nullopt : NatsRecord::parse(entry->value);
    if (record) read(*record);
  }
  return {};
}

std::string NatsBackend::revive(jobs::ReviveCall& call) {
  call.found = false;
  const std::optional<NatsEntry> entry = bucket_.get(dead_key(call.id));
  if (!entry) return bucket_.why();
  const std::optional<NatsRecord> record = NatsRecord::parse(entry->value);
  if (!record) return "it cannot be read";
  call.found = bucket_.erase(entry->revision) == NatsChange::kDone;
  if (!call.found || call.drop) return bucket_.why();
  jobs::NewJob job;
  job.id = record->id;
  job.queue = record->queue;
  job.name = record->name;
  job.arguments = record->arguments;
  job.priority = record->priority;
  job.unique = record->unique;
  job.lease = Duration::from_microseconds(record->lease);
  jobs::Put result = jobs::Put::kAccepted;
  std::string error = put(job, result);
  if (!error.empty() || result == jobs::Put::kAccepted) return error;
  // It waits once more even when one of the same kind has come since.
  job.unique = {};
  return put(job, result);
}

}  // namespace zerver::effects::queue
