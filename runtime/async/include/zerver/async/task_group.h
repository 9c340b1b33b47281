// Tasks that belong together: none outlives the group.
#pragma once

#include <zerver/async/spawn.h>
#include <zerver/async/sync/event.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace zerver::async {

// What the first failure of a task does to the others.
enum class OnFailure : std::uint8_t { kStopOthers, kGoOn };

// Of one loop. A task fails by a failed Result or an exception; the first failure in time is the group's.
// Before it is destroyed, join_all() has returned: a group with live tasks that goes ends the program, as a
// std::thread does.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop, StopToken parent = {},
                     OnFailure on_failure = OnFailure::kStopOthers) noexcept
      : loop_(loop), stop_(parent), on_failure_(on_failure) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() {
    if (live_.count() != 0) std::terminate();
  }

  // Like async::spawn. The callable yields nothing or a Result<void>. Also while others join, and from the
  // group's own tasks; in a group that has been stopped the task begins with a stop requested.
  template <class Function, class... Arguments> void spawn(Function&& function, Arguments&&... arguments) {
    using Value = detail::SpawnedValue<std::decay_t<Function>, std::decay_t<Arguments>...>;
    static_assert(std::same_as<Value, void> || std::same_as<Value, Result<void>>,
                  "a task of a group yields nothing or a Result<void>");
    async::spawn(loop_, stop_.token(), member<Value, std::decay_t<Function>, std::decay_t<Arguments>...>,
                 this, std::forward<Function>(function), std::forward<Arguments>(arguments)...)
        .detach();
    live_.add();
  }
  // Waits until no task is left, whatever happens: a stop of whoever joins is passed on to them. Then throws
  // or returns the first failure, once.
  Task<Result<void>> join_all() {
    const OnStop pass_on((co_await this_context()).stop, [this] { cancel(); });
    while (live_.count() != 0)
      (void)co_await shield(live_.wait());
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    co_return std::exchange(first_failure_, Result<void>());
  }
  // For whoever goes when the loop does not run any more, such as an adapter: stops all of them and runs what
  // is ready until they have ended.
  void finish() {
    cancel();
    while (live_.count() != 0 && loop_.run_ready()) {
    }
  }
  // Asks all of them to stop.
  void cancel() noexcept { stop_.request_stop(); }
  std::size_t size() const noexcept { return live_.count(); }

 private:
  template <class Value, class Function, class... Arguments>
  static Task<void> member(TaskGroup* group, Function function, Arguments... arguments) {
    try {
      if constexpr (std::same_as<Value, void>) {
        co_await detail::call(function, arguments...);
      } else {
        group->note(co_await detail::call(function, arguments...));
      }
    } catch (...) {
      group->note(std::current_exception());
    }
    group->live_.done();
  }

  void note(Result<void> result) noexcept {
    if (!result && may_fail()) first_failure_ = result;
  }
  void note(std::exception_ptr exception) noexcept {
    if (may_fail()) exception_ = std::move(exception);
  }
  // True for the first failure.
  bool may_fail() noexcept {
    if (std::exchange(failed_, true)) return false;
    if (on_failure_ == OnFailure::kStopOthers) cancel();
    return true;
  }

  Loop& loop_;
  StopSource stop_;
  OnFailure on_failure_;
  WaitGroup live_;
  bool failed_ = false;
  Result<void> first_failure_;
  std::exception_ptr exception_;
};

}  // namespace zerver::async
