// How many jobs a second go through a store: put, claimed and acknowledged, all three durable before they
// count.
#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/io/asio_loop.h>
#include <zerver/jobs/queue_store.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace zerver {
namespace {

constexpr std::string_view kArguments = R"({"id":"0192f0c1-7c1e-7d0a-9b6f-2a1f6f1c2d3e","text":"a letter"})";

// One worker that puts all jobs, some at a time, while it claims and acknowledges as many.
class Bench {
 public:
  Bench(io::AsioLoop& loop, const Clock& clock, jobs::QueueStore& store, std::size_t count,
        std::size_t at_a_time)
      : loop_(loop), session_(store.session(loop, clock, nullptr)), left_(count), unfinished_(count) {
    for (std::size_t i = 0; i < at_a_time; ++i)
      puts_.push_back(std::make_unique<Put>(*this));
    claim_.queue = "bench";
    claim_.limit = at_a_time;
    claim_.lease = Duration::from_seconds(60);
  }

  // True when every job has been put, claimed and acknowledged.
  bool run() {
    for (const auto& each : puts_)
      put(*each);
    claim();
    loop_.run();
    return unfinished_ == 0;
  }

 private:
  struct Put final : jobs::PutCall {
    explicit Put(Bench& the_bench)
        : PutCall([](async::Job& job) noexcept {
            auto& self = static_cast<Put&>(job);
            self.bench.check(self);
            // Memory has a bound: once more, when something has been done.
            if (self.result == jobs::Put::kFull) ++self.bench.left_;
            self.bench.put(self);
          }),
          bench(the_bench) {}
    Bench& bench;
  };
  struct Claim final : jobs::ClaimCall {
    explicit Claim(Bench& the_bench)
        : ClaimCall([](async::Job& job) noexcept { static_cast<Claim&>(job).bench.claimed(); }),
          bench(the_bench) {}
    Bench& bench;
  };
  struct Settle final : jobs::SettleCall {
    explicit Settle(Bench& the_bench)
        : SettleCall([](async::Job& job) noexcept {
            auto& self = static_cast<Settle&>(job);
            self.bench.settled(self);
          }),
          bench(the_bench) {
      queue = "bench";
    }
    Bench& bench;
  };

  void check(const jobs::QueueCall& call) {
    if (!call.failed()) return;
    std::fprintf(stderr, "queue_bench: %s\n", call.why.c_str());
    std::exit(1);
  }

  void put(Put& call) {
    if (left_ == 0) return;
    --left_;
    jobs::NewJob job;
    job.id = Uuid::generate(random_);
    job.queue = "bench";
    job.name = "bench.index";
    job.arguments = kArguments;
    if (session_->put(job, call)) loop_.defer(call);
  }

  void claim() {
    if (session_->claim(claim_)) loop_.defer(claim_);
  }

  void claimed() {
    check(claim_);
    for (const jobs::ClaimedJob& job : claim_.jobs) {
      if (free_.empty()) free_.push_back(settles_.emplace_back(std::make_unique<Settle>(*this)).get());
      Settle& settle = *free_.back();
      free_.pop_back();
      settle.lease = {job.key, job.token};
      if (session_->settle(settle)) loop_.defer(settle);
    }
    if (unfinished_ != 0) claim();
  }

  void settled(Settle& settle) {
    check(settle);
    if (settle.lost) std::exit(1);
    free_.push_back(&settle);
    if (--unfinished_ == 0) loop_.stop();
  }

  io::AsioLoop& loop_;
  SystemRandom random_;
  std::vector<std::unique_ptr<Put>> puts_;
  std::vector<std::unique_ptr<Settle>> settles_;
  std::vector<Settle*> free_;
  Claim claim_{*this};
  std::unique_ptr<jobs::QueueSession> session_;
  std::size_t left_;
  std::size_t unfinished_;
};

int run(const std::string& url, std::size_t count, std::size_t at_a_time) {
  const SystemClock clock;
  effects::OpenedQueue opened = effects::open_queue(url, clock);
  if (!opened.error.empty()) {
    std::fprintf(stderr, "queue_bench: %s\n", opened.error.c_str());
    return 1;
  }
  io::AsioLoop loop(clock);
  const TimePoint begin = clock.now();
  {
    Bench bench(loop, clock, *opened.store, count, at_a_time);
    if (!bench.run()) return 1;
  }
  const double seconds = static_cast<double>((clock.now() - begin).nanoseconds) / 1e9;
  std::printf("%zu jobs put, claimed and acknowledged, %zu puts at a time: %.2f s, %.0f jobs/s\n", count,
              at_a_time, seconds, static_cast<double>(count) / seconds);
  return 0;
}

}  // namespace
}  // namespace zerver

int main(int argc, char** argv) {
  const std::size_t count = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 200'000;
  const std::size_t at_a_time = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 512;
  if (argc > 1) return zerver::run(argv[1], count, at_a_time);
  std::string folder = (std::filesystem::current_path() / "queue-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  const int status = zerver::run("sqlite:" + folder + "/jobs.db", count, at_a_time);
  std::filesystem::remove_all(folder);
  return status;
}
