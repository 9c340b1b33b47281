// Runs a benchmark's coroutine on the loop of a production worker.
#pragma once

#include <zerver/async/spawn.h>
#include <zerver/core/clock.h>
#include <zerver/io/asio_loop.h>

#include <utility>

namespace zerver::bench {

// Spawns `body(loop, arguments...)`, which yields a Task, and runs the loop until it has ended.
template <class Body, class... Arguments> void run_on_loop(Body body, Arguments&&... arguments) {
  const SystemClock clock;
  io::AsioLoop loop(clock);
  auto task = async::spawn(loop, [&]() -> async::Task<> {
    co_await body(loop, std::forward<Arguments>(arguments)...);
    loop.stop();
  });
  loop.run();
  task.take();
}

}  // namespace zerver::bench
