// Runners of several threads on one store: for ThreadSanitizer, and for what only happens at the same time.

#include <zerver/core/clock.h>
#include <zerver/core/log.h>
#include <zerver/core/random.h>
#include <zerver/effects/queue/open_queue.h>
#include <zerver/flow/request/problem.h>
#include <zerver/flow/service.h>
#include <zerver/io/asio_loop.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace zerver::effects::queue {
namespace {

using flow::Exchange;
using flow::Handled;

constexpr int kThreads = 4;
constexpr int kJobs = 1'000;  // of each

// Set by the test that runs.
std::atomic<int> succeeded = 0;
std::atomic<int> at_once = 0;
std::atomic<int> most_at_once = 0;

Handled run_capped(Exchange&, std::string_view) {
  const int now = at_once.fetch_add(1) + 1;
  int seen = most_at_once.load();
  while (seen < now && !most_at_once.compare_exchange_weak(seen, now)) {
  }
  at_once.fetch_sub(1);
  succeeded.fetch_add(1);
  return Handled::kNow;
}
// Every other attempt fails.
Handled run_shaky(Exchange& exchange, std::string_view) {
  thread_local int runs = 0;
  if (++runs % 2 == 0) {
    flow::answer_problem(exchange, 503, "not now");
  } else {
    succeeded.fetch_add(1);
  }
  return Handled::kNow;
}

constexpr std::array kFlows = {
    flow::FlowInfo{.name = "capped", .slug = "", .method = "", .path = "", .in_flight = 2},
    flow::FlowInfo{.name = "shaky", .slug = "", .method = "", .path = ""}};
constexpr std::array kJobInfos = {
    flow::JobInfo{.name = "stress.capped", .flow = 0, .run = run_capped, .attempts = 100},
    flow::JobInfo{.name = "stress.shaky", .flow = 1, .run = run_shaky, .attempts = 100}};
constexpr flow::PackageInfo kPackage{
    .name = "stress", .flows = kFlows, .targets = {}, .handle = nullptr, .jobs = kJobInfos};
constexpr std::array<const flow::PackageInfo*, 1> kPackages = {&kPackage};

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

// A worker with its thread, which puts its share and runs whatever there is.
class Crew {
 public:
  Crew(const Clock& clock, jobs::RunnerGroup& group)
      : loop(clock),
        worker_(flow::Seams{loop, clock, random_, log_}),
        runner_(worker_, group, [](std::size_t, Exchange&) {}),
        session_(group.store().session(loop, clock, nullptr)) {
    for (int i = 0; i < 16; ++i)
      puts_.push_back(std::make_unique<Put>(*this));
    loop.post(begin_);
  }
  ~Crew() { runner_.stop(); }

  io::AsioLoop loop;

 private:
  struct Put final : jobs::PutCall {
    explicit Put(Crew& the_crew)
        : PutCall(
              [](async::Job& job) noexcept { static_cast<Put&>(job).crew.put_next(static_cast<Put&>(job)); }),
          crew(the_crew) {}
    Crew& crew;
  };
  struct Begin final : async::Job {
    explicit Begin(Crew& the_crew)
        : Job([](Job& job) noexcept {
            for (const auto& each : static_cast<Begin&>(job).crew.puts_)
              static_cast<Begin&>(job).crew.put_next(*each);
          }),
          crew(the_crew) {}
    Crew& crew;
  };

  void put_next(Put& call) noexcept {
    if (left_ == 0) return;
    const bool capped = left_-- % 2 == 0;
    jobs::NewJob job;
    job.id = Uuid::generate(random_);
    job.queue = capped ? "jobs/stress.capped" : "jobs";
    job.name = capped ? "stress.capped" : "stress.shaky";
    if (session_->put(job, call)) loop.defer(call);
    runner_.note_put(job.queue, loop.now());
  }

  SystemRandom random_;
  NoLog log_;
  flow::Worker worker_;
  jobs::JobRunner runner_;
  int left_ = kJobs;
  std::vector<std::unique_ptr<Put>> puts_;
  Begin begin_{*this};
  std::unique_ptr<jobs::QueueSession> session_;
};

void run_all(jobs::QueueStore& store, const std::function<bool()>& is_done) {
  succeeded = 0;
  most_at_once = 0;
  const SystemClock clock;
  jobs::RunnerGroup group(kPackages, store, {.running = 8});
  std::vector<std::unique_ptr<Crew>> crews;
  for (int i = 0; i < kThreads; ++i)
    crews.push_back(std::make_unique<Crew>(clock, group));
  std::vector<std::thread> threads;
  for (const auto& crew : crews)
    threads.emplace_back([&crew] { crew->loop.run(); });
  const TimePoint end = clock.now() + Duration::from_seconds(60);
  while ((succeeded.load() < kThreads * kJobs || !is_done()) && clock.now() < end)
    std::this_thread::yield();
  for (const auto& crew : crews)
    crew->loop.stop();
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(succeeded.load(), kThreads * kJobs);
  EXPECT_LE(most_at_once.load(), 2) << "`in_flight` is for all workers of a process";
}

TEST(QueueStress, InMemory) {
  jobs::JobStore store({.waiting = 100'000});
  run_all(store, [&store] {
    const jobs::JobCounts counts = store.counts();
    return counts.waiting + counts.running == 0;
  });
  EXPECT_EQ(store.counts().succeeded, std::uint64_t{kThreads} * kJobs);
  EXPECT_EQ(store.counts().dead, 0U);
}

TEST(QueueStress, InSqlite) {
  std::string folder = (std::filesystem::temp_directory_path() / "zerver-stress-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    const SystemClock clock;
    OpenedQueue opened = open_queue("sqlite:" + folder + "/jobs.db", clock);
    ASSERT_EQ(opened.error, "");
    run_all(*opened.store, [] { return true; });
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace zerver::effects::queue
