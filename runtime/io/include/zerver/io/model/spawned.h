// Tasks beside the one that began them, and what they return.
#pragma once

#include <zerver/async/task.h>
#include <zerver/core/result.h>
#include <zerver/io/model/io.h>

#include <coroutine>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace zerver::io {

namespace detail {

template <class T> struct TaskValue;
template <class T> struct TaskValue<async::Task<T>> {
  using Type = T;
};

// Not templates, because Model is not complete here.
std::unique_lock<std::mutex> lock_of(Model& model);
void begin_task(Model& model, Io& io);
void cancel_task(Model& model, Io& io) noexcept;
void end_task(Model& model, Io& io) noexcept;
void complete_wait(Model& model, Wait& wait) noexcept;

// Runs at once and goes with its end; its frame is of the heap, for the arena ends with the task.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

template <class T> class SpawnedBase : public Io {
 public:
  using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  // The task waits for the end of this one.
  class Join final : public PeerWait {
   public:
    Join(Io& io, SpawnedBase& spawned) noexcept : PeerWait(io), spawned_(&spawned) {}
    // The value, or `cancelled` when it was cancelled before it began, or the one who waits was. Throws the
    // task's exception.
    Result<T> await_resume() {
      if (failed()) return fault();
      return spawned_->take();
    }

   private:
    bool try_complete() noexcept override { return spawned_->ended_; }
    void enqueue() noexcept override { spawned_->joiner_ = this; }
    bool withdraw() noexcept override {
      spawned_->joiner_ = nullptr;
      return true;
    }
    SpawnedBase* spawned_;
  };

  Result<T> take() {
    if (exception_) std::rethrow_exception(exception_);
    if (!value_) return Fault{FaultKind::kCancelled, "cancelled before it began", {}};
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return std::move(*value_);
    }
  }
  // Of a root: its value itself.
  T take_and_release() {
    struct Release {
      SpawnedBase* spawned;
      ~Release() { spawned->release(); }
    } const release{this};
    Result<T> result = take();
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }
  // Whoever has the handle, or the task itself, does not need it any more.
  void release() noexcept {
    bool last = false;
    {
      const std::unique_lock<std::mutex> lock = lock_of(model());
      last = --owners_ == 0;
    }
    if (last) delete this;
  }

 protected:
  using Io::Io;
  ~SpawnedBase() override = default;

  void finished() noexcept final {
    if (Join* const joiner = std::exchange(joiner_, nullptr)) complete_wait(model(), *joiner);
  }

  std::optional<Stored> value_;
  std::exception_ptr exception_;

 private:
  Join* joiner_ = nullptr;
  int owners_ = 2;  // the handle and the task
};

template <class T, class Program, class... Arguments> class Spawned final : public SpawnedBase<T> {
 public:
  Spawned(Model& model, Program program, Arguments... arguments)
      : SpawnedBase<T>(model), program_(std::move(program)), arguments_(std::move(arguments)...) {}

 private:
  void start() override { perform(*this); }

  // `self` may be gone behind end_task().
  static Detached perform(Spawned& self) {
    if (!self.Io::cancelled()) {
      try {
        auto task = std::apply(
            [&self](auto&... arguments) {
              return std::invoke(self.program_, self.arena(), static_cast<Io&>(self), arguments...);
            },
            self.arguments_);
        if constexpr (std::is_void_v<T>) {
          co_await task;
          self.value_.emplace();
        } else {
          self.value_.emplace(co_await task);
        }
      } catch (...) {
        self.exception_ = std::current_exception();
      }
    }
    end_task(self.model(), self);
    self.release();
    co_return;
  }

  Program program_;
  std::tuple<Arguments...> arguments_;
};

template <class Program, class... Arguments>
using SpawnedValue =
    typename TaskValue<std::invoke_result_t<Program&, Arena&, Io&, std::decay_t<Arguments>&...>>::Type;

template <class Program, class... Arguments>
auto* spawned(Model& model, Program program, Arguments... arguments) {
  using T = SpawnedValue<Program, Arguments...>;
  SpawnedBase<T>* const task =
      new Spawned<T, Program, Arguments...>(model, std::move(program), std::move(arguments)...);
  return task;
}

}  // namespace detail

// A task that was spawned; destroying it cancels the task, which may then go on for a moment.
template <class T> class [[nodiscard]] Handle {
 public:
  explicit Handle(detail::SpawnedBase<T>& task) noexcept : task_(&task) {}
  Handle(Handle&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (task_ == nullptr) return;
    cancel();
    task_->release();
  }

  // Once, from the task `io`.
  [[nodiscard]] auto join(Io& io) noexcept { return typename detail::SpawnedBase<T>::Join(io, *task_); }
  // What it waits for ends with `cancelled`; what it does about that is up to it. A task that has not begun
  // never does.
  void cancel() noexcept { detail::cancel_task(task_->model(), *task_); }

 private:
  detail::SpawnedBase<T>* task_;
};

// Begins `program(arena, io, arguments...)` beside the task `io`.
template <class Program, class... Arguments> auto spawn(Io& io, Program program, Arguments... arguments) {
  using T = detail::SpawnedValue<Program, Arguments...>;
  auto* const task = detail::spawned(io.model(), std::move(program), std::move(arguments)...);
  detail::begin_task(io.model(), *task);
  return Handle<T>(*task);
}

}  // namespace zerver::io
