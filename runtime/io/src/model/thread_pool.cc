// Tasks on several threads.
#include "socket_poll.h"
#include <zerver/execution/compute_pool.h>
#include <zerver/io/model/models.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace zerver::io {

namespace {

// A task on its way through the pool. It may be woken on one thread while it is about to leave another: then
// it goes round once more, and never runs twice at a time.
struct PoolTask final : execution::PoolJob {
  PoolTask(Io& the_io, void (*the_work)(PoolTask&), void (*the_end)(PoolTask&), void* the_owner)
      : PoolJob(
            [](PoolJob& job) noexcept {
              auto& task = static_cast<PoolTask&>(job);
              task.work(task);
            },
            [](async::Job& job) noexcept {
              auto& task = static_cast<PoolTask&>(job);
              task.end(task);
            }),
        io(&the_io),
        work(the_work),
        end(the_end),
        owner(the_owner) {}
  ~PoolTask() {
    if (event >= 0) close(event);
  }

  Io* io;  // null: it has ended
  void (*work)(PoolTask&);
  void (*end)(PoolTask&);
  void* owner;
  bool in_pool = false;
  bool woken = false;
  std::condition_variable cancelled;  // while it sleeps
  int event = -1;                     // made readable when it is cancelled at a socket
};

PoolTask& task_of(const Wait& wait) noexcept { return *static_cast<PoolTask*>(wait.io().model_data); }

}  // namespace

struct ThreadPoolModel::State {
  State(ThreadPoolModel& the_model, unsigned threads)
      : model(the_model),
        pool(clock, {.threads = threads, .queue = std::numeric_limits<std::uint32_t>::max()}) {}

  static void run(PoolTask& task) { step(*task.io); }
  static void leave(PoolTask& task) {
    State& state = *static_cast<State*>(task.owner);
    const std::lock_guard lock(state.mutex);
    if (task.io == nullptr) {
      delete &task;
    } else if (std::exchange(task.woken, false)) {
      state.submit(task);
    } else {
      task.in_pool = false;
    }
  }
  void submit(PoolTask& task) {
    task.in_pool = true;
    static_cast<void>(pool.submit(task));  // it has room for more than there can be, and lives longer
  }

  ThreadPoolModel& model;
  SystemClock clock;
  std::mutex mutex;
  std::condition_variable changed;
  execution::ComputePool pool;
};

ThreadPoolModel::ThreadPoolModel(unsigned threads) : state_(std::make_unique<State>(*this, threads)) {}

ThreadPoolModel::~ThreadPoolModel() {
  // The last task may still be on its way out of a thread.
  state_->pool.join(Duration::max());
}

std::unique_lock<std::mutex> ThreadPoolModel::lock() { return std::unique_lock(state_->mutex); }

void ThreadPoolModel::schedule(Io& io) noexcept {
  if (io.model_data == nullptr) io.model_data = new PoolTask(io, State::run, State::leave, state_.get());
  auto& task = *static_cast<PoolTask*>(io.model_data);
  if (task.in_pool) {
    task.woken = true;
  } else {
    state_->submit(task);
  }
}

void ThreadPoolModel::forget(Io& io) noexcept {
  static_cast<PoolTask*>(io.model_data)->io = nullptr;
  state_->changed.notify_all();
}

void ThreadPoolModel::drive(Io& root) {
  std::unique_lock<std::mutex> held = lock();
  state_->changed.wait(held, [&root] { return has_ended(root); });
  cancel_all();
  state_->changed.wait(held, [this] { return living() == 0; });
}

bool ThreadPoolModel::begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>& held) {
  set_wait(wait.io(), &wait);
  std::condition_variable& cancelled = task_of(wait).cancelled;
  const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(wait.until().nanoseconds)};
  cancelled.wait_until(held, until, [&wait] { return fail_if_cancelled(wait); });
  set_wait(wait.io(), nullptr);
  return true;
}

bool ThreadPoolModel::end_sleep(SleepWait& wait) noexcept {
  task_of(wait).cancelled.notify_all();
  return false;
}

bool ThreadPoolModel::begin_socket(SocketWait& wait, std::unique_lock<std::mutex>& held) {
  PoolTask& task = task_of(wait);
  if (task.event < 0) {
    task.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (task.event < 0) {
      fail(wait, FaultKind::kUnavailable, "no descriptor is left to wait with");
      return true;
    }
  }
  set_wait(wait.io(), &wait);
  while (true) {
    held.unlock();
    const bool done = wait.attempt();
    const bool in_time = done || poll_socket(wait, now(), task.event);
    held.lock();
    if (done || fail_if_cancelled(wait)) break;
    if (in_time) continue;
    wait.expire();
    break;
  }
  set_wait(wait.io(), nullptr);
  return true;
}

bool ThreadPoolModel::end_socket(SocketWait& wait) noexcept {
  // The task waits for nothing any more, so nobody ever empties it.
  const std::uint64_t one = 1;
  static_cast<void>(!write(task_of(wait).event, &one, sizeof one));
  return false;
}

bool ThreadPoolModel::begin_call(FileTransfer& wait, std::unique_lock<std::mutex>& held) {
  held.unlock();
  wait.perform();
  held.lock();
  return true;
}

}  // namespace zerver::io
