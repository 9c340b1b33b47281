#include "journal/group_writer.h"
#include "saga_journal_store.h"
#include <zerver/effects/saga_journal.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace zerver::effects {

namespace {

constexpr JournalTexts kTexts{.cannot_write = "the saga journal cannot be written",
                              .too_much = "too much waits to be written to the saga journal",
                              .written_again = "the saga journal can be written again"};
constexpr std::string_view kCannotRead = "the saga journal cannot be read";
constexpr std::string_view kTaken = "another process has taken the saga over";

}  // namespace

class SagaJournal::Writer final : public GroupWriter<flow::SagaRecord> {
 public:
  explicit Writer(Log& log) noexcept : GroupWriter(log, kTexts), told_(*this) {}
  ~Writer() { stop(); }

  std::string open(std::string_view place) {
    store_ = make_saga_journal_store(place);
    if (std::string error = store_->open(); !error.empty()) return error;
    can_be_taken_over_ = store_->can_be_taken_over();
    start();
    return {};
  }

  bool can_be_taken_over() const noexcept { return can_be_taken_over_; }

  void note(const flow::SagaRecord& record) noexcept {
    const std::lock_guard lock(mutex_);
    if (can_be_taken_over_) follow(record);
    append_locked(record);
  }

  void claim(flow::SagaClaim& claim) noexcept {
    const std::lock_guard lock(mutex_);
    claim_ = &claim;
    work_.notify_one();
  }

  using GroupWriter::abandon;
  void abandon(flow::SagaClaim& claim) noexcept {
    std::unique_lock lock(mutex_);
    if (claim_ == &claim) claim_ = nullptr;
    idle_.wait(lock, [&] { return running_claim_ != &claim; });
  }

  void listen(flow::SagaListener* listener, async::Loop* loop) noexcept {
    const std::lock_guard lock(mutex_);
    listener_ = listener;
    listener_loop_ = loop;
  }

 private:
  // Brings the news of a release to the listener's thread.
  struct Told final : async::Job {
    explicit Told(Writer& the_writer) noexcept
        : Job([](Job& job) noexcept { static_cast<Told&>(job).writer.tell(); }), writer(the_writer) {}
    Writer& writer;
  };

  void tell() noexcept {
    flow::SagaListener* listener = nullptr;
    {
      const std::lock_guard lock(mutex_);
      is_told_ = false;
      listener = listener_;
    }
    if (listener != nullptr) listener->on_released();
  }

  // Who works at a saga here, from its first record to its last, or from its claim on.
  struct Hold {
    bool by_flow = false;  // else by the recovery
    bool is_lost = false;  // another process has it
  };
  using Holds = std::map<Uuid, Hold>;

  void follow(const flow::SagaRecord& record) noexcept {
    switch (record.kind) {
      case flow::SagaRecordKind::kBegan:
        try {
          holds_.insert_or_assign(record.saga, Hold{.by_flow = true});
        } catch (const std::bad_alloc&) {
          lose_locked();
        }
        return;
      case flow::SagaRecordKind::kReleased:
      case flow::SagaRecordKind::kEnded:
        holds_.erase(record.saga);
        return;
      default:
        return;
    }
  }

  void note_lost(const std::vector<Uuid>& sagas) noexcept {
    for (const Uuid& saga : sagas)
      if (const auto hold = holds_.find(saga); hold != holds_.end()) hold->second.is_lost = true;
  }

  std::string_view refusal(const Uuid& subject) const noexcept override {
    const auto hold = holds_.find(subject);
    return hold != holds_.end() && hold->second.is_lost ? kTaken : std::string_view();
  }

  std::string write(const Batch& batch) override { return store_->write(batch, writes_); }

  void on_written() noexcept override {
    note_lost(writes_.refused);
    if (writes_.releases && listener_ != nullptr && !std::exchange(is_told_, true))
      listener_loop_->post(told_);
  }

  bool has_requests() const noexcept override { return claim_ != nullptr; }

  void serve(std::unique_lock<std::mutex>& lock) noexcept override {
    flow::SagaClaim& claim = *std::exchange(claim_, nullptr);
    running_claim_ = &claim;
    claim.sagas.clear();
    claim.lost.clear();
    Holds claimed;
    const std::string error = guarded([&] {
      std::vector<HeldSaga> held;
      for (const auto& [saga, hold] : holds_)
        held.push_back({saga, hold.by_flow});
      lock.unlock();
      std::string failure = store_->claim(held, claim.sagas, claim.lost);
      if (failure.empty() && can_be_taken_over_)
        for (const flow::SagaHistory& saga : claim.sagas)
          claimed.emplace(saga.id, Hold{});
      return failure;
    });
    if (lock.owns_lock()) lock.unlock();
    claim.why = error.empty() ? std::string_view() : kCannotRead;
    if (!error.empty()) {
      claim.sagas.clear();
      claim.lost.clear();
      log_.write(LogLevel::kError, error);
    }
    lock.lock();
    note_lost(claim.lost);
    for (const auto& [saga, hold] : claimed)
      holds_.erase(saga);
    holds_.merge(claimed);
    running_claim_ = nullptr;
    idle_.notify_all();
    claim.loop().post(claim);
  }

  std::unique_ptr<SagaJournalStore> store_;  // of the thread, once it runs
  SagaWrites writes_;                        // of the thread: by the last batch
  bool can_be_taken_over_ = false;
  std::condition_variable idle_;
  Holds holds_;  // guarded by mutex_, like all below; only where something can be taken over
  flow::SagaClaim* claim_ = nullptr;
  flow::SagaClaim* running_claim_ = nullptr;
  flow::SagaListener* listener_ = nullptr;
  async::Loop* listener_loop_ = nullptr;
  Told told_;
  bool is_told_ = false;
};

SagaJournal::SagaJournal(Log& log) : writer_(std::make_unique<Writer>(log)) {}

SagaJournal::~SagaJournal() = default;

std::string SagaJournal::open(std::string_view place) { return writer_->open(place); }

std::string SagaJournal::list(std::string_view place, std::vector<flow::SagaHistory>& sagas) {
  return make_saga_journal_store(place)->list(sagas);
}

std::string SagaJournal::resolve(std::string_view place, const Uuid& saga, std::uint32_t run,
                                 flow::SagaVerdict verdict) {
  return make_saga_journal_store(place)->resolve(saga, run, verdict);
}

std::uint64_t SagaJournal::batches() const noexcept { return writer_->batches(); }

std::string_view SagaJournal::refuses() const noexcept { return writer_->refuses(); }

bool SagaJournal::can_be_taken_over() const noexcept { return writer_->can_be_taken_over(); }

void SagaJournal::append(const flow::SagaRecord& record) noexcept { writer_->note(record); }

bool SagaJournal::sync(flow::LogSync& sync) noexcept { return writer_->sync(sync); }

void SagaJournal::abandon(flow::LogSync& sync) noexcept { writer_->abandon(sync); }

bool SagaJournal::claim(flow::SagaClaim& claim) noexcept {
  writer_->claim(claim);
  return false;
}

void SagaJournal::abandon(flow::SagaClaim& claim) noexcept { writer_->abandon(claim); }

void SagaJournal::listen(flow::SagaListener* listener, async::Loop* loop) noexcept {
  writer_->listen(listener, loop);
}

}  // namespace zerver::effects
