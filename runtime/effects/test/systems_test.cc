#include "probe.h"
#include "zerver.flow.h"
#include <zerver/core/random.h>
#include <zerver/core/uuid.h>
#include <zerver/effects/systems.h>
#include <zerver/flow/rpc/rpc.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects {
namespace {

class SecretsOnly final : public flow::Environment {
 public:
  std::optional<std::string_view> variable(std::string_view) const override { return std::nullopt; }
  std::optional<std::string_view> secret(std::string_view name) const override {
    const auto found = secrets.find(name);
    return found == secrets.end() ? std::nullopt : std::optional<std::string_view>(found->second);
  }
  std::map<std::string, std::string, std::less<>> secrets;
};

// Notes when its systems are opened and stopped, and when their adapters go.
class Recorder {
 public:
  Registry::Open open() {
    return [this](const flow::TargetInfo& info, const flow::TargetConfig&) {
      if (info.name.ends_with("broken")) throw std::runtime_error("it threw");
      if (info.name.ends_with("refused")) return Opened{nullptr, "nobody answers"};
      note("open", info.name);
      return Opened{std::make_unique<Noted>(*this, std::string(info.name)), {}};
    };
  }
  std::vector<std::string> events;

 private:
  struct NotedAdapter final : flow::Adapter {
    NotedAdapter(Recorder& the_owner, std::string_view the_name) : owner(the_owner), name(the_name) {}
    ~NotedAdapter() override { owner.note("gone", name); }
    void start(flow::Operation&) override {}
    void cancel(flow::Operation&) noexcept override {}
    Recorder& owner;
    std::string name;
  };
  class Noted final : public System {
   public:
    Noted(Recorder& owner, std::string name) : owner_(owner), name_(std::move(name)) {}
    std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override {
      return std::make_unique<NotedAdapter>(owner_, name_);
    }
    std::string describe() const override { return "at " + name_; }
    Health health() const override { return {.state = Health::State::kDegraded, .why = "slow"}; }
    std::optional<PoolState> pool() const override {
      return PoolState{.open = 2, .idle = 1, .waiting = 0, .most = 4};
    }
    void probe(flow::Worker&, ProbeDone done) override { done({.state = Health::State::kUp}); }
    std::string renew(std::string_view argument, std::string_view value) override {
      if (argument == "fixed") return System::renew(argument, value);
      owner_.note("renew", std::string(argument) + "=" + std::string(value));
      return "";
    }
    void stop(Duration patience) noexcept override {
      owner_.note(patience == Duration::from_seconds(3) ? "stop" : "stop in another time", name_);
    }

   private:
    Recorder& owner_;
    std::string name_;
  };

  void note(std::string_view what, std::string_view name) {
    events.push_back(std::string(what) + " " + std::string(name));
  }
};

class SystemsTest : public ::testing::Test {
 protected:
  SystemsTest() { add_standard_adapters(registry); }

  std::string open(std::initializer_list<const flow::PackageInfo*> packages) {
    return systems.open(std::vector<const flow::PackageInfo*>(packages), registry, environment);
  }

  testing::SimLoop loop{1, Timestamp{1'234'567}};
  SeededRandom random{9};
  testing::MemoryLog log;
  flow::Worker worker{{loop, loop.clock(), random, log}};
  Recorder recorder;
  Registry registry;
  SecretsOnly environment;
  Systems systems;
};

constexpr flow::Rpc kRpcs[] = {{.path = "/p.People/Get", .write = nullptr, .answer = nullptr}};
constexpr flow::TargetInfo kServices[] = {
    {.name = "first.people",
     .adapter = "first.service",
     .configure = [](const flow::Environment&,
                     flow::TargetConfig& config) { config.set("url", "http://people.internal:50051"); },
     .rpcs = kRpcs}};
constexpr flow::PackageInfo kCalling{.name = "first", .flows = {}, .targets = kServices, .handle = nullptr};

TEST_F(SystemsTest, AServiceOfGrpcNeedsNoImplementation) {
  ASSERT_EQ(open({&kCalling}), "");
  ASSERT_EQ(systems.states().size(), 1U);
  EXPECT_EQ(systems.states().front().adapter->name, "zerver.grpc");
  EXPECT_EQ(systems.states().front().describes, "http://people.internal:50051");
}

TEST_F(SystemsTest, AnImplementationOfAServiceOfGrpcGoesBefore) {
  registry.add("first.service", recorder.open());
  ASSERT_EQ(open({&kCalling}), "");
  EXPECT_EQ(systems.states().front().adapter->name, "first.service");
}

constexpr flow::TargetInfo kSeams[] = {
    {.name = "zerver.clock", .adapter = "zerver.clock", .configure = nullptr},
    {.name = "zerver.random", .adapter = "zerver.random", .configure = nullptr}};
constexpr flow::PackageInfo kFirst{.name = "first", .flows = {}, .targets = kSeams, .handle = nullptr};
constexpr flow::PackageInfo kSecond{
    .name = "second", .flows = {}, .targets = std::span(kSeams).last(1), .handle = nullptr};

TEST_F(SystemsTest, NamesTargetAndAdapterWhenNothingIsRegistered) {
  static constexpr flow::TargetInfo kUnknown[] = {
      {.name = "shop.mail", .adapter = "shop.smtp", .configure = nullptr}};
  static constexpr flow::PackageInfo kPackage{
      .name = "shop", .flows = {}, .targets = kUnknown, .handle = nullptr};
  EXPECT_EQ(open({&kPackage}), "target `shop.mail`: no implementation of adapter `shop.smtp` is registered");
}

TEST_F(SystemsTest, NamesTheSettingThatIsMissing) {
  static constexpr flow::TargetInfo kTargets[] = {
      {.name = "shop.db",
       .adapter = "zerver.sql",
       .configure = [](const flow::Environment& from, flow::TargetConfig& config) {
         config.set_required("url", from.secret("DB"), "secret.DB");
       }}};
  static constexpr flow::PackageInfo kPackage{
      .name = "shop", .flows = {}, .targets = kTargets, .handle = nullptr};
  EXPECT_EQ(open({&kPackage}), "target `shop.db`: `secret.DB` is not set");
}

constexpr flow::TargetInfo kNoted[] = {
    {.name = "shop.a", .adapter = "shop.noted", .configure = nullptr},
    {.name = "shop.b", .adapter = "shop.noted", .configure = nullptr},
    {.name = "shop.broken", .adapter = "shop.noted", .configure = nullptr},
    {.name = "shop.refused", .adapter = "shop.noted", .configure = nullptr},
    {.name = "shop.mail", .adapter = "shop.smtp", .configure = nullptr}};

TEST_F(SystemsTest, NamesEveryTargetThatCannotBeOpened) {
  static constexpr flow::PackageInfo kPackage{
      .name = "shop", .flows = {}, .targets = kNoted, .handle = nullptr};
  registry.add("shop.noted", recorder.open());
  EXPECT_EQ(open({&kPackage, &kPackage}),
            "target `shop.broken`: adapter `shop.noted`: it threw\n"
            "target `shop.refused`: adapter `shop.noted`: nobody answers\n"
            "target `shop.mail`: no implementation of adapter `shop.smtp` is registered");
}

TEST_F(SystemsTest, TellsThatAnAdapterIsRegisteredTwice) {
  registry.add("shop.noted", recorder.open());
  registry.add("shop.noted", recorder.open());
  EXPECT_EQ(
      open({&kFirst}),
      "adapter `shop.noted` is registered twice; Registry::replace() is for one that takes the place of "
      "another");
}

TEST_F(SystemsTest, OpensInOrderAndStopsInReverse) {
  static constexpr flow::PackageInfo kPackage{
      .name = "shop", .flows = {}, .targets = std::span(kNoted).first(2), .handle = nullptr};
  registry.add({.name = "shop.noted", .version = "1.2.3", .reaches = "a list"}, recorder.open());
  ASSERT_EQ(open({&kPackage}), "");
  systems.bind(worker);
  const std::vector<TargetState> states = systems.states();
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[1].info->name, "shop.b");
  EXPECT_EQ(states[1].adapter->version, "1.2.3");
  EXPECT_EQ(states[1].describes, "at shop.b");
  EXPECT_EQ(states[1].health.why, "slow");
  EXPECT_EQ(states[1].pool->open, 2U);
  std::vector<Health::State> probed(2, Health::State::kDown);
  const std::function<void(std::size_t, Health)> done = [&](std::size_t target, Health health) {
    probed[target] = health.state;
  };
  systems.probe(worker, done);
  EXPECT_EQ(probed, (std::vector{Health::State::kUp, Health::State::kUp}));
  systems.close(Duration::from_seconds(3));
  EXPECT_EQ(recorder.events, (std::vector<std::string>{"open shop.a", "open shop.b", "gone shop.b",
                                                       "gone shop.a", "stop shop.b", "stop shop.a"}));
  systems.close(Duration::from_seconds(3));
  EXPECT_EQ(recorder.events.size(), 6U);
}

TEST_F(SystemsTest, SharesTargetsOfTheSameName) {
  ASSERT_EQ(open({&kFirst, &kSecond}), "");
  const auto bound = systems.bind(worker);
  ASSERT_EQ(bound.size(), 2U);
  EXPECT_EQ(bound[0][1], bound[1][0]);
  const auto other = systems.bind(worker);
  EXPECT_NE(other[0][0], bound[0][0]);
  EXPECT_EQ(other[0][0]->in_flight, bound[0][0]->in_flight);
}

TEST_F(SystemsTest, CountsOverAllWorkers) {
  ASSERT_EQ(open({&kFirst, &kSecond}), "");
  const auto here = systems.bind(worker);
  const auto there = systems.bind(worker);
  ++here[0][1]->counts.operations;
  ++there[0][1]->counts.operations;
  ASSERT_TRUE(here[0][1]->in_flight->try_enter());
  const std::vector<flow::TargetStats> stats = systems.stats();
  ASSERT_EQ(stats.size(), 2U);
  EXPECT_EQ(stats[0].operations, 0U);
  EXPECT_EQ(stats[1].name, "zerver.random");
  EXPECT_EQ(stats[1].operations, 2U);
  EXPECT_EQ(stats[1].in_flight, 1U);
  EXPECT_EQ(stats[1].in_flight_cap, flow::TargetInfo::kDefaultInFlight);
  EXPECT_FALSE(stats[1].breaker.has_value());
}

TEST_F(SystemsTest, SharesRatesOfAPackageAmongWorkers) {
  static constexpr flow::RateInfo kRates[] = {{.count = 1, .per = Duration::from_seconds(1)}};
  static constexpr flow::PackageInfo kPackage{
      .name = "shop", .flows = {}, .targets = kSeams, .handle = nullptr, .rates = kRates};
  ASSERT_EQ(open({&kFirst, &kPackage}), "");
  EXPECT_TRUE(systems.rates(0).empty());
  ASSERT_EQ(systems.rates(1).size(), 1U);
  EXPECT_TRUE(systems.rates(1)[0]->take(TimePoint{}));
  EXPECT_FALSE(systems.rates(1)[0]->take(TimePoint{}));
}

TEST_F(SystemsTest, TakesTimeAndChanceFromTheWorker) {
  ASSERT_EQ(open({&kFirst}), "");
  const auto targets = systems.bind(worker)[0];
  const Probe<Timestamp> now(worker, *targets[0]->adapter, ClockAdapter::kNow, ClockAdapter::NowArguments{});
  EXPECT_EQ(now.reply, Timestamp{1'234'567});

  SeededRandom same(9);
  const Probe<Uuid> uuid(worker, *targets[1]->adapter, RandomAdapter::kUuid, RandomAdapter::UuidArguments{});
  EXPECT_EQ(uuid.reply, Uuid::generate(same));
  const Probe<std::uint64_t> number(worker, *targets[1]->adapter, RandomAdapter::kU64,
                                    RandomAdapter::U64Arguments{});
  EXPECT_EQ(number.reply, same.u64());
}

TEST_F(SystemsTest, TellsASystemWhichOfItsSecretsAreOthers) {
  static constexpr flow::TargetInfo kTargets[] = {
      {.name = "shop.pay",
       .adapter = "shop.pay",
       .configure =
           [](const flow::Environment& from, flow::TargetConfig& config) {
             config.set("url", "https://pay.example.com");
             config.set_required("token", from.secret("TOKEN"), "secret.TOKEN");
             config.set_required("fixed", from.secret("FIXED"), "secret.FIXED");
           }},
      {.name = "shop.other", .adapter = "shop.pay", .configure = nullptr}};
  static constexpr flow::PackageInfo kPackage{
      .name = "shop", .flows = {}, .targets = kTargets, .handle = nullptr};
  environment.secrets = {{"TOKEN", "one"}, {"FIXED", "same"}};
  registry.add("shop.pay", recorder.open());
  ASSERT_EQ(open({&kPackage}), "");
  recorder.events.clear();
  EXPECT_TRUE(systems.renew(environment).empty());

  environment.secrets["TOKEN"] = "two";
  const std::vector<Systems::Renewal> one = systems.renew(environment);
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].info, &kTargets[0]);
  EXPECT_EQ(one[0].argument, "token");
  EXPECT_EQ(one[0].why, "");
  EXPECT_TRUE(systems.renew(environment).empty()) << "it has it already";

  // Said again until it is taken.
  environment.secrets["FIXED"] = "other";
  for (int i = 0; i < 2; ++i) {
    const std::vector<Systems::Renewal> refused = systems.renew(environment);
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].argument, "fixed");
    EXPECT_EQ(refused[0].why, "its adapter takes another one at the next start only");
  }
  EXPECT_EQ(recorder.events, std::vector<std::string>{"renew token=two"});
}

}  // namespace
}  // namespace zerver::effects
