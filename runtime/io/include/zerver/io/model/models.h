// The execution models. The same program runs on each; which one is chosen by type.
#pragma once

#include <zerver/async/task.h>
#include <zerver/io/model/model.h>

#include <concepts>
#include <cstddef>
#include <memory>

namespace zerver::io {

// One thread, the caller's. Tasks take turns where they wait for each other; what waits for time or the
// outside makes everything wait. As fast as plain calls, for tools and tests.
class BlockingModel final : public Model {
 public:
  BlockingModel();
  ~BlockingModel() override;

 private:
  struct State;
  void drive(Io& root) override;
  void schedule(Io& io) noexcept override;
  void forget(Io& io) noexcept override;
  bool begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>& lock) override;
  bool end_sleep(SleepWait& wait) noexcept override;
  bool begin_socket(SocketWait& wait, std::unique_lock<std::mutex>& lock) override;
  bool end_socket(SocketWait& wait) noexcept override;
  bool begin_call(FileTransfer& wait, std::unique_lock<std::mutex>& lock) override;

  std::unique_ptr<State> state_;
};

// Several threads. A task that waits for another one leaves its thread; what waits for time or the outside
// keeps it.
class ThreadPoolModel final : public Model {
 public:
  static constexpr unsigned kThreads = 4;

  explicit ThreadPoolModel(unsigned threads = kThreads);
  ~ThreadPoolModel() override;

  std::unique_lock<std::mutex> lock() override;

 private:
  struct State;
  void drive(Io& root) override;
  void schedule(Io& io) noexcept override;
  void forget(Io& io) noexcept override;
  bool begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>& lock) override;
  bool end_sleep(SleepWait& wait) noexcept override;
  bool begin_socket(SocketWait& wait, std::unique_lock<std::mutex>& lock) override;
  bool end_socket(SocketWait& wait) noexcept override;
  bool begin_call(FileTransfer& wait, std::unique_lock<std::mutex>& lock) override;

  std::unique_ptr<State> state_;
};

// One thread with an event loop, on which tasks are coroutines and nothing else: no stack of their own. Files
// are read and written on a BlockingPool.
class StacklessModel : public Model {
 public:
  StacklessModel();
  ~StacklessModel() override;

 protected:
  struct State;
  struct Task;

  void drive(Io& root) override;
  void schedule(Io& io) noexcept override;
  void forget(Io& io) noexcept override;
  // Runs the task on the loop's thread.
  virtual void enter(Task& task) noexcept;
  virtual std::unique_ptr<Task> make_task(Io& io);

 private:
  bool begin_sleep(SleepWait& wait, std::unique_lock<std::mutex>& lock) override;
  bool end_sleep(SleepWait& wait) noexcept override;
  bool begin_socket(SocketWait& wait, std::unique_lock<std::mutex>& lock) override;
  bool end_socket(SocketWait& wait) noexcept override;
  bool begin_call(FileTransfer& wait, std::unique_lock<std::mutex>& lock) override;

  std::unique_ptr<State> state_;
};

// The same loop, but each task has a stack of its own with a guard page below it: its coroutines are never
// suspended, so plain functions may wait, too (await()). A stack that overflows ends the program with a
// message that says so.
class StackfulModel final : public StacklessModel {
 public:
  static constexpr std::size_t kStack = std::size_t{128} << 10;  // bytes

  explicit StackfulModel(std::size_t stack = kStack);
  ~StackfulModel() override;

 private:
  struct Fiber;
  void drive(Io& root) override;
  void enter(Task& task) noexcept override;
  std::unique_ptr<Task> make_task(Io& io) override;
  bool park(Io& io, std::unique_lock<std::mutex>& lock) override;

  std::size_t stack_;
};

// In a task of a StackfulModel: waits for a coroutine in the middle of a plain function.
template <class T> T await(async::Task<T> task) {
  task.start();
  return task.await_resume();
}

// What a type needs to be an execution model; `StackfulModel` and so on are checked below.
template <class M>
concept ExecutionModel = std::derived_from<M, Model> && std::default_initializable<M>;
static_assert(ExecutionModel<BlockingModel> && ExecutionModel<ThreadPoolModel> &&
              ExecutionModel<StacklessModel> && ExecutionModel<StackfulModel>);

}  // namespace zerver::io
