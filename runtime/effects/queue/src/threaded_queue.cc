#include "threaded_queue.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace zerver::effects::queue {

namespace {

constexpr std::size_t kMaxBatch = 4096;
constexpr std::size_t kMaxBacklog = 65'536;  // calls that wait
constexpr std::string_view kTooMuch = "too much waits for the queue";
constexpr std::chrono::milliseconds kLook{20};

using Kind = Command::Kind;

}  // namespace

class ThreadedQueue::Session final : public jobs::QueueSession {
 public:
  Session(Thread& thread, async::Loop& the_loop, jobs::QueueListener* listener);
  ~Session() override;

  bool put(const jobs::NewJob& job, jobs::PutCall& call) noexcept override;
  bool claim(jobs::ClaimCall& call) noexcept override;
  bool settle(jobs::SettleCall& call) noexcept override;
  bool extend(jobs::ExtendCall& call) noexcept override;
  bool fire(const jobs::NewJob& job, jobs::FireCall& call) noexcept override;
  bool cron(jobs::CronCall& call) noexcept override;
  bool list(jobs::ListCall& call) noexcept override;
  bool revive(jobs::ReviveCall& call) noexcept override;

  // Any thread.
  void tell() noexcept {
    if (listener_ != nullptr && !is_told_.exchange(true, std::memory_order_acq_rel)) loop.post(told_);
  }

  async::Loop& loop;

 private:
  struct Told final : async::Job {
    explicit Told(Session& the_session) noexcept
        : Job([](Job& job) noexcept {
            Session& told = static_cast<Told&>(job).session;
            told.is_told_.store(false, std::memory_order_release);
            told.listener_->on_change();
          }),
          session(the_session) {}
    Session& session;
  };

  bool add(Kind kind, jobs::QueueCall& call, const jobs::NewJob* job = nullptr) noexcept;

  Thread& thread_;
  jobs::QueueListener* listener_;
  std::atomic<bool> is_told_ = false;
  Told told_{*this};
};

class ThreadedQueue::Thread {
 public:
  const Backend& backend() const noexcept { return *backend_; }

  Thread(std::unique_ptr<Backend> backend, const Clock& clock)
      : clock_(clock), backend_(std::move(backend)), thread_([this] { run(); }) {}
  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      work_.notify_one();
    }
    thread_.join();
  }

  // True when it is refused: the call says why.
  bool add(std::unique_ptr<Command> command, Session& session) noexcept {
    command->call->why.clear();
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMaxBacklog) {
      command->call->why = kTooMuch;
      return true;
    }
    queue_.push_back(std::move(command));
    owners_.push_back(&session);
    if (!is_working_) work_.notify_one();
    return false;
  }

  void join(Session& session) {
    const std::lock_guard lock(mutex_);
    sessions_.push_back(&session);
  }

  // How jobs ended is still told to the store, without anybody who waits for that; all else is forgotten.
  void leave(Session& session) noexcept {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] {
      return !is_working_ || std::ranges::find(batch_owners_, &session) == batch_owners_.end();
    });
    std::erase(sessions_, &session);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      if (owners_[i] == &session) {
        if (queue_[i]->kind != Kind::kSettle) continue;
        queue_[i]->call = nullptr;
        owners_[i] = nullptr;
      }
      if (kept != i) {
        queue_[kept] = std::move(queue_[i]);
        owners_[kept] = owners_[i];
      }
      ++kept;
    }
    queue_.resize(kept);
    owners_.resize(kept);
  }

 private:
  void run() noexcept {
    std::unique_lock lock(mutex_);
    auto looked = std::chrono::steady_clock::now();
    while (true) {
      work_.wait_until(lock, looked + kLook, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_ && queue_.empty()) return;
      take_batch();
      is_working_ = true;
      lock.unlock();
      if (!batch_.empty()) perform();
      bool has_changed = false;
      if (const auto now = std::chrono::steady_clock::now(); now - looked >= kLook) {
        has_changed = backend_->has_changed();
        looked = now;
      }
      lock.lock();
      tell(has_changed);
      is_working_ = false;
      idle_.notify_all();
    }
  }

  void take_batch() {
    if (queue_.size() <= kMaxBatch) {
      std::swap(batch_, queue_);
      std::swap(batch_owners_, owners_);
      return;
    }
    constexpr auto kCount = static_cast<std::ptrdiff_t>(kMaxBatch);
    batch_.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.begin() + kCount));
    queue_.erase(queue_.begin(), queue_.begin() + kCount);
    batch_owners_.assign(owners_.begin(), owners_.begin() + kCount);
    owners_.erase(owners_.begin(), owners_.begin() + kCount);
  }

  void perform() noexcept {
    try {
      backend_->perform(batch_, clock_.wall());
    } catch (const std::exception& error) {
      for (const std::unique_ptr<Command>& each : batch_)
        each->why = error.what();
    }
    for (const std::unique_ptr<Command>& each : batch_) {
      if (each->call == nullptr) continue;
      if (each->kind == Kind::kSettle)
        static_cast<jobs::SettleCall&>(*each->call).lost = each->settlement.lost;
      each->call->why = std::move(each->why);
    }
  }

  void tell(bool has_changed) noexcept {
    for (std::size_t i = 0; i < batch_.size(); ++i)
      if (batch_owners_[i] != nullptr) batch_owners_[i]->loop.post(*batch_[i]->call);
    batch_.clear();
    batch_owners_.clear();
    if (!has_changed) return;
    for (Session* const session : sessions_)
      session->tell();
  }

  const Clock& clock_;
  std::unique_ptr<Backend> backend_;             // of the thread
  std::vector<std::unique_ptr<Command>> batch_;  // of the thread while it works

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable idle_;
  std::vector<Session*> batch_owners_;  // of batch_; guarded by mutex_, like all below
  std::vector<std::unique_ptr<Command>> queue_;
  std::vector<Session*> owners_;  // of queue_; null: nobody waits
  std::vector<Session*> sessions_;
  bool is_working_ = false;
  bool stopping_ = false;
  std::thread thread_;  // the last: it uses the others
};

// --- Sessions ---

ThreadedQueue::Session::Session(Thread& thread, async::Loop& the_loop, jobs::QueueListener* listener)
    : loop(the_loop), thread_(thread), listener_(listener) {
  thread_.join(*this);
}

ThreadedQueue::Session::~Session() { thread_.leave(*this); }

bool ThreadedQueue::Session::add(Kind kind, jobs::QueueCall& call, const jobs::NewJob* job) noexcept {
  auto command = std::make_unique<Command>(kind, call);
  if (job != nullptr) {
    command->job = *job;
    command->job.queue = command->queue = job->queue;
    command->job.name = command->name = job->name;
    command->job.arguments = command->arguments = job->arguments;
    command->job.unique = command->unique = job->unique;
  }
  if (kind == Kind::kSettle) {
    const auto& settle = static_cast<const jobs::SettleCall&>(call);
    command->settlement.kind = settle.kind;
    command->settlement.lease = settle.lease;
    command->settlement.delay = settle.delay;
    command->reason = settle.reason;
    command->dead_letter = settle.dead_letter;
  }
  return thread_.add(std::move(command), *this);
}

bool ThreadedQueue::Session::put(const jobs::NewJob& job, jobs::PutCall& call) noexcept {
  return add(Kind::kPut, call, &job);
}
bool ThreadedQueue::Session::claim(jobs::ClaimCall& call) noexcept { return add(Kind::kClaim, call); }
bool ThreadedQueue::Session::settle(jobs::SettleCall& call) noexcept { return add(Kind::kSettle, call); }
bool ThreadedQueue::Session::extend(jobs::ExtendCall& call) noexcept { return add(Kind::kExtend, call); }
bool ThreadedQueue::Session::fire(const jobs::NewJob& job, jobs::FireCall& call) noexcept {
  return add(Kind::kFire, call, &job);
}
bool ThreadedQueue::Session::cron(jobs::CronCall& call) noexcept { return add(Kind::kCron, call); }
bool ThreadedQueue::Session::list(jobs::ListCall& call) noexcept { return add(Kind::kList, call); }
bool ThreadedQueue::Session::revive(jobs::ReviveCall& call) noexcept { return add(Kind::kRevive, call); }

// --- The store ---

ThreadedQueue::ThreadedQueue(std::unique_ptr<Backend> backend, const Clock& clock)
    : thread_(std::make_unique<Thread>(std::move(backend), clock)) {}

ThreadedQueue::~ThreadedQueue() = default;

std::unique_ptr<jobs::QueueSession> ThreadedQueue::session(async::Loop& loop, const Clock&,
                                                           jobs::QueueListener* listener) {
  return std::make_unique<Session>(*thread_, loop, listener);
}

std::string_view ThreadedQueue::database() const noexcept { return thread_->backend().database(); }

flow::Statement ThreadedQueue::put_statement(const jobs::NewJob& job, Timestamp now, Arena& arena) const {
  return thread_->backend().put_statement(job, now, arena);
}

}  // namespace zerver::effects::queue
