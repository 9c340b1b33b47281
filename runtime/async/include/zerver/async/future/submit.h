// Work for a loop, from any thread.
#pragma once

#include <zerver/async/future/future.h>
#include <zerver/async/spawn.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace zerver::async {

namespace detail {

// The stop of what was submitted, as it can be requested from other threads. It goes on the loop's thread.
class RemoteStop final : private Job {
 public:
  static RemoteStop* create(Loop& loop) {
    return ::new (FramePool::allocate(sizeof(RemoteStop))) RemoteStop(loop);
  }

  StopToken token() noexcept { return stop_.token(); }
  void request() noexcept {
    owners_.fetch_add(1, std::memory_order_relaxed);
    loop_.post(*this);
  }
  void drop_owner() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    this->~RemoteStop();
    FramePool::release(this, sizeof(RemoteStop));
  }

 private:
  explicit RemoteStop(Loop& loop) noexcept : Job(run), loop_(loop) {}
  static void run(Job& job) noexcept {
    auto& self = static_cast<RemoteStop&>(job);
    self.stop_.request_stop();
    self.drop_owner();
  }

  Loop& loop_;
  StopSource stop_;
  std::atomic<std::uint32_t> owners_ = 2;  // the work and the callback of its future
};

template <class T> struct Settled {
  using Type = T;
};
template <class T> struct Settled<Result<T>> {
  using Type = T;
};

// A callable and its arguments on their way to a loop.
template <class T, class Function, class... Arguments> class Submission final : private Job {
 public:
  template <class F, class... A> static Future<T> post(Loop& loop, F&& function, A&&... arguments) {
    auto [promise, future] = make_promise<T>();
    RemoteStop* const stop = RemoteStop::create(loop);
    auto* const self = ::new (FramePool::allocate(sizeof(Submission)))
        Submission(loop, std::move(promise), *stop, std::forward<F>(function), std::forward<A>(arguments)...);
    loop.post(*self);
    return std::move(future);
  }

 private:
  template <class F, class... A>
  Submission(Loop& loop, Promise<T>&& promise, RemoteStop& stop, F&& function, A&&... arguments)
      : Job(begin),
        loop_(loop),
        promise_(std::move(promise)),
        stop_(stop),
        function_(std::forward<F>(function)),
        arguments_(std::forward<A>(arguments)...) {
    promise_.on_cancel([guard = StopOwner(stop)] { guard.stop->request(); });
  }
  ~Submission() = default;

  struct StopOwner {
    explicit StopOwner(RemoteStop& its_stop) noexcept : stop(&its_stop) {}
    StopOwner(StopOwner&& other) noexcept : stop(std::exchange(other.stop, nullptr)) {}
    ~StopOwner() {
      if (stop != nullptr) stop->drop_owner();
    }
    RemoteStop* stop;
  };

  static void begin(Job& job) noexcept {
    auto& self = static_cast<Submission&>(job);
    spawn(self.loop_, self.stop_.token(), run, &self).detach();
  }
  static Task<> run(Submission* self) {
    try {
      if constexpr (std::is_void_v<SpawnedValue<Function, Arguments...>>) {
        co_await self->call();
        self->promise_.set({});
      } else {
        self->promise_.set(co_await self->call());
      }
    } catch (...) {
      self->promise_.set_exception(std::current_exception());
    }
    self->stop_.drop_owner();
    self->~Submission();
    FramePool::release(self, sizeof(Submission));
  }
  auto call() {
    return std::apply([this](Arguments&... arguments) { return detail::call(function_, arguments...); },
                      arguments_);
  }

  Loop& loop_;
  Promise<T> promise_;
  RemoteStop& stop_;
  Function function_;
  std::tuple<Arguments...> arguments_;
};

}  // namespace detail

// Like spawn(), from any thread: runs the callable on the loop's thread, soon. What it gives is the future's,
// a failed Result is the future's failure, an exception is thrown to whoever takes the value. Cancelling the
// future asks it to stop. The loop outlives what was submitted to it, and its futures' cancelling.
template <class Function, class... Arguments>
auto submit(Loop& loop, Function&& function, Arguments&&... arguments) {
  using Value = detail::SpawnedValue<std::decay_t<Function>, std::decay_t<Arguments>...>;
  using Given = typename detail::Settled<Value>::Type;
  return detail::Submission<Given, std::decay_t<Function>, std::decay_t<Arguments>...>::post(
      loop, std::forward<Function>(function), std::forward<Arguments>(arguments)...);
}

}  // namespace zerver::async
