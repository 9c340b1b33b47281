// Stores on a server behind a network that fails, and on one that dies.
#include "conformance.h"
#include "tests/support/child_process.h"
#include "tests/support/faults/fault_suite.h"
#include "tests/support/servers/postgres_server.h"
#include "tests/support/servers/redis_server.h"
#include "zerver.flow.h"
#include <zerver/core/clock.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace zerver::test {
namespace {

using effects::kv::harness_for;
using effects::kv::standard_registry;
using Kv = KvAdapter;
using zerver::testing::AdapterHarness;
using zerver::testing::Performed;

// With one connection to a server.
std::unique_ptr<AdapterHarness> open(const std::string& url) {
  zerver::testing::HarnessOptions options = harness_for(url);
  options.pool = url.starts_with("sqlite:") ? 0 : 1;
  auto kv = std::make_unique<AdapterHarness>(standard_registry(), "zerver.kv", options);
  EXPECT_EQ(kv->error(), "");
  return kv;
}

// Stores that several processes may use, and servers that may be killed.
class Store {
 public:
  virtual ~Store() = default;
  virtual std::string url() const = 0;
};
class Server : public Store {
 public:
  virtual std::uint16_t port() const = 0;
  // The same server, behind whatever listens at that port.
  virtual std::string url_at(std::uint16_t port) const = 0;
  virtual void kill() = 0;
  virtual void start_again() = 0;
  std::string url() const override { return url_at(port()); }
};

class Redis final : public Server {
 public:
  std::uint16_t port() const override { return server_.port(); }
  std::string url_at(std::uint16_t port) const override {
    return "redis://127.0.0.1:" + std::to_string(port);
  }
  void kill() override { server_.kill(); }
  void start_again() override { server_.start_again(); }

 private:
  RedisServer server_;
};
class Postgres final : public Server {
 public:
  std::uint16_t port() const override { return server_.port(); }
  std::string url_at(std::uint16_t port) const override { return server_.url("", port); }
  void kill() override { server_.kill(); }
  void start_again() override { server_.start(); }

 private:
  PostgresServer server_;
};
class Sqlite final : public Store {
 public:
  std::string url() const override { return "sqlite:" + (folder_.path() / "kv.db").string(); }

 private:
  TemporaryDirectory folder_;
};

enum class Kind : std::uint8_t { kRedis, kPostgres, kSqlite };

std::unique_ptr<Server> make_server(Kind kind) {
  if (kind == Kind::kRedis) return std::make_unique<Redis>();
  return std::make_unique<Postgres>();
}
std::unique_ptr<Store> make_store(Kind kind) {
  if (kind == Kind::kSqlite) return std::make_unique<Sqlite>();
  return make_server(kind);
}
std::string name_of(Kind kind) {
  return kind == Kind::kRedis ? "Redis" : kind == Kind::kPostgres ? "Postgres" : "Sqlite";
}
std::string kind_name(const ::testing::TestParamInfo<Kind>& info) { return name_of(info.param); }

std::string fault_name(const ::testing::TestParamInfo<std::tuple<Kind, GateFault>>& info) {
  return name_of(std::get<0>(info.param)) + name_of(std::get<1>(info.param));
}

class KvFaults : public ::testing::TestWithParam<std::tuple<Kind, GateFault>> {};

TEST_P(KvFaults, HoldTheirPromises) {
  const auto [kind, fault] = GetParam();
  const std::unique_ptr<Server> server = make_server(kind);
  // Its tables are made when it is opened, which takes the server.
  open(server->url());
  expect_promises_under(fault, {.server_port = server->port(),
                                .open = [&](std::uint16_t port) { return open(server->url_at(port)); },
                                .call =
                                    [](AdapterHarness& harness, Duration patience) {
                                      return called(harness, Kv::SetArguments{"key", Json::borrowed("1")},
                                                    patience);
                                    },
                                .waits_for_connection = kind == Kind::kRedis});
}
INSTANTIATE_TEST_SUITE_P(Each, KvFaults,
                         ::testing::Combine(::testing::Values(Kind::kRedis, Kind::kPostgres),
                                            ::testing::ValuesIn(kGateFaults)),
                         fault_name);

// What is asked of a server under load, always so much at once.
class Load {
 public:
  explicit Load(AdapterHarness& harness) : harness_(harness) {}

  // Goes on until so many more have succeeded, or failed.
  void run_until_succeeded(std::size_t count) {
    const std::size_t wanted = kept_.size() + count;
    while (kept_.size() < wanted)
      step();
  }
  void run_until_failed(std::size_t count) {
    const std::size_t wanted = failed_ + count;
    while (failed_ < wanted)
      step();
  }
  const std::vector<std::string>& kept() const noexcept { return kept_; }

 private:
  struct Write {
    std::string key;
    std::unique_ptr<Performed<Kv::SetArguments>> performed;
  };
  static constexpr std::size_t kAtOnce = 32;

  void step() {
    while (writes_.size() < kAtOnce) {
      Write& write = writes_.emplace_back();
      write.key = "key:" + std::to_string(next_++);
      write.performed = harness_.start(Kv::SetArguments{String::borrowed(write.key), Json::borrowed("1")},
                                       {.patience = Duration::from_seconds(1)});
    }
    ASSERT_TRUE(harness_.run_until([this] {
      return std::ranges::any_of(writes_, [](const Write& write) { return write.performed->ended(); });
    }));
    const std::size_t failed = failed_;
    std::erase_if(writes_, [this](const Write& write) {
      if (!write.performed->ended()) return false;
      if (write.performed->ok()) {
        kept_.push_back(write.key);
      } else {
        ++failed_;
        EXPECT_TRUE(write.performed->fault() == FaultKind::kUnavailable ||
                    write.performed->fault() == FaultKind::kTimeout)
            << write.performed->why();
      }
      return true;
    });
    // Those that fail at once leave the loop no turn.
    if (failed_ != failed) harness_.run_until([] { return false; }, Duration::from_milliseconds(1));
  }

  AdapterHarness& harness_;
  std::list<Write> writes_;
  std::vector<std::string> kept_;
  std::size_t failed_ = 0;
  std::size_t next_ = 0;
};

class KvServers : public ::testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Each, KvServers, ::testing::Values(Kind::kRedis, Kind::kPostgres), kind_name);

TEST_P(KvServers, ComeBackWithAllThatTheyHaveAcknowledged) {
  const std::unique_ptr<Server> server = make_server(GetParam());
  const auto harness = open(server->url());
  Load load(*harness);
  const SystemClock clock;
  for (int death = 0; death < 3; ++death) {
    load.run_until_succeeded(500);
    server->kill();
    load.run_until_failed(100);
    EXPECT_EQ(harness->system().health().state, effects::Health::State::kDown);
    server->start_again();
    const TimePoint back = clock.now();
    load.run_until_succeeded(1);
    EXPECT_LT((clock.now() - back).nanoseconds, Duration::from_seconds(5).nanoseconds);
  }
  load.run_until_succeeded(500);
  EXPECT_GE(load.kept().size(), 2000U);
  for (const std::string& key : load.kept()) {
    const auto got = harness->perform(Kv::GetArguments{String::borrowed(key)});
    ASSERT_TRUE(got->ok()) << key << ": " << got->why();
  }
}

// Two processes count at the same limit: no more than it allows are let through in any span.
class KvStores : public ::testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Each, KvStores, ::testing::Values(Kind::kRedis, Kind::kPostgres, Kind::kSqlite),
                         kind_name);

TEST_P(KvStores, HoldALimitOverSeveralClients) {
  const std::unique_ptr<Store> store = make_store(GetParam());
  constexpr std::int64_t kCount = 25;
  const Duration per = Duration::from_milliseconds(200);
  const auto first = open(store->url());
  const auto second = open(store->url());
  const SystemClock clock;
  std::vector<TimePoint> granted;
  for (const TimePoint end = clock.now() + Duration::from_milliseconds(1000); clock.now() < end;) {
    for (AdapterHarness* const each : {first.get(), second.get()}) {
      const TimePoint before = clock.now();
      const auto taken = each->perform(Kv::TakeArguments{"limit", kCount, per});
      if (taken->ok()) {
        granted.push_back(before);
      } else {
        ASSERT_EQ(taken->fault(), FaultKind::kRejected) << taken->why();
      }
    }
  }
  // Of one more than are allowed, the last was asked for when the first was out of the window: the server saw
  // each at some time between asking and answering, so the span of asking is as long but for the time of one
  // call.
  ASSERT_GT(granted.size(), static_cast<std::size_t>(kCount));
  const Duration slack = Duration::from_milliseconds(20);
  for (std::size_t i = static_cast<std::size_t>(kCount); i < granted.size(); ++i)
    EXPECT_GE((granted[i] - granted[i - static_cast<std::size_t>(kCount)] + slack).nanoseconds,
              per.nanoseconds);
}

}  // namespace
}  // namespace zerver::test
