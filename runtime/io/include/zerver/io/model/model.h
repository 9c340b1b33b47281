// An execution model: what runs tasks, and what waiting means to it.
#pragma once

#include <zerver/core/clock.h>
#include <zerver/io/model/io.h>
#include <zerver/io/model/spawned.h>

#include <coroutine>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace zerver::io {

// run() for one thread at a time. Models derive from it; programs see Io.
class Model {
 public:
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Runs `program(arena, io, arguments...)`, a coroutine that returns async::Task<T>, to its end and returns
  // its value or throws its exception. What it has spawned and not joined is cancelled, and has ended, when
  // this returns. When every task waits for another one, they are cancelled.
  template <class Program, class... Arguments> auto run(Program program, Arguments... arguments) {
    auto* const root = detail::spawned(*this, std::move(program), std::move(arguments)...);
    begin(*root);
    drive(*root);
    return root->take_and_release();
  }

  TimePoint now() const noexcept { return clock_.now(); }

  // --- For tasks and what they wait for ---

  // Held around whatever tasks of different threads share; nothing where there is but one thread.
  virtual std::unique_lock<std::mutex> lock() { return {}; }
  void begin(Io& io);
  void cancel(Io& io) noexcept;
  // The wait is over: its task goes on. Under the lock.
  void complete(Wait& wait) noexcept;
  bool wait(Wait& wait, std::coroutine_handle<> task);
  // The task's coroutine has ended.
  void ended(Io& io) noexcept;

  virtual bool begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>& lock) = 0;
  virtual bool end_sleep(SleepWait& wait) noexcept = 0;
  virtual bool begin_socket(SocketWait& wait, std::unique_lock<std::mutex>& lock) = 0;
  virtual bool end_socket(SocketWait& wait) noexcept = 0;
  virtual bool begin_call(FileTransfer& wait, std::unique_lock<std::mutex>& lock) = 0;

 protected:
  Model() = default;

  // Runs tasks until the root has ended and no other is left.
  virtual void drive(Io& root) = 0;
  // The task can go on: step() is to be called for it, once. Under the lock.
  virtual void schedule(Io& io) noexcept = 0;
  // Its coroutine has ended; the task may be gone behind this. Under the lock.
  virtual void forget(Io& io) noexcept = 0;
  // The task's coroutine is suspended, or the stack that it runs on is: true. False when it goes on right
  // here.
  virtual bool park(Io& io, std::unique_lock<std::mutex>& lock);
  // Runs the task until it waits or ends.
  static void step(Io& io);
  // Under the lock.
  void cancel_all() noexcept;
  // For waits that keep their thread: what cancel() finds. Under the lock.
  static void set_wait(Io& io, Wait* wait) noexcept { io.wait_ = wait; }
  static void fail(Wait& wait, FaultKind kind, String why) noexcept { wait.fail(kind, why); }
  // Fails the wait when its task has been cancelled. Under the lock.
  static bool fail_if_cancelled(Wait& wait) noexcept;
  static bool has_ended(const Io& io) noexcept { return io.ended_; }
  std::size_t living() const noexcept { return tasks_.size(); }

 private:
  friend class Io;

  void cancel_locked(Io& io) noexcept;
  void look_for_deadlock() noexcept;

  SystemClock clock_;
  std::vector<Io*> tasks_;             // that have begun and not ended; under the lock
  std::size_t waiting_for_peers_ = 0;  // of these; under the lock
};

}  // namespace zerver::io
