#include <zerver/flow/durable/job_journal.h>

#include <utility>

namespace zerver::flow {

namespace {

constexpr std::string_view kLost = "the lease of the job is lost: another worker has it";

}  // namespace

bool MemoryJobJournal::open(JournalOpen& open) noexcept {
  const JournalRecord record{.job = open.id,
                             .token = open.token,
                             .kind = JournalRecordKind::kOpened,
                             .name = open.name,
                             .data = open.shape,
                             .at = open.at};
  append(record);
  const std::lock_guard lock(mutex_);
  open.lost = false;
  open.why = broken_;
  open_[open.id] = false;
  open.history = {};
  open.history.id = open.id;
  const auto found = jobs_.find(open.id);
  if (found == jobs_.end()) return true;  // broken, or frozen
  open.lost = found->second.token != open.token;
  open.history = found->second.history;
  return true;
}

void MemoryJobJournal::abandon(JournalOpen&) noexcept {}

void MemoryJobJournal::append(const JournalRecord& record) noexcept {
  if (on_append) on_append(record);
  const std::lock_guard lock(mutex_);
  if (frozen_ || !broken_.empty()) return;
  ++stats_.records;
  if (record.kind == JournalRecordKind::kOpened) {
    Entry& entry = jobs_[record.job];
    if (record.token < entry.token) return;
    entry.token = record.token;
    entry.history.parked = false;
    entry.history.touched = record.at;
    if (!entry.history.job.empty()) return;
    entry.history.id = record.job;
    entry.history.job = record.name;
    entry.history.shape = record.data;
    entry.history.began = record.at;
    return;
  }
  const auto found = jobs_.find(record.job);
  if (record.kind == JournalRecordKind::kParked) {
    if (found == jobs_.end() || found->second.token > record.token) return;
    found->second.history.parked = true;
    found->second.history.touched = record.at;
    found->second.token = 0;
    return;
  }
  if (found == jobs_.end() || found->second.token != record.token) {
    ++stats_.refused;
    if (const auto attempt = open_.find(record.job); attempt != open_.end()) attempt->second = true;
    return;
  }
  found->second.history.touched = record.at;
  if (record.kind == JournalRecordKind::kDropped) {
    jobs_.erase(found);
  } else {
    found->second.history.entries.push_back({std::string(record.name), std::string(record.data)});
  }
}

void MemoryJobJournal::close(const Uuid& job) noexcept {
  const std::lock_guard lock(mutex_);
  open_.erase(job);
}

JournalStats MemoryJobJournal::stats() const noexcept {
  const std::lock_guard lock(mutex_);
  JournalStats stats = stats_;
  stats.open = open_.size();
  return stats;
}

std::string_view MemoryJobJournal::refuses(const Uuid& job) const noexcept {
  if (!broken_.empty()) return broken_;
  const auto attempt = open_.find(job);
  return attempt != open_.end() && attempt->second ? kLost : std::string_view();
}

bool MemoryJobJournal::sync(LogSync& sync) noexcept {
  const std::lock_guard lock(mutex_);
  if (const std::string_view why = refuses(sync.subject()); !why.empty()) sync.fail(why);
  return true;
}

void MemoryJobJournal::abandon(LogSync&) noexcept {}

std::size_t MemoryJobJournal::size() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

std::vector<JobHistory> MemoryJobJournal::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<JobHistory> result;
  for (const auto& [id, entry] : jobs_)
    result.push_back(entry.history);
  return result;
}

void MemoryJobJournal::freeze() noexcept {
  const std::lock_guard lock(mutex_);
  frozen_ = true;
}

void MemoryJobJournal::restart() noexcept {
  const std::lock_guard lock(mutex_);
  frozen_ = false;
}

void MemoryJobJournal::break_down(std::string_view why) noexcept {
  const std::lock_guard lock(mutex_);
  broken_ = why;
}

}  // namespace zerver::flow
