#include "zerver.flow.h"
#include <zerver/effects/compute/compute.h>
#include <zerver/effects/offload.h>
#include <zerver/execution/compute_pool.h>
#include <zerver/trace/ring.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace {

Duration thread_cpu_time() noexcept {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return {};
  return Duration{std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

}  // namespace

ComputeContext::ComputeContext(const std::atomic<bool>& given_up, const Clock& clock, TimePoint deadline,
                               Duration budget, Arena& arena)
    : given_up_(&given_up),
      clock_(&clock),
      deadline_(deadline),
      budget_(budget),
      begun_(thread_cpu_time()),
      arena_(&arena) {}

Duration ComputeContext::cpu_time() const noexcept { return thread_cpu_time() - begun_; }

bool ComputeContext::should_stop() const noexcept {
  return given_up_->load(std::memory_order_relaxed) || cpu_time() >= budget_ || clock_->now() >= deadline_;
}

namespace {

constexpr std::uint32_t kMostThreads = 1024;

// How long functions took so far, so that one that could not begin in time is not accepted. Any thread; a
// lost update does not matter.
class RunTime {
 public:
  void note(Duration took) noexcept {
    const std::int64_t mean = mean_.load(std::memory_order_relaxed);
    mean_.store(mean + (took.nanoseconds - mean) / 8, std::memory_order_relaxed);
  }
  Duration mean() const noexcept { return {mean_.load(std::memory_order_relaxed)}; }

 private:
  std::atomic<std::int64_t> mean_ = 0;
};

// What all workers share of a target.
struct ComputeShared {
  ComputeShared(std::shared_ptr<const ComputeFunctions> the_functions, const ComputeConfig& the_config)
      : functions(std::move(the_functions)),
        config(the_config),
        threads(config.threads != 0 ? config.threads : std::max(1U, std::thread::hardware_concurrency())),
        pool(clock, {.threads = threads, .queue = config.queue, .nice = static_cast<int>(config.nice)}) {}

  // When a function that is submitted now would begin, going by those before it.
  TimePoint next_begin(TimePoint now) const noexcept {
    const std::size_t ahead = pool.stats().outstanding;
    if (ahead < threads) return now;
    return now + Duration{run_time.mean().nanoseconds * static_cast<std::int64_t>(ahead / threads)};
  }

  std::shared_ptr<const ComputeFunctions> functions;
  ComputeConfig config;
  SystemClock clock;
  unsigned threads;
  RunTime run_time;
  execution::ComputePool pool;
};

class ComputeOfWorker;

class ComputeJob final : public OffloadJob {
 public:
  ComputeJob(async::Loop& loop, ComputeShared& shared) : OffloadJob(loop), shared_(&shared) {}

  void set(ComputeOfWorker& owner, const ComputeFunctions::Function& function, std::string_view input,
           TimePoint deadline) {
    owner_ = &owner;
    function_ = &function;
    input_.assign(input);
    deadline_ = deadline;
    fault_.reset();
    exception_.clear();
    cpu_ = {};
  }
  // On this thread, for workers that have none to spare.
  void perform_here() noexcept { perform_operation(); }
  void answer(flow::Operation& operation) const noexcept {
    if (fault_) return operation.fail({*fault_, String::borrowed(why_), {}});
    const std::string_view text = output_;
    operation.complete(&text);
  }
  Duration cpu_time() const noexcept { return cpu_; }
  // What it threw; empty when it has not.
  const std::string& exception() const noexcept { return exception_; }

 private:
  void perform_operation() noexcept override;
  void back() noexcept override;
  void fail(FaultKind kind, std::string_view why) {
    fault_ = kind;
    why_.assign(why);
  }

  ComputeShared* shared_;
  ComputeOfWorker* owner_ = nullptr;
  const ComputeFunctions::Function* function_ = nullptr;
  TimePoint deadline_;
  std::string input_;
  std::string output_;
  std::optional<FaultKind> fault_;
  std::string why_;
  std::string exception_;
  Duration cpu_;
};

class ComputeOfWorker final : public ComputeAdapter {
 public:
  ComputeOfWorker(flow::Worker& worker, ComputeShared& shared, JobStore<ComputeJob>& store)
      : worker_(&worker), shared_(&shared), store_(&store) {}

  void run(const RunArguments& arguments, flow::JsonReply reply) override {
    const std::string_view name = arguments.function;
    const ComputeFunctions::Function* const function = shared_->functions->find(name);
    flow::Operation& operation = reply.operation();
    if (function == nullptr) {
      return reply.fail(
          {FaultKind::kInvalid, operation.arena().text({"no function `", name, "` is registered"}), {}});
    }
    const bool is_inline = worker_->limits().inline_effects;
    if (!is_inline && shared_->next_begin(shared_->clock.now()) >= operation.deadline()) {
      return reply.fail(
          {FaultKind::kUnavailable, "so much is to be computed that it could not begin in time", {}});
    }
    ComputeJob& job = take();
    job.set(*this, *function, arguments.input.view(), operation.deadline());
    job.begin(operation);
    if (is_inline) {
      job.perform_here();
      return end(job, job.end_here());
    }
    if (shared_->pool.submit(job) == execution::Submit::kAccepted) return;
    static_cast<void>(job.end_here());
    free_.push_back(&job);
    reply.fail({FaultKind::kUnavailable, "too much waits to be computed", {}});
  }
  // The function goes on until it asks whether it should.
  void cancel(flow::Operation& operation) noexcept override {
    static_cast<ComputeJob*>(operation.adapter_data)->cancel();
  }

  // `operation` is null when nobody waits any more.
  void end(ComputeJob& job, flow::Operation* operation) noexcept {
    if (!job.exception().empty()) worker_->log().write(LogLevel::kError, job.exception());
    if (job.cpu_time() > shared_->config.budget && worker_->trace() != nullptr) {
      worker_->trace()->record({.at = worker_->loop().now(),
                                .name = "compute",
                                .detail = job.cpu_time().nanoseconds,
                                .kind = trace::Kind::kOverrun});
    }
    if (operation != nullptr) job.answer(*operation);
    free_.push_back(&job);
  }

 private:
  ComputeJob& take() {
    if (free_.empty()) {
      // So that giving one back cannot fail.
      free_.reserve(++made_);
      return store_->make(worker_->loop(), *shared_);
    }
    ComputeJob& job = *free_.back();
    free_.pop_back();
    return job;
  }

  flow::Worker* worker_;
  ComputeShared* shared_;
  JobStore<ComputeJob>* store_;
  std::vector<ComputeJob*> free_;
  std::size_t made_ = 0;
};

void ComputeJob::perform_operation() noexcept {
  if (given_up().load(std::memory_order_relaxed)) return;
  const TimePoint begun = shared_->clock.now();
  if (begun >= deadline_) return fail(FaultKind::kTimeout, "its time was over before it began");
  Arena arena;
  ComputeContext context(given_up(), shared_->clock, deadline_, shared_->config.budget, arena);
  try {
    Result<std::string> output = (*function_)(input_, context);
    cpu_ = context.cpu_time();
    if (!output && shared_->clock.now() >= deadline_) {
      fail(FaultKind::kTimeout, "it stopped when its time was over");  // however the function puts that
    } else if (!output) {
      fail(output.error().kind, output.error().why);
    } else {
      output_ = *std::move(output);
    }
  } catch (const std::exception& error) {
    exception_ = "a function of `compute` threw: " + std::string(error.what());
    fail(FaultKind::kInternal, "the function threw an exception");
  } catch (...) {
    exception_ = "a function of `compute` threw what is no std::exception";
    fail(FaultKind::kInternal, "the function threw an exception");
  }
  shared_->run_time.note(shared_->clock.now() - begun);
}

void ComputeJob::back() noexcept {
  if (!ran()) fail(FaultKind::kUnavailable, "the service stops");
  owner_->end(*this, take_operation());
}

class ComputeSystem final : public System {
 public:
  ComputeSystem(std::shared_ptr<const ComputeFunctions> functions, const ComputeConfig& config)
      : shared_(std::move(functions), config) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<ComputeOfWorker>(worker, shared_, jobs_);
  }
  std::string describe() const override { return std::to_string(shared_.threads) + " threads"; }
  std::optional<PoolState> pool() const override {
    const auto outstanding = static_cast<std::uint32_t>(shared_.pool.stats().outstanding);
    const std::uint32_t busy = std::min(outstanding, shared_.threads);
    return PoolState{.open = shared_.threads,
                     .idle = shared_.threads - busy,
                     .waiting = outstanding - busy,
                     .most = shared_.threads};
  }
  void stop(Duration patience) noexcept override { static_cast<void>(shared_.pool.join(patience)); }

 private:
  JobStore<ComputeJob> jobs_;  // goes behind the pool
  ComputeShared shared_;
};

}  // namespace

Registry::Open open_compute(ComputeFunctions functions) {
  auto shared = std::make_shared<const ComputeFunctions>(std::move(functions));
  return Registry::typed<ComputeConfig>([shared](const flow::TargetInfo&, const ComputeConfig& config) {
    if (config.threads > kMostThreads) return Opened{nullptr, "parameter `threads` must be at most 1024"};
    if (config.nice > 19) return Opened{nullptr, "parameter `nice` must be from 0 to 19"};
    if (config.queue == 0) return Opened{nullptr, "parameter `queue` must be at least 1"};
    if (config.budget == Duration{}) return Opened{nullptr, "parameter `budget` must be more than nothing"};
    return Opened{std::make_unique<ComputeSystem>(shared, config), {}};
  });
}

}  // namespace zerver::effects
