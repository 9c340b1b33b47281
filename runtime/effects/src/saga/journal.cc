#include "journal/group_writer.h"
#include "journal_file.h"
#include <zerver/effects/saga_journal.h>

#include <condition_variable>
#include <mutex>
#include <utility>

namespace zerver::effects {

namespace {

constexpr JournalTexts kTexts{.cannot_write = "the saga journal cannot be written",
                              .too_much = "too much waits to be written to the saga journal",
                              .written_again = "the saga journal can be written again"};
constexpr std::string_view kCannotRead = "the saga journal cannot be read";

}  // namespace

class SagaJournal::Writer final : public GroupWriter<flow::SagaRecord> {
 public:
  explicit Writer(Log& log) noexcept : GroupWriter(log, kTexts), told_(*this) {}
  ~Writer() { stop(); }

  std::string open(const std::string& path) {
    if (std::string error = file_.open(path); !error.empty()) return error;
    start();
    return {};
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

  std::string write(const Batch& batch) override { return file_.write(batch, releases_); }

  void on_written() noexcept override {
    if (releases_ && listener_ != nullptr && !std::exchange(is_told_, true)) listener_loop_->post(told_);
  }

  bool has_requests() const noexcept override { return claim_ != nullptr; }

  void serve(std::unique_lock<std::mutex>& lock) noexcept override {
    flow::SagaClaim& claim = *std::exchange(claim_, nullptr);
    running_claim_ = &claim;
    lock.unlock();
    claim.sagas.clear();
    const std::string error = guarded([&] { return file_.claim(claim.sagas); });
    claim.why = error.empty() ? std::string_view() : kCannotRead;
    if (!error.empty()) log_.write(LogLevel::kError, error);
    lock.lock();
    running_claim_ = nullptr;
    idle_.notify_all();
    claim.loop().post(claim);
  }

  JournalFile file_;       // of the thread, once it runs
  bool releases_ = false;  // of the thread: the last batch has
  std::condition_variable idle_;
  flow::SagaClaim* claim_ = nullptr;  // guarded by mutex_, like all below
  flow::SagaClaim* running_claim_ = nullptr;
  flow::SagaListener* listener_ = nullptr;
  async::Loop* listener_loop_ = nullptr;
  Told told_;
  bool is_told_ = false;
};

SagaJournal::SagaJournal(Log& log) : writer_(std::make_unique<Writer>(log)) {}

SagaJournal::~SagaJournal() = default;

std::string SagaJournal::open(const std::string& path) { return writer_->open(path); }

std::string SagaJournal::list(const std::string& path, std::vector<flow::SagaHistory>& sagas) {
  return JournalFile().list(path, sagas);
}

std::string SagaJournal::resolve(const std::string& path, const Uuid& saga, std::uint32_t run,
                                 flow::SagaVerdict verdict) {
  return JournalFile().resolve(path, saga, run, verdict);
}

std::uint64_t SagaJournal::batches() const noexcept { return writer_->batches(); }

std::string_view SagaJournal::refuses() const noexcept { return writer_->refuses(); }

void SagaJournal::append(const flow::SagaRecord& record) noexcept { writer_->append(record); }

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
