// What a coroutine inherits from whoever awaits it.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/stop.h>

#include <concepts>

namespace zerver::async {

struct Context {
  Loop* loop = nullptr;  // on which it runs and is resumed
  StopToken stop;
};

// Promises of coroutines that may await what needs a loop: Task's, and those that other coroutine types give
// a context.
template <class Promise>
concept HasContext = requires(Promise& promise) {
  { promise.context() } -> std::convertible_to<const Context&>;
};

}  // namespace zerver::async
