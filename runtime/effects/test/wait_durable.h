// Waiting for a journal on the loop of a test.
#pragma once

#include <zerver/async/task.h>
#include <zerver/core/arena.h>
#include <zerver/core/result.h>
#include <zerver/core/uuid.h>
#include <zerver/flow/durable/log_sync.h>
#include <zerver/testing/sim_loop.h>

#include <cstddef>
#include <string>

namespace zerver::effects {

// Until all that was appended is durable. What went wrong for `subject`, or nothing.
inline std::string wait_durable(flow::DurableLog& log, testing::SimLoop& loop, const Uuid& subject) {
  std::string why;
  bool done = false;
  const auto wait = [&](Arena&) -> async::Task<void> {
    const Result<void> durable = co_await flow::LogSync(log, loop, subject);
    if (!durable) why = durable.error().why;
    done = true;
  };
  Arena arena(std::size_t{4096});
  async::Task<void> task = wait(arena);
  task.start();
  loop.run_with_threads_until([&] { return done; });
  return why;
}

}  // namespace zerver::effects
