#include "queue_world.h"

#include <zerver/core/random.h>
#include <zerver/io/asio_loop.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace zerver::effects::queue {

namespace {

template <class Base> struct Flagged final : Base {
  Flagged() : Base([](async::Job& job) noexcept { static_cast<Flagged&>(job).is_done = true; }) {}
  bool is_done = false;
};

class MemoryWorld final : public QueueWorld {
 public:
  async::Loop& loop() override { return loop_; }
  const Clock& clock() override { return loop_.clock(); }
  QueueTraits traits() const override { return {.is_durable = false}; }
  jobs::QueueStore& open() override { return store_; }
  void run_until(const std::function<bool()>& condition) override { ASSERT_TRUE(loop_.run_until(condition)); }
  void pass(Duration span) override { loop_.run_for(span); }

 private:
  testing::SimLoop loop_{1, Timestamp{1'767'225'600'000'000}};
  jobs::JobStore store_;
};

class RealWorld final : public QueueWorld {
 public:
  RealWorld(QueueTraits traits, OpenStore open, std::shared_ptr<void> server)
      : server_(std::move(server)), open_(std::move(open)), traits_(traits) {}

  async::Loop& loop() override { return loop_; }
  const Clock& clock() override { return clock_; }
  QueueTraits traits() const override { return traits_; }
  jobs::QueueStore& open() override { return *stores_.emplace_back(open_(clock_)); }
  // The condition is looked at between turns, every millisecond.
  void run_until(const std::function<bool()>& condition) override {
    const TimePoint end = clock_.now() + Duration::from_seconds(30);
    while (!condition()) {
      ASSERT_LT(clock_.now(), end) << "nothing has happened for 30 s";
      pass(Duration::from_milliseconds(1));
    }
  }
  void pass(Duration span) override {
    Stop stop(loop_);
    loop_.start(stop, clock_.now() + span);
    loop_.run();
    loop_.stop(stop);
  }

 private:
  struct Stop final : async::Timer {
    explicit Stop(io::AsioLoop& the_loop) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Stop&>(timer).loop.stop(); }), loop(the_loop) {}
    io::AsioLoop& loop;
  };

  std::shared_ptr<void> server_;
  OpenStore open_;
  QueueTraits traits_;
  SystemClock clock_;
  io::AsioLoop loop_{clock_};
  std::vector<std::unique_ptr<jobs::QueueStore>> stores_;
};

}  // namespace

std::unique_ptr<QueueWorld> memory_world() { return std::make_unique<MemoryWorld>(); }

std::unique_ptr<QueueWorld> real_world(QueueTraits traits, OpenStore open, std::shared_ptr<void> server) {
  return std::make_unique<RealWorld>(traits, std::move(open), std::move(server));
}

QueueClient::QueueClient(QueueWorld& world)
    : world_(world), session_(world.open().session(world.loop(), world.clock(), this)) {}

template <class Call, class Start> void QueueClient::wait(Call& call, Start start) {
  if (!start(call)) world_.run_until([&call] { return call.is_done; });
  EXPECT_EQ(call.why, "");
}

jobs::Put QueueClient::put(std::string_view arguments, jobs::NewJob job) {
  job.id = Uuid::generate(random_);
  if (job.queue.empty()) job.queue = "jobs";
  if (job.name.empty()) job.name = "shop.index";
  job.arguments = arguments;
  Flagged<jobs::PutCall> call;
  wait(call, [&](auto& each) { return session_->put(job, each); });
  return call.result;
}

std::vector<jobs::ClaimedJob> QueueClient::claim(std::size_t limit, Duration lease, std::string_view queue) {
  Flagged<jobs::ClaimCall> call;
  call.queue = queue;
  call.limit = limit;
  call.lease = lease;
  wait(call, [&](auto& each) { return session_->claim(each); });
  next_in = call.next_in;
  return std::move(call.jobs);
}

jobs::ClaimedJob QueueClient::wait_for_one(Duration lease) {
  while (true) {
    has_changed_ = false;
    std::vector<jobs::ClaimedJob> jobs = claim(1, lease);
    if (!jobs.empty()) return std::move(jobs[0]);
    const TimePoint due = world_.loop().now() + next_in;
    struct Due final : async::Timer {
      Due() : Timer([](Timer& timer) noexcept { static_cast<Due&>(timer).has_come = true; }) {}
      bool has_come = false;
    } timer;
    if (due != TimePoint::never()) world_.loop().start(timer, due);
    world_.run_until([&] { return has_changed_ || timer.has_come; });
    world_.loop().stop(timer);
    if (::testing::Test::HasFatalFailure()) return {};
  }
}

bool QueueClient::settle(const jobs::ClaimedJob& job, jobs::SettleCall::Kind kind, Duration delay) {
  Flagged<jobs::SettleCall> call;
  call.kind = kind;
  call.queue = "jobs";
  call.lease = {job.key, job.token};
  call.delay = delay;
  call.reason = "the printer burns";
  call.dead_letter = "index_dead";
  wait(call, [&](auto& each) { return session_->settle(each); });
  return !call.lost;
}

bool QueueClient::extend(const jobs::ClaimedJob& job, Duration span) {
  Flagged<jobs::ExtendCall> call;
  call.queue = "jobs";
  call.entries.push_back({{job.key, job.token}, span});
  wait(call, [&](auto& each) { return session_->extend(each); });
  return !call.entries[0].lost;
}

jobs::FireCall::Result QueueClient::fire(std::string_view cron, Timestamp at, bool skips,
                                         std::string_view unique) {
  jobs::NewJob job;
  job.id = Uuid::generate(random_);
  job.queue = "jobs";
  job.name = cron;
  job.unique = unique;
  Flagged<jobs::FireCall> call;
  call.cron = cron;
  call.at = at;
  call.skips = skips;
  wait(call, [&](auto& each) { return session_->fire(job, each); });
  return call.result;
}

Timestamp QueueClient::cron(std::string_view name, Timestamp now) {
  Flagged<jobs::CronCall> call;
  call.queue = "jobs";
  call.cron = name;
  call.now = now;
  wait(call, [&](auto& each) { return session_->cron(each); });
  return call.last;
}

QueueClient::Listed QueueClient::list() {
  Flagged<jobs::ListCall> call;
  call.queue = "jobs";
  wait(call, [&](auto& each) { return session_->list(each); });
  return {call.waiting, call.running, call.dead, std::move(call.running_jobs), std::move(call.dead_letters)};
}

bool QueueClient::revive(std::string_view id, bool drop) {
  Flagged<jobs::ReviveCall> call;
  call.queue = "jobs";
  call.id = Uuid::parse(id).value_or(Uuid{});
  call.drop = drop;
  wait(call, [&](auto& each) { return session_->revive(each); });
  return call.found;
}

}  // namespace zerver::effects::queue
