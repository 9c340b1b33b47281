#include "job_journal_file.h"
#include "job_journal_server.h"
#include "job_journal_store.h"
#include "journal/group_writer.h"
#include "journal/journal_server.h"
#include <zerver/effects/job_journal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace zerver::effects {

namespace {

constexpr JournalTexts kTexts{.cannot_write = "the journal of jobs cannot be written",
                              .too_much = "too much waits to be written to the journal of jobs",
                              .written_again = "the journal of jobs can be written again"};
constexpr std::string_view kUnknown = "its URL begins with `sqlite:`, `postgres://` or `postgresql://`";
constexpr std::string_view kCannotRead = "the journal of jobs cannot be read";
constexpr std::string_view kLost = "the lease of the job is lost: another worker has it";
// How often it is looked for what is too old, of the time for which it is kept.
constexpr std::int64_t kSweepsInLife = 10;

}  // namespace

std::unique_ptr<JobJournalStore> make_job_journal_store(std::string_view url) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with(kSqlite))
    return std::make_unique<JobJournalFile>(std::string(url.substr(kSqlite.size())));
  if (is_server_url(url)) return std::make_unique<JobJournalServer>(std::string(url));
  return nullptr;
}

class StoredJobJournal::Writer final : public GroupWriter<flow::JournalRecord> {
 public:
  Writer(Log& log, Duration keep) noexcept : GroupWriter(log, kTexts), keep_(keep) {}
  ~Writer() { stop(); }

  std::string open_store(std::string_view url) {
    store_ = make_job_journal_store(url);
    if (store_ == nullptr) return std::string(kUnknown);
    if (std::string error = store_->open(); !error.empty()) return error;
    start();
    return {};
  }

  bool open(flow::JournalOpen& open) noexcept {
    const std::lock_guard lock(mutex_);
    open.history = {};
    open.history.id = open.id;
    open.lost = false;
    open.why = refuses();
    try {
      attempts_[open.id] = false;
      if (open.why.empty()) opens_.push_back({&open, 0});
    } catch (const std::bad_alloc&) {
      open.why = kTexts.cannot_write;
    }
    if (!open.why.empty()) return true;
    append_locked({.job = open.id,
                   .token = open.token,
                   .kind = flow::JournalRecordKind::kOpened,
                   .name = open.name,
                   .data = open.shape,
                   .at = open.at});
    opens_.back().position = appended();
    now_ = std::max(now_, open.at);
    records_.fetch_add(1, std::memory_order_relaxed);
    work_.notify_one();
    return false;
  }

  using GroupWriter::abandon;
  void abandon(flow::JournalOpen& open) noexcept {
    std::unique_lock lock(mutex_);
    std::erase_if(opens_, [&](const Open& each) { return each.open == &open; });
    idle_.wait(lock, [&] { return running_ != &open; });
  }

  void note(const flow::JournalRecord& record) noexcept {
    records_.fetch_add(1, std::memory_order_relaxed);
    append(record);
  }

  void close(const Uuid& job) noexcept {
    const std::lock_guard lock(mutex_);
    attempts_.erase(job);
  }

  flow::JournalStats stats() noexcept {
    const std::lock_guard lock(mutex_);
    return {attempts_.size(), records_.load(std::memory_order_relaxed), refusals_};
  }

 private:
  struct Open {
    flow::JournalOpen* open;
    std::uint64_t position;
  };

  std::string write(const Batch& batch) override { return store_->write(batch, refused_); }

  void on_written() noexcept override {
    refusals_ += refused_.size();
    for (const Uuid& job : refused_)
      if (const auto attempt = attempts_.find(job); attempt != attempts_.end()) attempt->second = true;
  }

  std::string_view refusal(const Uuid& subject) const noexcept override {
    const auto attempt = attempts_.find(subject);
    return attempt != attempts_.end() && attempt->second ? kLost : std::string_view();
  }

  bool has_requests() const noexcept override { return !opens_.empty(); }

  // What had to be written for them is, or could not be.
  void serve(std::unique_lock<std::mutex>& lock) noexcept override {
    std::size_t left = opens_.size();
    while (left-- != 0 && !opens_.empty()) {
      const Open next = opens_.front();
      opens_.erase(opens_.begin());
      if (!is_durable(next.position)) {
        next.open->why = refuses().empty() ? std::string_view() : kTexts.cannot_write;
        // It was appended while the batch was written.
        if (next.open->why.empty()) {
          opens_.push_back(next);
          continue;
        }
      }
      running_ = next.open;
      lock.unlock();
      if (next.open->why.empty()) load(*next.open);
      lock.lock();
      running_ = nullptr;
      idle_.notify_all();
      next.open->loop().post(*next.open);
    }
    sweep(lock);
  }

  void load(flow::JournalOpen& open) noexcept {
    std::uint64_t token = 0;
    const std::string error = guarded([&] { return store_->load(open.history, token); });
    open.lost = token != open.token;
    if (error.empty()) return;
    open.why = kCannotRead;
    log_.write(LogLevel::kError, error);
  }

  void sweep(std::unique_lock<std::mutex>& lock) noexcept {
    if (keep_ == Duration::max() || now_ < swept_ + Duration{keep_.nanoseconds / kSweepsInLife}) return;
    swept_ = now_;
    const Timestamp before = now_ - keep_;
    lock.unlock();
    const std::string error = guarded([&] { return store_->sweep(before); });
    if (!error.empty()) log_.write(LogLevel::kError, error);
    lock.lock();
  }

  const Duration keep_;
  std::unique_ptr<JobJournalStore> store_;  // of the thread, once it runs
  std::vector<Uuid> refused_;               // of the thread: by the last batch
  std::condition_variable idle_;
  std::atomic<std::uint64_t> records_ = 0;
  std::vector<Open> opens_;  // guarded by mutex_, like all below
  flow::JournalOpen* running_ = nullptr;
  std::map<Uuid, bool> attempts_;  // that run here, and whether an entry of theirs was refused
  std::uint64_t refusals_ = 0;
  Timestamp now_;  // of the last attempt that has begun
  Timestamp swept_;
};

StoredJobJournal::StoredJobJournal(Log& log, Duration keep) : writer_(std::make_unique<Writer>(log, keep)) {}

StoredJobJournal::~StoredJobJournal() = default;

std::string StoredJobJournal::open(std::string_view url) { return writer_->open_store(url); }

std::string StoredJobJournal::list(std::string_view url, std::vector<flow::JobHistory>& jobs) {
  const std::unique_ptr<JobJournalStore> store = make_job_journal_store(url);
  return store == nullptr ? std::string(kUnknown) : store->list(jobs);
}

std::string StoredJobJournal::drop(std::string_view url, const Uuid& job) {
  const std::unique_ptr<JobJournalStore> store = make_job_journal_store(url);
  return store == nullptr ? std::string(kUnknown) : store->drop(job);
}

std::uint64_t StoredJobJournal::batches() const noexcept { return writer_->batches(); }

bool StoredJobJournal::open(flow::JournalOpen& open) noexcept { return writer_->open(open); }

void StoredJobJournal::abandon(flow::JournalOpen& open) noexcept { writer_->abandon(open); }

void StoredJobJournal::append(const flow::JournalRecord& record) noexcept { writer_->note(record); }

void StoredJobJournal::close(const Uuid& job) noexcept { writer_->close(job); }

flow::JournalStats StoredJobJournal::stats() const noexcept { return writer_->stats(); }

bool StoredJobJournal::sync(flow::LogSync& sync) noexcept { return writer_->sync(sync); }

void StoredJobJournal::abandon(flow::LogSync& sync) noexcept { writer_->abandon(sync); }

}  // namespace zerver::effects
