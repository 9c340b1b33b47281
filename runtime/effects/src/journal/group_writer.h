// Group commit: what all workers append meanwhile is written by one thread in one transaction.
#pragma once

#include "record_batch.h"
#include <zerver/core/log.h>
#include <zerver/flow/durable/log_sync.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace zerver::effects {

// What is said about a journal; static.
struct JournalTexts {
  std::string_view cannot_write;
  std::string_view too_much;
  std::string_view written_again;
};

// Whoever derives from it calls start() once, and stop() before it goes. Any thread, but for what the thread
// calls.
template <class Record> class GroupWriter {
 public:
  using Batch = RecordBatch<Record>;
  // Of records that wait to be written. Above it refuses() says so.
  static constexpr std::size_t kMaxBacklog = std::size_t{16} << 20;

  GroupWriter(Log& log, const JournalTexts& texts) noexcept : log_(log), texts_(texts) {}
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  std::uint64_t batches() const noexcept { return batches_.load(std::memory_order_relaxed); }
  std::string_view refuses() const noexcept {
    if (is_broken_.load(std::memory_order_relaxed)) return texts_.cannot_write;
    return is_full_.load(std::memory_order_relaxed) ? texts_.too_much : std::string_view();
  }

  void append(const Record& record) noexcept {
    const std::lock_guard lock(mutex_);
    append_locked(record);
  }

  bool sync(flow::LogSync& sync) noexcept {
    const std::lock_guard lock(mutex_);
    sync.position = appended_;
    if (lost_ > durable_ || is_broken_.load(std::memory_order_relaxed)) {
      sync.fail(texts_.cannot_write);
      return true;
    }
    if (durable_ >= appended_) {
      judge(sync);
      return true;
    }
    try {
      waiting_.push_back(&sync);
    } catch (const std::bad_alloc&) {
      sync.fail(texts_.cannot_write);
      return true;
    }
    if (!std::exchange(is_urgent_, true)) work_.notify_one();
    return false;
  }

  void abandon(flow::LogSync& sync) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(waiting_, &sync);
  }

 protected:
  ~GroupWriter() = default;

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  // Writes what is left.
  void stop() noexcept {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      work_.notify_one();
    }
    thread_.join();
  }

  // --- Of the thread ---
  // All of it or nothing, and on the disk. Empty, or what is wrong.
  [[nodiscard]] virtual std::string write(const Batch& batch) = 0;
  // What was written is durable. The lock is held, as for those below.
  virtual void on_written() noexcept {}
  // Whether somebody asks for something else, which serve() does; it may give up the lock meanwhile.
  virtual bool has_requests() const noexcept = 0;
  virtual void serve(std::unique_lock<std::mutex>& lock) noexcept = 0;
  // Why what was appended about this has been refused, static; empty when it has not.
  virtual std::string_view refusal(const Uuid& subject) const noexcept {
    static_cast<void>(subject);
    return {};
  }

  // The lock is held.
  void append_locked(const Record& record) noexcept {
    try {
      queue_.add(record);
      ++appended_;
    } catch (const std::bad_alloc&) {
      lose_locked();
    }
    if (queue_.bytes() > kMaxBacklog) is_full_.store(true, std::memory_order_relaxed);
    if (!is_working_ && !is_urgent_) work_.notify_one();
  }
  // There was no memory for what belongs to a record: whoever waits next is told. The lock is held.
  void lose_locked() noexcept { lost_ = ++appended_; }
  std::uint64_t appended() const noexcept { return appended_; }
  // Whether what had that position is durable.
  bool is_durable(std::uint64_t position) const noexcept { return durable_ >= position; }

  template <class Work> static std::string guarded(Work work) noexcept {
    try {
      return work();
    } catch (const std::exception&) {
      return "no memory";
    }
  }

  Log& log_;
  std::mutex mutex_;
  std::condition_variable work_;  // with requests

 private:
  // Before a batch that could not be written is tried again.
  static constexpr std::chrono::seconds kPause{1};
  // What nobody waits for is written when somebody waits for something behind it, such as the completion of a
  // step with the intent of the next one; at the latest after this.
  static constexpr std::chrono::milliseconds kPatience{2};

  void run() noexcept {
    std::unique_lock lock(mutex_);
    while (true) {
      is_working_ = false;
      // Whoever has begun to wait for what was being written has its answer, and presses no more.
      is_urgent_ = !waiting_.empty();
      const auto is_pressing = [this] { return stopping_ || has_requests(); };
      if (batch_.empty()) {
        work_.wait(lock, [&] { return is_pressing() || !queue_.empty(); });
        work_.wait_for(lock, kPatience, [&] { return is_pressing() || is_urgent_; });
      } else {
        // It could not be written: it is tried again, but not at once.
        work_.wait_for(lock, kPause, is_pressing);
      }
      is_working_ = true;
      const bool stops = stopping_;
      write_batch(lock);
      if (has_requests()) serve(lock);
      if (stops) return;
    }
  }

  void write_batch(std::unique_lock<std::mutex>& lock) noexcept {
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
    const std::string error = guarded([this] { return write(batch_); });
    lock.lock();
    const bool was_broken = is_broken_.exchange(!error.empty(), std::memory_order_relaxed);
    if (error.empty()) {
      durable_ = upto;
      batch_.clear();
      batches_.fetch_add(1, std::memory_order_relaxed);
      on_written();
    }
    is_full_.store(batch_.bytes() + queue_.bytes() > kMaxBacklog, std::memory_order_relaxed);
    std::erase_if(waiting_, [&](flow::LogSync* sync) {
      if (sync->position > upto) return false;
      if (!error.empty()) {
        sync->fail(texts_.cannot_write);
      } else {
        judge(*sync);
      }
      sync->loop().post(*sync);
      return true;
    });
    if (was_broken == !error.empty()) return;
    lock.unlock();
    say(error);
    lock.lock();
  }

  void judge(flow::LogSync& sync) const noexcept {
    if (const std::string_view why = refusal(sync.subject()); !why.empty()) sync.refuse(why);
  }

  void say(const std::string& error) noexcept {
    try {
      if (error.empty()) {
        log_.write(LogLevel::kInfo, texts_.written_again);
      } else {
        log_.write(LogLevel::kError, std::string(texts_.cannot_write) + ": " + error);
      }
    } catch (const std::bad_alloc&) {
      log_.write(LogLevel::kError, texts_.cannot_write);
    }
  }

  const JournalTexts texts_;
  Batch batch_;  // of the thread: being written, or to be written again
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<bool> is_broken_ = false;
  std::atomic<bool> is_full_ = false;
  Batch queue_;  // guarded by mutex_, like all below
  std::vector<flow::LogSync*> waiting_;
  std::uint64_t appended_ = 0;
  std::uint64_t batch_end_ = 0;  // position of the last record of batch_
  std::uint64_t durable_ = 0;
  std::uint64_t lost_ = 0;  // position of a record that there was no memory for
  bool is_working_ = false;
  bool is_urgent_ = false;  // somebody waits, and the thread knows of it
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace zerver::effects
