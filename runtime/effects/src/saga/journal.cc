#include "journal_file.h"
#include <zerver/effects/saga_journal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace zerver::effects {

namespace {

constexpr std::string_view kCannotWrite = "the saga journal cannot be written";
constexpr std::string_view kCannotRead = "the saga journal cannot be read";
constexpr std::string_view kTooMuch = "too much waits to be written to the saga journal";
constexpr std::chrono::seconds kPause{1};  // before a batch that could not be written is tried again
// What nobody waits for is written when somebody waits for something behind it, such as the completion of a
// step with the intent of the next one; at the latest after this.
constexpr std::chrono::milliseconds kPatience{2};

}  // namespace

class SagaJournal::Writer {
 public:
  explicit Writer(Log& log) noexcept : log_(log), told_(*this) {}
  ~Writer() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      work_.notify_one();
    }
    thread_.join();
  }

  std::string open(const std::string& path) {
    if (std::string error = file_.open(path); !error.empty()) return error;
    thread_ = std::thread([this] { run(); });
    return {};
  }

  std::uint64_t batches() const noexcept { return batches_.load(std::memory_order_relaxed); }
  std::string_view refuses() const noexcept {
    if (is_broken_.load(std::memory_order_relaxed)) return kCannotWrite;
    return is_full_.load(std::memory_order_relaxed) ? kTooMuch : std::string_view();
  }

  void append(const flow::SagaRecord& record) noexcept {
    const std::lock_guard lock(mutex_);
    try {
      queue_.add(record);
      ++appended_;
    } catch (const std::bad_alloc&) {
      // As if it could not be written: whoever waits next is told.
      lost_ = ++appended_;
    }
    if (queue_.bytes() > kMaxBacklog) is_full_.store(true, std::memory_order_relaxed);
    if (!is_working_ && !is_urgent_) work_.notify_one();
  }

  bool sync(flow::SagaSync& sync) noexcept {
    const std::lock_guard lock(mutex_);
    sync.position = appended_;
    if (lost_ > durable_ || is_broken_.load(std::memory_order_relaxed)) {
      sync.fail(kCannotWrite);
      return true;
    }
    if (durable_ >= appended_) return true;
    try {
      waiting_.push_back(&sync);
    } catch (const std::bad_alloc&) {
      sync.fail(kCannotWrite);
      return true;
    }
    if (!std::exchange(is_urgent_, true)) work_.notify_one();
    return false;
  }

  void abandon(flow::SagaSync& sync) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(waiting_, &sync);
  }

  void claim(flow::SagaClaim& claim) noexcept {
    const std::lock_guard lock(mutex_);
    claim_ = &claim;
    work_.notify_one();
  }

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

  void run() noexcept {
    std::unique_lock lock(mutex_);
    while (true) {
      is_working_ = false;
      const auto is_pressing = [this] { return stopping_ || claim_ != nullptr; };
      if (batch_.empty()) {
        work_.wait(lock, [&] { return is_pressing() || !queue_.empty(); });
        work_.wait_for(lock, kPatience, [&] { return is_pressing() || is_urgent_; });
      } else {
        // It could not be written: it is tried again, but not at once.
        work_.wait_for(lock, kPause, is_pressing);
      }
      is_working_ = true;
      is_urgent_ = false;
      const bool stops = stopping_;
      write(lock);
      serve_claim(lock);
      if (stops) return;
    }
  }

  void write(std::unique_lock<std::mutex>& lock) noexcept {
    if (batch_.empty()) {
      std::swap(batch_, queue_);
      batch_end_ = appended_;
    } else if (batch_.bytes() + queue_.bytes() <= 2 * kMaxBacklog) {
      try {
        batch_.add(queue_);
        queue_.clear();
        batch_end_ = appended_;
      } catch (const std::bad_alloc&) {
        lost_ = appended_;
      }
    }
    if (batch_.empty()) return;
    const std::uint64_t upto = batch_end_;
    lock.unlock();
    const std::string error = guarded([this] { return file_.write(batch_); });
    lock.lock();
    const bool was_broken = is_broken_.exchange(!error.empty(), std::memory_order_relaxed);
    const bool releases = batch_.releases();
    if (error.empty()) {
      durable_ = upto;
      batch_.clear();
      batches_.fetch_add(1, std::memory_order_relaxed);
    }
    is_full_.store(batch_.bytes() + queue_.bytes() > kMaxBacklog, std::memory_order_relaxed);
    std::erase_if(waiting_, [&](flow::SagaSync* sync) {
      if (sync->position > upto) return false;
      if (!error.empty()) sync->fail(kCannotWrite);
      sync->loop().post(*sync);
      return true;
    });
    if (error.empty() && releases && listener_ != nullptr && !std::exchange(is_told_, true))
      listener_loop_->post(told_);
    if (was_broken == !error.empty()) return;
    lock.unlock();
    say(error);
    lock.lock();
  }

  void say(const std::string& error) noexcept {
    try {
      if (error.empty()) {
        log_.write(LogLevel::kInfo, "the saga journal can be written again");
      } else {
        log_.write(LogLevel::kError, std::string(kCannotWrite) + ": " + error);
      }
    } catch (const std::bad_alloc&) {
      log_.write(LogLevel::kError, kCannotWrite);
    }
  }

  void serve_claim(std::unique_lock<std::mutex>& lock) noexcept {
    if (claim_ == nullptr) return;
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

  template <class Work> static std::string guarded(Work work) noexcept {
    try {
      return work();
    } catch (const std::exception&) {
      return "no memory";
    }
  }

  Log& log_;
  JournalFile file_;   // of the thread, once it runs
  RecordBatch batch_;  // being written, or to be written again
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<bool> is_broken_ = false;
  std::atomic<bool> is_full_ = false;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  RecordBatch queue_;  // guarded by mutex_, like all below
  std::vector<flow::SagaSync*> waiting_;
  std::uint64_t appended_ = 0;
  std::uint64_t batch_end_ = 0;  // position of the last record of batch_
  std::uint64_t durable_ = 0;
  std::uint64_t lost_ = 0;  // position of a record that there was no memory for
  flow::SagaClaim* claim_ = nullptr;
  flow::SagaClaim* running_claim_ = nullptr;
  flow::SagaListener* listener_ = nullptr;
  async::Loop* listener_loop_ = nullptr;
  Told told_;
  bool is_told_ = false;
  bool is_working_ = false;
  bool is_urgent_ = false;  // somebody waits
  bool stopping_ = false;
  std::thread thread_;
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

bool SagaJournal::sync(flow::SagaSync& sync) noexcept { return writer_->sync(sync); }

void SagaJournal::abandon(flow::SagaSync& sync) noexcept { writer_->abandon(sync); }

bool SagaJournal::claim(flow::SagaClaim& claim) noexcept {
  writer_->claim(claim);
  return false;
}

void SagaJournal::abandon(flow::SagaClaim& claim) noexcept { writer_->abandon(claim); }

void SagaJournal::listen(flow::SagaListener* listener, async::Loop* loop) noexcept {
  writer_->listen(listener, loop);
}

}  // namespace zerver::effects
