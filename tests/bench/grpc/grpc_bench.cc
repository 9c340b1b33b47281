// What a call of the adapter `grpc` costs beside the same call with Google's C++ library, against one server.
//
// The argument of calls is how many are under way at once, on one connection, that of streams how many
// messages they have. `process_ns` is what the calling process spends on one call or message, the kernel's
// part included. `p50_us` is the median time of a call. Both run in turn, several times; behind that come the
// ratios of the medians, and the program ends with 1 when that of what is spent is less than it is to be. The
// rates have no bound: they are the server's, which has a processor to itself and is the slower one.
#include "echo.flow.h"
#include "echo.grpc.pb.h"
#include "server.h"
#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/effects/grpc/open_grpc.h>
#include <zerver/flow/stream/source.h>
#include <zerver/io/asio_loop.h>

#include <benchmark/benchmark.h>
#include <boost/asio/post.hpp>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kText = "where is the parcel with the number 4711?";
constexpr std::int64_t kBatch = 1000;

std::int64_t time_of_process() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

// Times of the calls of one run.
class Latencies {
 public:
  void add(Clock::time_point since) {
    times_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - since).count());
  }
  void clear() { times_.clear(); }
  double median() {
    const auto middle = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
    std::ranges::nth_element(times_, middle);
    return *middle;
  }

 private:
  std::vector<double> times_;
};

// `run()` performs so many calls, or a stream of so many messages, to the end.
void measure(benchmark::State& state, std::int64_t count, const std::function<void()>& run) {
  const std::int64_t process = time_of_process();
  for ([[maybe_unused]] auto _ : state)
    run();
  const auto all = static_cast<double>(state.iterations() * count);
  state.SetItemsProcessed(state.iterations() * count);
  state.counters["process_ns"] = static_cast<double>(time_of_process() - process) / all;
}

void measure_calls(benchmark::State& state, Latencies& latencies,
                   const std::function<void(std::int64_t count)>& run) {
  run(kBatch);  // the connection is made, memory is warm
  latencies.clear();
  measure(state, kBatch, [&] { run(kBatch); });
  state.counters["p50_us"] = latencies.median();
}

void measure_stream(benchmark::State& state, const std::function<void(std::int64_t count)>& run) {
  run(kBatch);
  measure(state, state.range(0), [&] { run(state.range(0)); });
}

// --- Google's ---

struct GoogleCall {
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<bench::Ping>> reader;
  bench::Ping asked, answer;
  grpc::Status status;
  Clock::time_point since;
};

void call_google(benchmark::State& state, std::uint16_t port) {
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  const std::unique_ptr<bench::Echo::Stub> stub = bench::Echo::NewStub(channel);
  grpc::CompletionQueue queue;
  std::deque<GoogleCall> calls(static_cast<std::size_t>(state.range(0)));
  Latencies latencies;
  const auto begin = [&](GoogleCall& call) {
    call.asked.set_n(17);
    call.asked.set_text(std::string(kText));
    call.since = Clock::now();
    call.context.emplace();
    call.context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    call.reader = stub->AsyncAsk(&*call.context, call.asked, &queue);
    call.reader->Finish(&call.answer, &call.status, &call);
  };
  measure_calls(state, latencies, [&](std::int64_t count) {
    std::int64_t left = count;
    for (GoogleCall& call : calls) {
      --left;
      begin(call);
    }
    for (std::int64_t done = 0; done < count; ++done) {
      void* tag = nullptr;
      bool is_well = false;
      if (!queue.Next(&tag, &is_well) || !is_well) std::abort();
      GoogleCall& call = *static_cast<GoogleCall*>(tag);
      if (!call.status.ok() || call.answer.n() != 17) std::abort();
      latencies.add(call.since);
      if (left-- > 0) begin(call);
    }
  });
}

void stream_google(benchmark::State& state, std::uint16_t port) {
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  const std::unique_ptr<bench::Echo::Stub> stub = bench::Echo::NewStub(channel);
  measure_stream(state, [&](std::int64_t count) {
    grpc::ClientContext context;
    bench::Ping asked, message;
    asked.set_n(count);
    asked.set_text(std::string(kText));
    const auto reader = stub->Count(&context, asked);
    std::int64_t so_far = 0;
    while (reader->Read(&message))
      ++so_far;
    if (!reader->Finish().ok() || so_far != count) std::abort();
  });
}

// --- The adapter ---

class NoLog final : public zerver::Log {
  void write(zerver::LogLevel, std::string_view) noexcept override {}
};

// A target on a worker of its own.
class Target {
 public:
  explicit Target(std::uint16_t port) {
    zerver::flow::TargetConfig config;
    config.set("url", "http://127.0.0.1:" + std::to_string(port));
    opened_ = zerver::effects::open_grpc()(info_, config);
    if (opened_.system == nullptr) std::abort();
    adapter_ = opened_.system->adapter(worker_);
  }
  ~Target() { adapter_.reset(); }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  zerver::flow::Worker& worker() { return worker_; }
  zerver::flow::Adapter& adapter() { return *adapter_; }
  zerver::io::AsioLoop& loop() { return loop_; }
  // Begun on the loop, as flows begin their calls.
  template <class Begin> void run(Begin begin) {
    boost::asio::post(loop_.context(), [this, &begin] {
      const zerver::io::AsioLoop::Turn turn(loop_);
      begin();
    });
    loop_.run();
  }

 private:
  zerver::SystemClock clock_;
  zerver::SystemRandom random_;
  NoLog log_;
  zerver::io::AsioLoop loop_{clock_};
  zerver::flow::Worker worker_{{.loop = loop_, .clock = clock_, .random = random_, .log = log_}};
  const zerver::flow::TargetInfo info_{.name = "bench",
                                       .adapter = "asked.echo",
                                       .configure = nullptr,
                                       .operations = asked::EchoAdapter::kOperations,
                                       .rpcs = asked::EchoAdapter::kRpcs};
  zerver::effects::Opened opened_;
  std::unique_ptr<zerver::flow::Adapter> adapter_;
};

class Call final : public zerver::flow::Operation {
 public:
  Call(Target& target, Latencies& latencies, std::int64_t& left, std::int64_t& running)
      : Operation(asked::EchoAdapter::kAsk, &arguments_, "bench", arena_, target.worker()),
        target_(target),
        latencies_(latencies),
        left_(left),
        running_(running) {}

  void begin() {
    if (left_ == 0) {
      if (--running_ == 0) target_.loop().stop();
      return;
    }
    --left_;
    arena_.reset();
    since_ = Clock::now();
    begin_attempt(1, target_.loop().now() + zerver::Duration::from_seconds(10));
    target_.adapter().start(*this);
  }

 private:
  void on_complete(const void*) noexcept override {
    end_attempt();
    latencies_.add(since_);
    begin();
  }
  void on_fail(const zerver::Fault&) noexcept override { std::abort(); }

  zerver::Arena arena_;
  asked::EchoAdapter::AskArguments arguments_{.ping = {.n = 17, .text = zerver::String::borrowed(kText)}};
  Target& target_;
  Latencies& latencies_;
  std::int64_t& left_;
  std::int64_t& running_;
  Clock::time_point since_;
};

void call_adapter(benchmark::State& state, std::uint16_t port) {
  Target target(port);
  Latencies latencies;
  std::int64_t left = 0;
  std::int64_t running = 0;
  std::deque<Call> calls;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    calls.emplace_back(target, latencies, left, running);
  measure_calls(state, latencies, [&](std::int64_t count) {
    left = count;
    running = state.range(0);
    target.run([&] {
      for (Call& call : calls)
        call.begin();
    });
  });
}

// Opens a stream and reads it to its end.
class Stream final : public zerver::flow::Operation, private zerver::flow::Source::Reader {
 public:
  Stream(Target& target, std::int64_t count)
      : Operation(asked::EchoAdapter::kCount, &arguments_, "bench", arena_, target.worker()),
        arguments_{.ping = {.n = count, .text = zerver::String::borrowed(kText)}},
        target_(target) {}
  void begin() {
    begin_attempt(1, zerver::TimePoint::never());
    target_.adapter().start(*this);
  }
  std::int64_t count() const { return count_; }

 private:
  void on_complete(const void* reply) noexcept override {
    end_attempt();
    source_ = &static_cast<const zerver::flow::OpenedStream*>(reply)->take();
    read_on();
  }
  // Parts may come from within.
  void read_on() noexcept {
    is_reading_ = true;
    do {
      has_part_ = false;
      source_->next(*this);
    } while (has_part_);
    is_reading_ = false;
  }
  void on_fail(const zerver::Fault&) noexcept override { std::abort(); }
  void on_part(const void* part) noexcept override {
    count_ += static_cast<std::int64_t>(static_cast<const zerver::List<asked::Ping>*>(part)->size());
    has_part_ = true;
    if (!is_reading_) read_on();
  }
  void on_end() noexcept override {
    source_->close();
    target_.loop().stop();
  }
  void on_failure(const zerver::Fault&) noexcept override { std::abort(); }

  zerver::Arena arena_;
  asked::EchoAdapter::CountArguments arguments_;
  Target& target_;
  zerver::flow::Source* source_ = nullptr;
  std::int64_t count_ = 0;
  bool is_reading_ = false;
  bool has_part_ = false;
};

void stream_adapter(benchmark::State& state, std::uint16_t port) {
  Target target(port);
  measure_stream(state, [&](std::int64_t count) {
    Stream stream(target, count);
    target.run([&] { stream.begin(); });
    if (stream.count() != count) std::abort();
  });
}

// --- Both beside each other ---

struct Pair {
  std::string_view what;
  void (*google)(benchmark::State& state, std::uint16_t port);
  void (*adapter)(benchmark::State& state, std::uint16_t port);
  std::int64_t argument;
  double least;  // ratio of what Google's spends to what the adapter spends
};
constexpr Pair kPairs[] = {
    {"calls", call_google, call_adapter, 1, 1.1},
    {"calls", call_google, call_adapter, 16, 1.25},
    {"stream", stream_google, stream_adapter, 100'000, 1.1},
};

// Prints what came of each run, and keeps what is compared.
class Results final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      Figures& figures = figures_[run.run_name.function_name + "/" + run.run_name.args];
      for (const auto& [name, counter] : run.counters) {
        if (name == "items_per_second") figures.rates.push_back(counter.value);
        if (name == "process_ns") figures.costs.push_back(counter.value);
      }
    }
  }
  // False: one is missed. What was filtered out counts as kept.
  bool print_ratios() {
    bool all_kept = true;
    for (const Pair& pair : kPairs) {
      const std::string name = std::string(pair.what) + "/" + std::to_string(pair.argument);
      Figures& google = figures_["google_" + name];
      Figures& adapter = figures_["adapter_" + name];
      if (google.costs.empty() || adapter.costs.empty()) continue;
      const double ratio = median(google.costs) / median(adapter.costs);
      const bool is_kept = ratio >= pair.least;
      all_kept = all_kept && is_kept;
      std::printf("%-16s spent: ratio %.2f (at least %.2f)%s; rate: ratio %.2f\n", name.c_str(), ratio,
                  pair.least, is_kept ? "" : " MISSED", median(adapter.rates) / median(google.rates));
    }
    return all_kept;
  }

 private:
  struct Figures {
    std::vector<double> rates;
    std::vector<double> costs;
  };
  static double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
  }

  std::map<std::string, Figures> figures_;
};

}  // namespace

int main(int count, char** arguments) {
  const bench::EchoServer server;
  // What is said on the command line counts more.
  std::vector<std::string> all = {arguments[0], "--benchmark_repetitions=9", "--benchmark_min_time=0.1",
                                  "--benchmark_enable_random_interleaving=true"};
  all.insert(all.end(), arguments + 1, arguments + count);
  std::vector<char*> texts;
  for (std::string& each : all)
    texts.push_back(each.data());
  int left = static_cast<int>(texts.size());
  benchmark::Initialize(&left, texts.data());
  if (benchmark::ReportUnrecognizedArguments(left, texts.data())) return 2;
  for (const Pair& pair : kPairs) {
    const auto add = [&](const std::string& who, const auto function) {
      benchmark::RegisterBenchmark((who + std::string(pair.what)).c_str(), function, server.port())
          ->Arg(pair.argument)
          ->UseRealTime();
    };
    add("google_", pair.google);
    add("adapter_", pair.adapter);
  }
  Results results;
  benchmark::RunSpecifiedBenchmarks(&results);
  return results.print_ratios() ? 0 : 1;
}
