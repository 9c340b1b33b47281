// What an adapter's implementation hands to the runtime: one outside system.
#pragma once

#include <zerver/core/time.h>
#include <zerver/effects/health.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/worker.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {

// Connections, or whatever else a system has a bounded number of.
struct PoolState {
  std::uint32_t open = 0;
  std::uint32_t idle = 0;     // of those
  std::uint32_t waiting = 0;  // operations that wait for one
  std::uint32_t most = 0;     // so many at once; 0: no bound
};

// One of several addresses that a system is reached at, over all workers.
struct AddressState {
  std::string address;          // with its port
  std::uint32_t in_flight = 0;  // operations
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;  // to connect, and answers that speak against it
  bool is_left_out = false;    // for now
};

// One outside system, opened once for a process. Outlives the adapters that it hands out. In this order:
// adapter() for each worker, on the main thread; then the workers run; stop(), when none runs any more and
// the adapters are gone.
class System {
 public:
  virtual ~System() = default;
  // What one worker reaches it through; called before that worker runs.
  virtual std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) = 0;

  // Where it goes, for the operator: `postgresql://db.internal:5432/todos`. Never with a secret in it:
  // without_secrets() helps.
  virtual std::string describe() const { return {}; }
  // How it is doing as far as its traffic has shown. Any thread; does not wait.
  virtual Health health() const { return {}; }
  // Its pool, when it has one. Any thread; does not wait.
  virtual std::optional<PoolState> pool() const { return std::nullopt; }
  // Those that its operations are spread over. Any thread; does not wait.
  virtual std::vector<AddressState> addresses() const { return {}; }
  // Asks the other side whether it is there, as `--targets` does. On the thread of that worker, which has an
  // adapter of this system; `done` is called once, also from within. Whoever asks waits as long as it likes.
  virtual void probe(flow::Worker& worker, ProbeDone done) {
    static_cast<void>(worker);
    done(health());
  }
  // An argument of its target, which is a secret, has another value. Operations that begin behind it use
  // that, and what goes on already keeps the old one. Empty, or why not, on one line without secrets. On the
  // main thread, while workers run.
  [[nodiscard]] virtual std::string renew(std::string_view argument, std::string_view value) {
    static_cast<void>(argument);
    static_cast<void>(value);
    return "its adapter takes another one at the next start only";
  }
  // The service ends. What goes on without a flow (statements that were let go, buffers) is brought to an end
  // within `patience`; what does not end by then is given up.
  virtual void stop(Duration patience) noexcept { static_cast<void>(patience); }
};

// A system, or why it cannot be opened: one line that goes on from "target `todo.v1.db`: ", without secrets.
struct Opened {
  std::unique_ptr<System> system;
  std::string error;
};

}  // namespace zerver::effects
