// What one worker thread lends to the flows that run on it.
#pragma once

#include <zerver/async/loop.h>
#include <zerver/async/rate/token_bucket.h>
#include <zerver/core/clock.h>
#include <zerver/core/counter.h>
#include <zerver/core/log.h>
#include <zerver/core/output_buffer.h>
#include <zerver/core/random.h>
#include <zerver/trace/ring.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace zerver::flow {

class JsonReader;
class SagaLog;

// Everything that is not determined by the request alone. A simulated worker gets simulated ones.
struct Seams {
  async::Loop& loop;
  const Clock& clock;
  Random& random;
  Log& log;
};

struct WorkerLimits {
  std::size_t arena_bytes = std::size_t{1} << 20;  // of one request
  std::size_t json_depth = 32;
  Duration unwinding = Duration::from_seconds(30);  // of all undos of one saga, before the recovery has them
  Duration cleanup = Duration::from_seconds(10);    // of one call that goes on when its request is given up
  // Lines about failed requests; what comes above that is counted, and said with the next line.
  async::RateLimit failure_lines{.count = 200, .per = Duration::from_seconds(1), .burst = 1000};
  // Adapters that can perform their operations on the worker's own thread do so, before start() returns.
  bool inline_effects = false;
};

// Counted since the start, by the worker's own thread.
struct Counters {
  std::uint64_t operations = 0;  // attempts of effects
  std::uint64_t retries = 0;
  std::uint64_t hedges = 0;
  std::uint64_t timeouts = 0;    // attempts that took too long
  std::uint64_t refused = 0;     // a target had too much in flight
  std::uint64_t cancelled = 0;   // given up because a deadline passed or a client left
  std::uint64_t unreported = 0;  // failed requests without a line in the log

  // Read by any thread.
  Counter sagas;  // that have written something
  Counter sagas_unwound;
  Counter sagas_recovered;  // ended by the recovery
  Counter undos_failed;
};

// Outlives every exchange of its thread.
class Worker {
 public:
  explicit Worker(const Seams& seams, const WorkerLimits& limits = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  async::Loop& loop() const noexcept { return seams_.loop; }
  const Clock& clock() const noexcept { return seams_.clock; }
  Random& random() const noexcept { return seams_.random; }
  Log& log() const noexcept { return seams_.log; }
  const WorkerLimits& limits() const noexcept { return limits_; }
  JsonReader& json_reader() noexcept { return *json_reader_; }
  Counters& counters() noexcept { return counters_; }
  // For text that is needed for a moment: whoever uses it clears it first, and calls nobody who might.
  OutputBuffer& scratch() noexcept { return scratch_; }
  // Whether the log takes another line about a failed request now.
  bool admit_failure_line() noexcept {
    if (failure_lines_.take(loop().now())) return true;
    ++counters_.unreported;
    ++unreported_;
    return false;
  }
  // How many it has not taken since this was asked last.
  std::uint64_t take_unreported() noexcept { return std::exchange(unreported_, 0); }
  // The journal of sagas: one in memory until another one is set, before any flow runs.
  SagaLog& saga_log() const noexcept { return *saga_log_; }
  void set_saga_log(SagaLog& log) noexcept { saga_log_ = &log; }
  // Where what happens is recorded; null: nowhere.
  trace::Ring* trace() const noexcept { return trace_; }
  // From the next request on. The ring is not ours, and outlives its use.
  void set_trace(trace::Ring* ring) noexcept { trace_ = ring; }

 private:
  Seams seams_;
  WorkerLimits limits_;
  std::unique_ptr<JsonReader> json_reader_;
  Counters counters_;
  async::TokenBucket failure_lines_;
  std::uint64_t unreported_ = 0;
  OutputBuffer scratch_;
  std::unique_ptr<SagaLog> own_saga_log_;
  SagaLog* saga_log_;
  trace::Ring* trace_ = nullptr;
};

}  // namespace zerver::flow
