// How a program uses its machine.
#include <zerver/program/config.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace zerver {

std::string_view name_of(Executor executor) noexcept {
  return executor == Executor::kInline ? "inline" : "proactor";
}

std::string_view name_of(Finding::Kind kind) noexcept {
  switch (kind) {
    case Finding::Kind::kNoThreads:
      return "no-threads";
    case Finding::Kind::kTooManyThreads:
      return "too-many-threads";
    case Finding::Kind::kMoreThreadsThanProcessors:
      return "more-threads-than-processors";
    case Finding::Kind::kNoQueue:
      return "no-queue";
    case Finding::Kind::kQueueShorterThanThreads:
      return "queue-shorter-than-threads";
    case Finding::Kind::kMemoryBeyondLimit:
      return "memory-beyond-limit";
    case Finding::Kind::kTooFewOpenFiles:
      return "too-few-open-files";
    case Finding::Kind::kQuantaOutOfOrder:
      return "quanta-out-of-order";
    case Finding::Kind::kNoDrain:
      return "no-drain";
    case Finding::Kind::kInlineBlocksWorkers:
      break;
  }
  return "inline-blocks-workers";
}

namespace {

constexpr std::uint64_t kBusyConnection = std::uint64_t{16} << 10;  // bytes, with buffers and a small request

}  // namespace

// --- Presets ---

Config Config::optimal(const Machine& machine) {
  constexpr std::uint64_t kLittleMemory = std::uint64_t{128} << 20;
  const std::uint64_t memory = machine.usable_memory();
  return memory != 0 && memory < kLittleMemory ? for_embedded(machine) : for_server(machine);
}
Config Config::optimal() { return optimal(detect_machine()); }

Config Config::for_server(const Machine& machine) {
  Config config;
  config.workers = machine.processors();
  config.compute_threads = machine.processors();
  config.blocking_threads = std::clamp(4 * machine.processors(), 8U, 64U);
  // Each connection needs a file, and programs need some of their own.
  constexpr std::uint64_t kOwnFiles = 128;
  if (machine.open_files != 0) {
    const bool plenty = machine.open_files > 2 * kOwnFiles;
    const std::uint64_t left = plenty ? machine.open_files - kOwnFiles : machine.open_files / 2;
    config.connections = std::min<std::uint64_t>(config.connections, left);
  }
  if (const std::uint64_t memory = machine.usable_memory(); memory != 0)
    config.connections = std::min<std::uint64_t>(config.connections, memory / 2 / kBusyConnection);
  return config;
}
Config Config::for_server() { return for_server(detect_machine()); }

Config Config::for_cli(const Machine& machine) {
  Config config;
  config.compute_threads = machine.processors();
  config.blocking_threads = 4;
  config.drain = Duration::from_seconds(1);
  config.idle_timeout = Duration{0};
  config.connections = 64;
  return config;
}
Config Config::for_cli() { return for_cli(detect_machine()); }

Config Config::for_embedded(const Machine& machine) {
  Config config;
  config.blocking_threads = 2;
  config.compute_queue = 64;
  config.blocking_queue = 64;
  config.connections = 64;
  config.request_memory = std::size_t{64} << 10;
  // Not more than a quarter of what there is for all requests together.
  const std::uint64_t memory = machine.usable_memory();
  if (memory != 0) {
    const std::uint64_t share = memory / 4 / config.request_memory;
    config.connections = static_cast<std::size_t>(std::clamp<std::uint64_t>(share, 4, 64));
  }
  return config;
}
Config Config::for_embedded() { return for_embedded(detect_machine()); }

// --- Findings ---

namespace {

class Findings {
 public:
  void error(Finding::Kind kind, std::string_view setting, std::string message) {
    found_.insert(found_.begin() + errors_++, {Finding::Severity::kError, kind, setting, std::move(message)});
  }
  void warning(Finding::Kind kind, std::string_view setting, std::string message) {
    found_.push_back({Finding::Severity::kWarning, kind, setting, std::move(message)});
  }
  std::vector<Finding> take() { return std::move(found_); }

 private:
  std::vector<Finding> found_;
  std::ptrdiff_t errors_ = 0;  // at its beginning
};

struct ThreadCount {
  std::string_view setting;
  unsigned count;
  bool computes;  // more of them than processors only get in each other's way
};

void check_threads(const Machine& machine, const ThreadCount& threads, Findings& findings) {
  const std::string name(threads.setting);
  if (threads.count == 0) {
    findings.error(Finding::Kind::kNoThreads, threads.setting,
                   name + " is 0: nothing would ever run; use 1 or more");
  } else if (threads.count > Config::kMostThreads) {
    findings.error(Finding::Kind::kTooManyThreads, threads.setting,
                   name + " is " + std::to_string(threads.count) + ": use " +
                       std::to_string(Config::kMostThreads) + " or fewer");
  } else if (threads.computes && threads.count > machine.processors()) {
    findings.warning(Finding::Kind::kMoreThreadsThanProcessors, threads.setting,
                     name + " is " + std::to_string(threads.count) + ", but only " +
                         std::to_string(machine.processors()) +
                         " processors may be used: more threads only wait for each other");
  }
}

void check_queue(std::string_view setting, std::size_t queue, unsigned threads, Findings& findings) {
  const std::string name(setting);
  if (queue == 0) {
    findings.error(Finding::Kind::kNoQueue, setting, name + " is 0: use 1 or more");
  } else if (queue < threads) {
    findings.warning(Finding::Kind::kQueueShorterThanThreads, setting,
                     name + " is " + std::to_string(queue) + ", less than the threads that it feeds (" +
                         std::to_string(threads) + "): work is refused while threads could take it");
  }
}

}  // namespace

std::vector<Finding> Config::validate(const Machine& machine) const {
  Findings findings;
  check_threads(machine, {"workers", workers, true}, findings);
  check_threads(machine, {"compute_threads", compute_threads, true}, findings);
  check_threads(machine, {"blocking_threads", blocking_threads, false}, findings);
  check_queue("compute_queue", compute_queue, compute_threads, findings);
  check_queue("blocking_queue", blocking_queue, blocking_threads, findings);
  using async::Priority;
  if (quanta[Priority::kInteractive] > quanta[Priority::kNormal] ||
      quanta[Priority::kNormal] > quanta[Priority::kBatch]) {
    findings.warning(
        Finding::Kind::kQuantaOutOfOrder, "quanta",
        "quanta are not in the order interactive, normal, batch: urgent work would hold its thread longest");
  }
  if (drain.nanoseconds <= 0) {
    findings.warning(Finding::Kind::kNoDrain, "drain",
                     "drain is 0: what is under way at shutdown is cut off");
  }
  if (executor == Executor::kInline) {
    findings.warning(Finding::Kind::kInlineBlocksWorkers, "executor",
                     "executor is inline: a worker waits for each effect, and answers nobody else meanwhile");
  }
  const std::uint64_t memory = machine.usable_memory();
  if (memory != 0 && connections > memory / kBusyConnection) {
    findings.warning(Finding::Kind::kMemoryBeyondLimit, "connections",
                     std::to_string(connections) + " busy connections need about " +
                         std::to_string(connections * kBusyConnection >> 20) + " MiB; only " +
                         std::to_string(memory >> 20) + " MiB may be used");
  }
  if (memory != 0 && request_memory > memory / 8) {
    findings.warning(Finding::Kind::kMemoryBeyondLimit, "request_memory",
                     "eight requests of " + std::to_string(request_memory) + " bytes fill the " +
                         std::to_string(memory >> 20) + " MiB that may be used");
  }
  if (machine.open_files != 0 && connections > machine.open_files) {
    findings.warning(Finding::Kind::kTooFewOpenFiles, "connections",
                     std::to_string(connections) + " connections, but only " +
                         std::to_string(machine.open_files) +
                         " files may be open; raise the limit (ulimit -n)");
  }
  return findings.take();
}

std::vector<Finding> Config::validate() const { return validate(detect_machine()); }

execution::TaskSystemOptions Config::task_system() const {
  execution::TaskSystemOptions options;
  options.compute.threads = compute_threads;
  options.compute.queue = compute_queue;
  options.compute.budget = quanta[async::Priority::kBatch];
  options.compute.idle_timeout = idle_timeout;
  options.blocking.threads = blocking_threads;
  options.blocking.queue = blocking_queue;
  options.watchdog = watchdog;
  return options;
}

}  // namespace zerver
