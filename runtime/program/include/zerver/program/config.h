// How a program uses its machine: threads, queues, budgets; presets for kinds of programs.
#pragma once

#include <zerver/async/scheduling/quanta.h>
#include <zerver/core/time.h>
#include <zerver/execution/task_system.h>
#include <zerver/program/machine.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zerver {

// How effects are performed. With kInline the worker performs them itself, one after the other, where the
// adapter can: simple to step through in a debugger, and slow.
enum class Executor : std::uint8_t { kProactor, kInline };
std::string_view name_of(Executor executor) noexcept;

// Something about a configuration that is wrong (it cannot be used) or unwise.
struct Finding {
  enum class Severity : std::uint8_t { kWarning, kError };
  enum class Kind : std::uint8_t {
    kNoThreads,
    kTooManyThreads,
    kMoreThreadsThanProcessors,
    kNoQueue,
    kQueueShorterThanThreads,
    kMemoryBeyondLimit,
    kTooFewOpenFiles,
    kQuantaOutOfOrder,
    kNoDrain,
    kInlineBlocksWorkers,
  };

  Severity severity;
  Kind kind;
  std::string_view setting;  // the member of Config
  std::string message;       // one line: what is wrong, and what to do
};

// `more-threads-than-processors`; stable.
std::string_view name_of(Finding::Kind kind) noexcept;

struct Config {
  static constexpr unsigned kMostThreads = 4096;

  Executor executor = Executor::kProactor;
  unsigned workers = 1;              // loops, each with a thread
  unsigned compute_threads = 1;      // ComputePool
  unsigned blocking_threads = 16;    // BlockingPool, at most
  std::size_t compute_queue = 4096;  // jobs that wait
  std::size_t blocking_queue = 1024;
  async::Quanta quanta = async::kInteractiveQuanta;
  Duration drain = Duration::from_seconds(10);  // how long shutting down may take
  Duration idle_timeout =
      Duration::max();                  // a program's pools end when idle for so long; 0: with their last job
  Duration watchdog = Duration::max();  // report threads that are busy with one thing for longer
  std::size_t connections = 10'000;
  std::size_t request_memory = std::size_t{1} << 20;  // bytes, of one request at most

  // For a long-running program on this machine that has all of it.
  static Config optimal(const Machine& machine);
  static Config optimal();
  // Answers requests: a worker for each processor, threads for computing that give way to them.
  static Config for_server(const Machine& machine);
  static Config for_server();
  // Does one thing and ends: one worker, and pools that end with their last job.
  static Config for_cli(const Machine& machine);
  static Config for_cli();
  // Little memory, few processors: one of everything, short queues.
  static Config for_embedded(const Machine& machine);
  static Config for_embedded();

  // What is wrong or unwise on this machine, errors first.
  std::vector<Finding> validate(const Machine& machine) const;
  std::vector<Finding> validate() const;
  execution::TaskSystemOptions task_system() const;
};

}  // namespace zerver
