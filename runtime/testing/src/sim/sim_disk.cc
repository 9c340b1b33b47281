#include "sim_disk.h"

#include <algorithm>
#include <string>

namespace zerver::testing {

// --- A file ---

void SimFile::write(Write write) {
  if (is_lost_) return;
  next_.push_back(std::move(write));
  if (end_.running() || std::exchange(begin_is_posted_, true)) return;
  loop_->post(begin_);
}

bool SimFile::wait(Write write) {
  if (next_.empty() && written_.empty()) return false;
  if (!is_lost_) (next_.empty() ? written_ : next_).push_back(std::move(write));
  return true;
}

void SimFile::forget(const void* owner) noexcept {
  const auto is_meant = [owner](const Write& write) { return write.owner == owner; };
  std::erase_if(next_, is_meant);
  std::erase_if(written_, is_meant);
}

void SimFile::begin() noexcept {
  begin_is_posted_ = false;
  if (end_.running() || next_.empty()) return;
  std::swap(written_, next_);
  const Duration span = plan_.commit_most - plan_.commit_least;
  const auto more =
      static_cast<std::int64_t>(random_->below(static_cast<std::uint64_t>(span.nanoseconds) + 1));
  loop_->start(end_, loop_->now() + plan_.commit_least + Duration{more});
}

void SimFile::end() noexcept {
  // Whoever is told may write.
  const std::vector<Write> done = std::exchange(written_, {});
  for (const Write& write : done)
    if (write.apply) write.apply();
  for (const Write& write : done)
    if (write.tell) write.tell();
  begin();
}

void SimFile::lose() {
  loop_->stop(end_);
  is_lost_ = true;
  next_.clear();
  const std::vector<Write> written = std::exchange(written_, {});
  if (written.empty() || random_->below(2) == 0) return;
  for (const Write& write : written)
    if (write.apply) write.apply();
}

// --- Sagas and durable jobs: records in a log ---

namespace {

// The texts of the record are the caller's until this returns.
template <class Kept, class Record> void append_to(SimFile& file, const Kept& kept, const Record& record) {
  const auto apply = [kept, copy = record, name = std::string(record.name),
                      data = std::string(record.data)]() mutable {
    copy.name = name;
    copy.data = data;
    kept->append(copy);
  };
  file.write({nullptr, apply, {}});
}

template <class Kept> bool sync_with(SimFile& file, const Kept& kept, flow::LogSync& sync) {
  const auto judge = [kept, &sync] { static_cast<void>(kept->sync(sync)); };
  if (file.wait({&sync, judge, [&sync] { sync.loop().post(sync); }})) return false;
  return kept->sync(sync);
}

}  // namespace

// --- Sagas ---

void SimSagaLog::append(const flow::SagaRecord& record) noexcept { append_to(*file_, kept_, record); }

bool SimSagaLog::sync(flow::LogSync& sync) noexcept { return sync_with(*file_, kept_, sync); }

void SimSagaLog::listen(flow::SagaListener* listener, async::Loop* loop) noexcept {
  listener_ = listener;
  loop_ = loop;
  is_told_ = false;  // by a loop that does not run any more
  kept_->listen(listener == nullptr ? nullptr : this, nullptr);
}

void SimSagaLog::on_released() noexcept {
  if (!std::exchange(is_told_, true)) loop_->post(tell_);
}

void SimSagaLog::tell() noexcept {
  is_told_ = false;
  if (listener_ != nullptr) listener_->on_released();
}

// --- Durable jobs ---

bool SimJobJournal::open(flow::JournalOpen& open) noexcept {
  // The name and the shape are the opener's until this returns.
  const auto apply = [kept = kept_, &open, name = std::string(open.name), shape = std::string(open.shape)] {
    open.name = name;
    open.shape = shape;
    static_cast<void>(kept->open(open));
  };
  file_->write({&open, apply, [&open] { open.loop().post(open); }});
  return false;
}

void SimJobJournal::append(const flow::JournalRecord& record) noexcept { append_to(*file_, kept_, record); }

bool SimJobJournal::sync(flow::LogSync& sync) noexcept { return sync_with(*file_, kept_, sync); }

// --- The queue ---

class SimQueue::Session final : public jobs::QueueSession {
 public:
  Session(std::unique_ptr<jobs::QueueSession> kept, SimFile& file, async::Loop& loop) noexcept
      : kept_(std::move(kept)), file_(&file), loop_(&loop) {}
  ~Session() override { file_->forget(this); }

  bool put(const jobs::NewJob& job, jobs::PutCall& call) noexcept override {
    return write(call, [this, copy = NewJob(job), &call] { return kept_->put(copy.view(), call); });
  }
  bool claim(jobs::ClaimCall& call) noexcept override {
    return write(call, [this, &call] { return kept_->claim(call); });
  }
  bool settle(jobs::SettleCall& call) noexcept override {
    return write(call, [this, reason = std::string(call.reason), &call] {
      call.reason = reason;
      return kept_->settle(call);
    });
  }
  bool extend(jobs::ExtendCall& call) noexcept override {
    return write(call, [this, &call] { return kept_->extend(call); });
  }
  bool fire(const jobs::NewJob& job, jobs::FireCall& call) noexcept override {
    return write(call, [this, copy = NewJob(job), &call] { return kept_->fire(copy.view(), call); });
  }
  bool cron(jobs::CronCall& call) noexcept override {
    return write(call, [this, &call] { return kept_->cron(call); });
  }
  bool list(jobs::ListCall& call) noexcept override {
    return write(call, [this, &call] { return kept_->list(call); });
  }
  bool revive(jobs::ReviveCall& call) noexcept override {
    return write(call, [this, &call] { return kept_->revive(call); });
  }

 private:
  // With texts of its own.
  struct NewJob {
    explicit NewJob(const jobs::NewJob& of)
        : job(of), queue(of.queue), name(of.name), arguments(of.arguments), unique(of.unique) {}
    jobs::NewJob view() const {
      jobs::NewJob result = job;
      result.queue = queue;
      result.name = name;
      result.arguments = arguments;
      result.unique = unique;
      return result;
    }
    jobs::NewJob job;
    std::string queue, name, arguments, unique;
  };

  template <class Work> bool write(jobs::QueueCall& call, Work work) {
    file_->write({this, [work] { static_cast<void>(work()); }, [this, &call] { loop_->post(call); }});
    return false;
  }

  std::unique_ptr<jobs::QueueSession> kept_;
  SimFile* file_;
  async::Loop* loop_;
};

std::unique_ptr<jobs::QueueSession> SimQueue::session(async::Loop& loop, const Clock& clock,
                                                      jobs::QueueListener* listener) {
  return std::make_unique<Session>(kept_->session(*loop_, clock, listener), *file_, loop);
}

}  // namespace zerver::testing
