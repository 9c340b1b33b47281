// Durable jobs as they are generated, over a simulated worker that dies wherever it can.

#include "durable.flow.h"
#include "zerver.flow.h"
#include <zerver/flow/durable/durable_run.h>
#include <zerver/flow/durable/job_journal.h>
#include <zerver/flow/job/job.h>
#include <zerver/flow/service.h>
#include <zerver/jobs/job_runner.h>
#include <zerver/jobs/job_store.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::testing {
namespace {

using durable::v1::package;
using flow::JournalRecord;
using flow::JournalRecordKind;

const std::array<const flow::PackageInfo*, 1> kPackages = {&package()};

// What happens outside of the service: it goes on when that dies.
class Town final : public durable::v1::ShopAdapter {
 public:
  void price(const PriceArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (performs(reply, "price " + std::string(arguments.item.view()))) reply.succeed(70 + ++prices_);
  }
  void reserve(const ReserveArguments& arguments, flow::Reply<durable::v1::Order> reply) override {
    if (!performs(reply, "reserve " + std::string(arguments.item.view()))) return;
    static constexpr std::array<std::int64_t, 4> kPieces = {3, 1, 4, 1};
    reply.succeed({.item = arguments.item,
                   .pieces = List<std::int64_t>::borrowed(kPieces),
                   .note = String("\"with\" a note")});
  }
  void pay(const PayArguments& arguments, flow::Reply<String> reply) override {
    if (!performs(reply, "pay " + std::to_string(arguments.cents))) return;
    if (broke) return reply.fail({FaultKind::kRejected, "no money", {}});
    reply.succeed(String("receipt"));
  }
  void refund(const RefundArguments& arguments, flow::Reply<void> reply) override {
    if (performs(reply, "refund " + std::to_string(arguments.cents))) reply.succeed();
  }
  void pack(const PackArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (performs(reply, "pack " + std::to_string(arguments.piece))) reply.succeed(arguments.piece * 10);
  }
  void send(const SendArguments& arguments, flow::Reply<void> reply) override {
    std::string text = "send " + std::string(arguments.text.view());
    for (const auto* const list : {&arguments.parcels, &arguments.more})
      for (const std::int64_t parcel : *list)
        text += " " + std::to_string(parcel);
    if (performs(reply, text)) reply.succeed();
  }
  void thank(const ThankArguments& arguments, flow::Reply<void> reply) override {
    if (performs(reply, "thank " + std::string(arguments.receipt.view()))) reply.succeed();
  }
  void say(const SayArguments& arguments, flow::Reply<String> reply) override {
    if (performs(reply, "say " + std::string(arguments.word.view()))) reply.succeed(arguments.word);
  }
  void look(const LookArguments& arguments, flow::Reply<String> reply) override {
    if (performs(reply, "look " + std::string(arguments.where.view()))) reply.succeed(arguments.where);
  }
  void cancel(flow::Operation&) noexcept override {}

  bool service_is_dead = false;  // nothing reaches the town any more
  bool broke = false;
  std::string closed;  // the step that fails, so many times
  unsigned failures = 0;
  std::vector<std::string> performed;
  std::map<std::string, std::size_t> by_step;

 private:
  bool performs(const flow::ReplyBase& reply, std::string what) {
    if (service_is_dead) return false;
    performed.push_back(std::move(what));
    ++by_step[std::string(reply.operation().step())];
    if (failures == 0 || reply.operation().step() != closed) return true;
    --failures;
    reply.fail({FaultKind::kUnavailable, "closed", {}});
    return false;
  }

  std::int64_t prices_ = 0;
};

class Dice final : public RandomAdapter {
 public:
  explicit Dice(bool& service_is_dead) noexcept : is_dead_(&service_is_dead) {}
  void uuid(const UuidArguments&, flow::Reply<Uuid> reply) override { reply.succeed({}); }
  void u64(const U64Arguments&, flow::Reply<std::uint64_t> reply) override {
    if (!*is_dead_) reply.succeed(next++);
  }
  void cancel(flow::Operation&) noexcept override {}

  std::uint64_t next = 0;

 private:
  bool* is_dead_;
};

// A store that hears nothing of a service that is dead.
class DistantStore final : public jobs::QueueStore {
 public:
  DistantStore(jobs::QueueStore& store, const bool& service_is_dead) noexcept
      : store_(&store), is_dead_(&service_is_dead) {}

  std::unique_ptr<jobs::QueueSession> session(async::Loop& loop, const Clock& clock,
                                              jobs::QueueListener* listener) override {
    return std::make_unique<Session>(store_->session(loop, clock, listener), *is_dead_);
  }
  bool is_durable() const noexcept override { return true; }

 private:
  class Session final : public jobs::QueueSession {
   public:
    Session(std::unique_ptr<jobs::QueueSession> session, const bool& is_dead) noexcept
        : session_(std::move(session)), is_dead_(&is_dead) {}
    bool put(const jobs::NewJob& job, jobs::PutCall& call) noexcept override {
      return !*is_dead_ && session_->put(job, call);
    }
    bool claim(jobs::ClaimCall& call) noexcept override { return !*is_dead_ && session_->claim(call); }
    bool settle(jobs::SettleCall& call) noexcept override { return !*is_dead_ && session_->settle(call); }
    bool extend(jobs::ExtendCall& call) noexcept override { return !*is_dead_ && session_->extend(call); }
    bool fire(const jobs::NewJob& job, jobs::FireCall& call) noexcept override {
      return !*is_dead_ && session_->fire(job, call);
    }
    bool cron(jobs::CronCall& call) noexcept override { return !*is_dead_ && session_->cron(call); }
    bool list(jobs::ListCall& call) noexcept override { return !*is_dead_ && session_->list(call); }
    bool revive(jobs::ReviveCall& call) noexcept override { return !*is_dead_ && session_->revive(call); }

   private:
    std::unique_ptr<jobs::QueueSession> session_;
    const bool* is_dead_;
  };

  jobs::QueueStore* store_;
  const bool* is_dead_;
};

// Jobs and what they have done are kept outside of the process, too.
class World {
 public:
  World() {
    journal.on_append = [this](const JournalRecord& record) { appended(record); };
    start();
  }
  ~World() { runner.reset(); }

  void enqueue(std::string_view job, const Uuid& id = {.bytes = {7}}) {
    const auto session = store.session(service.loop(), service.worker().clock(), nullptr);
    struct Call final : jobs::PutCall {
      Call() : PutCall([](async::Job&) noexcept {}) {}
    } call;
    ASSERT_TRUE(session->put({.id = id, .queue = "jobs", .name = job, .arguments = kArguments}, call));
    runner->note_put("jobs", service.loop().now());
  }

  // Until nothing is left to do, with another process in place of each that has died.
  void run() {
    for (int i = 0; i < 1'000 && !at_rest(); ++i) {
      service.loop().run_for(Duration::from_seconds(1));
      if (town.service_is_dead) restart();
    }
    EXPECT_TRUE(at_rest());
  }

  bool at_rest() const { return store.counts().waiting == 0 && store.counts().running == 0; }

  // How often the town has done what begins so.
  std::ptrdiff_t count(std::string_view what) const {
    return std::ranges::count_if(town.performed,
                                 [&](const std::string& done) { return done.starts_with(what); });
  }

  static constexpr std::string_view kArguments = R"({"item":"tea"})";
  static constexpr std::size_t kNever = ~std::size_t{0};

  ReqTest service{package()};
  Town town;
  Dice dice{town.service_is_dead};
  jobs::JobStore store;
  DistantStore distant{store, town.service_is_dead};
  flow::MemoryJobJournal journal;
  std::size_t dies_before = kNever;  // the entry is kept, counted from 0: what it is about is in doubt
  std::size_t breaks_at = kNever;    // the journal can keep nothing from that entry on
  std::size_t taken_at = kNever;     // somebody else has the job before that entry is kept
  std::vector<std::string> entries;  // that were kept, in their order
  std::map<std::string, std::size_t> kept_by_step, kept_at_death, performed_at_death;
  std::unique_ptr<jobs::RunnerGroup> group;
  std::unique_ptr<jobs::JobRunner> runner;

  // The step of a continuation: `pack#2[3]` is one of `pack`.
  static std::string step_of(std::string_view continuation) {
    return std::string(continuation.substr(0, continuation.find_first_of("#[")));
  }

 private:
  void start() {
    jobs::RunnerOptions options;
    options.journal = &journal;
    group = std::make_unique<jobs::RunnerGroup>(kPackages, distant, options);
    runner = std::make_unique<jobs::JobRunner>(
        service.worker(), *group,
        [this](std::size_t, flow::Exchange& exchange) { exchange.set_targets(bound); });
    queue.adapter = runner.get();
  }

  void restart() {
    runner.reset();
    journal.restart();
    town.service_is_dead = false;
    start();
    runner->note_put("jobs", service.loop().now());
  }

  void die() {
    journal.freeze();
    town.service_is_dead = true;
    kept_at_death = kept_by_step;
    performed_at_death = town.by_step;
  }

  void appended(const JournalRecord& record) {
    if (record.kind != JournalRecordKind::kEntry || town.service_is_dead) return;
    const std::size_t number = entry_++;
    if (number == dies_before) return die();
    if (number == breaks_at) journal.break_down("the disk is full");
    if (number == taken_at)
      journal.append({.job = record.job,
                      .token = record.token + 1,
                      .kind = JournalRecordKind::kOpened,
                      .name = "durable.v1.buy",
                      .data = {},
                      .at = {}});
    entries.emplace_back(record.name);
    ++kept_by_step[step_of(record.name)];
  }

  std::size_t entry_ = 0;
  flow::InFlight places{100};
  flow::Target outside{"durable.v1.town", &town, &places};
  flow::Target random{"zerver.random", &dice, &places};
  flow::Target queue{"zerver.jobs", nullptr, &places};
  std::array<flow::Target*, 3> bound = {&outside, &random, &queue};
};

// --- One attempt behind the other ---

TEST(DurableJob, DoesWhatIsLeftInTheNextAttempt) {
  World world;
  world.town.closed = "pay";
  world.town.failures = 2;
  world.enqueue("durable.v1.buy");
  world.run();
  EXPECT_EQ(world.store.counts().dead, 0U);
  EXPECT_EQ(world.count("reserve tea"), 1);
  EXPECT_EQ(world.count("pay 71"), 3) << "with the price of the first attempt";
  EXPECT_EQ(world.count("price tea"), 1);
  EXPECT_EQ(world.entries, (std::vector<std::string>{"ask", "reserve", "pay", "enqueue tell", "thank"}));
  EXPECT_EQ(world.journal.size(), 0U) << "the job is done";
  const std::vector<jobs::JobStats> stats = world.group->stats();
  const auto buy = std::ranges::find(stats, "durable.v1.buy", &jobs::JobStats::name);
  ASSERT_NE(buy, stats.end());
  EXPECT_TRUE(buy->is_durable);
  EXPECT_EQ(buy->replayed, 4U);
  EXPECT_EQ(buy->written, 5U);
}

TEST(DurableJob, TakesTheWayThatItHasTaken) {
  World world;
  world.town.broke = true;
  world.town.closed = "thank";
  world.town.failures = 3;
  world.enqueue("durable.v1.forgive");
  // The first attempt has failed behind the handler; then there would be money.
  world.service.loop().run_for(Duration{});
  ASSERT_EQ(world.count("thank owed"), 1);
  world.town.broke = false;
  world.run();
  EXPECT_EQ(world.count("pay"), 1) << "it was refused, and stays so";
  EXPECT_EQ(world.count("refund"), 1);
  EXPECT_EQ(world.count("thank owed"), 4);
  EXPECT_EQ(world.entries, (std::vector<std::string>{"ask", "pay", "refund", "reserve", "thank"}));
}

TEST(DurableJob, TriesAgainWhatAHandlerHasLetPass) {
  World world;
  world.town.closed = "pay";
  world.town.failures = 2;
  world.enqueue("durable.v1.regret");
  world.run();
  EXPECT_EQ(world.count("pay"), 3);
  EXPECT_EQ(world.count("say sorry"), 1) << "it is written down, as any other effect";
  EXPECT_EQ(world.count("thank receipt"), 1);
  EXPECT_EQ(world.store.counts().dead, 0U);
}

TEST(DurableJob, TriesAgainWhatHasEndedAnAttempt) {
  World world;
  world.town.closed = "ask";
  world.town.failures = 3;
  world.enqueue("durable.v1.forgive");
  world.run();
  EXPECT_EQ(world.count("price"), 4);
  EXPECT_EQ(world.store.counts().dead, 0U);
}

TEST(DurableJob, KeepsWhatWasDrawn) {
  World world;
  world.dice.next = 1;
  world.enqueue("durable.v1.gamble");
  world.run();
  EXPECT_EQ(world.dice.next, 2U) << "drawn once, for all attempts";
  EXPECT_EQ(world.store.counts().dead, 1U) << "what is unlucky stays so";
  ASSERT_EQ(world.journal.list().size(), 1U);
  EXPECT_TRUE(world.journal.list()[0].parked);
  EXPECT_EQ(world.journal.list()[0].entries.size(), 1U) << "for whoever looks at the dead letter";
}

TEST(DurableJob, WaitsWhileItsJournalCannotBeUsed) {
  World world;
  world.journal.break_down("the disk is full");
  world.enqueue("durable.v1.buy");
  world.service.loop().run_for(Duration::from_seconds(20));
  EXPECT_TRUE(world.town.performed.empty());
  EXPECT_EQ(std::ranges::count(world.service.log(), "durable jobs wait: the disk is full"), 1);
  world.journal.break_down("");
  world.run();
  EXPECT_EQ(world.store.counts().succeeded, 2U) << "with `tell`";
  EXPECT_EQ(world.store.counts().failed, 0U) << "what has not begun has not failed";
}

TEST(DurableJob, EndsItsAttemptBehindWhatCannotBeWrittenDown) {
  World world;
  world.breaks_at = 1;
  world.enqueue("durable.v1.buy");
  world.service.loop().run_for(Duration{});
  EXPECT_EQ(world.count("reserve"), 1);
  EXPECT_EQ(world.count("pay"), 0) << "nothing goes on behind it";
  world.journal.break_down("");
  world.run();
  EXPECT_EQ(world.count("price"), 1);
  EXPECT_EQ(world.count("reserve"), 2) << "it was in doubt";
  EXPECT_EQ(world.count("pay"), 1);
}

TEST(DurableJob, IsNotFollowedByAnotherVersionOfIt) {
  World world;
  const Uuid id{.bytes = {9}};
  world.journal.append({.job = id,
                        .token = 0,
                        .kind = JournalRecordKind::kOpened,
                        .name = "durable.v1.buy",
                        .data = "ask\nreserve\nhaggle\n",
                        .at = {}});
  world.enqueue("durable.v1.buy", id);
  world.run();
  EXPECT_TRUE(world.town.performed.empty());
  ASSERT_EQ(world.store.dead_letters().size(), 1U);
  const jobs::DeadLetter dead = world.store.dead_letters()[0];
  EXPECT_EQ(dead.attempts, 8U) << "one of the version that began it could have come";
  EXPECT_NE(dead.why.find("with `haggle` where this one has `pay`"), std::string::npos) << dead.why;
}

TEST(DurableJob, IsNotGoneOnWithByWhoHasLostIt) {
  World world;
  world.enqueue("durable.v1.buy");
  world.taken_at = 1;
  world.service.loop().run_for(Duration{});
  EXPECT_EQ(world.count("reserve"), 1);
  EXPECT_EQ(world.count("pay"), 0) << "the entry of `reserve` was refused";
  EXPECT_EQ(world.journal.stats().refused, 1U);
}

// --- Death ---

struct Sort {
  std::string_view job;
  bool broke;
  std::size_t entries;
};

class DurableJobThatDies : public ::testing::TestWithParam<Sort> {};

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::ranges::sort(texts);
  return texts;
}

// At each entry: what it is about has happened, and the process dies before it is kept.
TEST_P(DurableJobThatDies, DoesAgainWhatWasNotKeptAndNothingElse) {
  World whole;
  whole.town.broke = GetParam().broke;
  whole.enqueue(GetParam().job);
  whole.run();
  ASSERT_EQ(whole.entries.size(), GetParam().entries);
  for (std::size_t number = 0; number < whole.entries.size(); ++number) {
    SCOPED_TRACE("died at entry " + std::to_string(number) + ", `" + whole.entries[number] + "`");
    World world;
    world.town.broke = GetParam().broke;
    world.dies_before = number;
    world.enqueue(GetParam().job);
    world.run();
    EXPECT_EQ(sorted(world.entries), sorted(whole.entries)) << "each once";
    for (const auto& [step, kept] : whole.kept_by_step) {
      const std::size_t effects = whole.town.by_step[step] / kept;
      EXPECT_EQ(world.town.by_step[step] - world.performed_at_death[step],
                (kept - world.kept_at_death[step]) * effects)
          << step;
    }
    if (whole.count("send") != 0) {
      EXPECT_EQ(world.town.performed.back(), whole.town.performed.back()) << "nothing else comes out";
    }
    EXPECT_EQ(world.store.counts().dead, 0U);
    EXPECT_EQ(world.journal.size(), 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, DurableJobThatDies,
                         ::testing::Values(Sort{"durable.v1.buy", false, 5},
                                           Sort{"durable.v1.forgive", false, 4},
                                           Sort{"durable.v1.forgive", true, 5},
                                           Sort{"durable.v1.fill", false, 15}));

}  // namespace
}  // namespace zerver::testing
