// The service that tests/bench/scheduling_load.py measures: flows that use the processor for a given time.
//
// Usage: load_service WORKERS BATCH_WORKERS. `GET /quick` is interactive and takes 500 us, with a deadline of
// 250 ms, `GET /kind` is the same and answers 203 at once when there is no time for it, `GET /crunch` is a
// batch flow of 20 ms, `GET /ping` does nothing, `GET /stats` says what the schedulers have counted. Prints
// its address, serves until its standard input ends.
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/flow/request/answer.h>
#include <zerver/flow/service.h>
#include <zerver/server/server.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>

namespace {

using namespace zerver;
using async::Priority;

constexpr flow::FlowInfo kFlows[] = {
    {.name = "quick",
     .slug = "quick",
     .method = "GET",
     .path = "/quick",
     .priority = Priority::kInteractive,
     .deadline = Duration::from_milliseconds(250)},
    {.name = "kind",
     .slug = "kind",
     .method = "GET",
     .path = "/kind",
     .priority = Priority::kInteractive,
     .deadline = Duration::from_milliseconds(250),
     .on_overload = true},
    {.name = "crunch", .slug = "crunch", .method = "GET", .path = "/crunch", .priority = Priority::kBatch},
    {.name = "ping", .slug = "ping", .method = "GET", .path = "/ping", .priority = Priority::kInteractive},
    {.name = "stats", .slug = "stats", .method = "GET", .path = "/stats", .priority = Priority::kInteractive},
};
server::Server* serving = nullptr;

// Time of this thread, not of the wall: so it is work, however often it is interrupted.
void use_processor(std::int64_t nanoseconds) {
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  const std::int64_t end = used() + nanoseconds;
  while (used() < end) {
  }
}

std::string stats_text() {
  std::string text;
  for (const server::SchedulerStats& stats : serving->scheduler_stats()) {
    text += (stats.batch ? "batch" : "worker");
    const auto add = [&text](std::string_view name, std::uint64_t value) {
      text.append(" ").append(name).append("=").append(std::to_string(value));
    };
    add("begun", stats.begun[0] + stats.begun[1] + stats.begun[2]);
    add("queued", stats.queued);
    add("stolen", stats.stolen);
    add("shed", stats.shed);
    add("expired", stats.expired);
    add("degraded", stats.degraded);
    add("accept_pauses", stats.accept_pauses);
    add("read_pauses", stats.read_pauses);
    text += "\n";
  }
  return text;
}

flow::Handled handle(flow::Exchange& exchange, flow::RouteMatch& match) {
  const std::string_view path = exchange.request.path;
  const auto* const flow = std::ranges::find(kFlows, path, &flow::FlowInfo::path);
  if (flow == std::end(kFlows)) return flow::Handled::kNow;
  match.found = true;
  if (const std::optional<flow::Handled> held = exchange.begin(*flow)) return *held;
  if (exchange.overloaded()) {
    flow::answer(exchange, 203, flow::kTextType, "less");
    return flow::Handled::kNow;
  }
  if (path == "/quick" || path == "/kind") use_processor(500'000);
  if (path == "/crunch") use_processor(20'000'000);
  if (path == "/stats") {
    flow::answer(exchange, 200, flow::kTextType, exchange.arena().text(stats_text()));
  } else {
    flow::answer(exchange, 200, flow::kTextType, "done");
  }
  return flow::Handled::kNow;
}
constexpr flow::PackageInfo kPackage{.name = "load", .flows = kFlows, .targets = {}, .handle = &handle};

class ErrorLog final : public Log {
 public:
  void write(LogLevel, std::string_view line) noexcept override {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  }
};

int run(const char* workers, const char* batch_workers) {
  server::Settings settings;
  settings.listen = {"127.0.0.1:0"};
  settings.workers = static_cast<unsigned>(std::atoi(workers));
  settings.batch_workers = static_cast<unsigned>(std::atoi(batch_workers));
  settings.connections = 20'000;
  const SystemClock clock;
  ErrorLog log;
  server::Server server(settings, clock, log);
  serving = &server;
  for (std::size_t i = 0; i < server.worker_count(); ++i)
    server.bind(i, {{&kPackage, {}}});
  if (const std::string error = server.open(); !error.empty()) {
    log.write(LogLevel::kError, error);
    return 1;
  }
  server.start();
  std::printf("%s\n", server.addresses().front().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.drain();
  server.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: load_service WORKERS BATCH_WORKERS\n");
    return 2;
  }
  return run(argv[1], argv[2]);
} catch (const std::exception& error) {
  std::fprintf(stderr, "load_service: %s\n", error.what());
  return 1;
}
