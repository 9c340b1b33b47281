// The `main` of a service as a process: settings, signals, exit status, and what it prints.
#include "test_client.h"
#include "test_service.h"
#include <zerver/effects/registry.h>
#include <zerver/effects/saga_journal.h>
#include <zerver/flow/call/call.h>
#include <zerver/server/main.h>

#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace zerver::server {
namespace {

// run_main() in a process of its own.
class Program {
 public:
  using Packages = std::vector<const flow::PackageInfo*>;

  explicit Program(std::vector<std::string> arguments,
                   const std::map<std::string, std::string>& variables = {},
                   const Packages& packages = {&test_package()},
                   RegisterAdapters register_adapters = nullptr) {
    std::array<int, 2> output{};
    std::array<int, 2> errors{};
    if (pipe(output.data()) != 0 || pipe(errors.data()) != 0)
      throw std::system_error(errno, std::generic_category());
    std::fflush(nullptr);  // or the other process writes what this one has kept
    process_ = fork();
    if (process_ < 0) throw std::system_error(errno, std::generic_category());
    if (process_ == 0) {
      dup2(output[1], STDOUT_FILENO);
      dup2(errors[1], STDERR_FILENO);
      for (const int descriptor : {output[0], output[1], errors[0], errors[1]})
        close(descriptor);
      for (const auto& [name, value] : variables)
        setenv(name.c_str(), value.c_str(), 1);
      arguments.insert(arguments.begin(), "/somewhere/service");
      std::vector<char*> pointers;
      for (std::string& argument : arguments)
        pointers.push_back(argument.data());
      std::exit(run_main(static_cast<int>(pointers.size()), pointers.data(), packages, register_adapters));
    }
    close(output[1]);
    close(errors[1]);
    output_ = output[0];
    errors_ = errors[0];
  }
  ~Program() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    close(output_);
    close(errors_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::string read_line() { return read(output_, true); }
  std::string read_output() { return read(output_, false); }
  std::string read_errors() { return read(errors_, false); }
  void signal(int number) const { kill(process_, number); }
  // Its exit status, when it has ended by itself.
  int wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static std::string read(int descriptor, bool one_line) {
    std::string text;
    char c = 0;
    while (::read(descriptor, &c, 1) == 1) {
      if (one_line && c == '\n') break;
      text += c;
    }
    return text;
  }

  pid_t process_ = -1;
  int output_ = -1;
  int errors_ = -1;
};

std::string address_of(const std::string& line) {
  constexpr std::string_view kPrefix = "listening on http://";
  EXPECT_TRUE(line.starts_with(kPrefix)) << line;
  return line.substr(kPrefix.size());
}

TEST(Main, ServesUntilASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program({"--listen", "127.0.0.1:0", "--workers", "2"});
    TestClient client(address_of(program.read_line()));
    client.send("GET /plaintext HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(body_of(client.receive_answer()), "Hello, World!");
    program.signal(signal);
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(program.wait(), 0);
    EXPECT_EQ(program.read_errors(), "");
  }
}

TEST(Main, TakesSettingsFromVariables) {
  Program program(
      {}, {{"ZER_LISTEN", "127.0.0.1:0,127.0.0.1:0"}, {"ZER_WORKERS", "1"}, {"ZER_SERVER_FIELD", "mine"}});
  const std::string first = address_of(program.read_line());
  const std::string second = address_of(program.read_line());
  EXPECT_NE(first, second);
  TestClient client(second);
  client.send("GET /plaintext HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(field_of(client.receive_answer(), "Server"), "mine");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST(Main, EndsWithOneLineWhenASettingIsWrong) {
  Program program({"--workers", "none"});
  EXPECT_EQ(program.wait(), 2);
  EXPECT_EQ(program.read_errors(), "service: --workers: `none` is not a number from 1 to 1024\n");
  EXPECT_EQ(program.read_output(), "");
}

TEST(Main, EndsWithOneLineWhenThePortIsInUse) {
  Program first({"--listen", "127.0.0.1:0", "--workers", "2"});
  const std::string address = address_of(first.read_line());
  Program second({"--listen", address, "--workers", "2"});
  EXPECT_EQ(second.wait(), 2);
  EXPECT_EQ(second.read_errors(), "service: cannot listen on " + address + ": Address already in use\n");
  EXPECT_EQ(second.read_output(), "");
}

TEST(Main, EndsWithOneLineWhenAnAdapterIsMissing) {
  static constexpr flow::TargetInfo kTargets[] = {
      {.name = "test.mail",
       .adapter = "test.post",
       .configure = [](const flow::Environment&, flow::TargetConfig&) {},
       .schema = {}}};
  static constexpr flow::PackageInfo kPackage{
      .name = "test", .flows = {}, .targets = kTargets, .handle = [](flow::Exchange&, flow::RouteMatch&) {
        return flow::Handled::kNow;
      }};
  Program program({"--listen", "127.0.0.1:0"}, {}, {&kPackage});
  EXPECT_EQ(program.wait(), 2);
  const std::string errors = program.read_errors();
  EXPECT_TRUE(errors.starts_with("service: ")) << errors;
  EXPECT_NE(errors.find("test.post"), std::string::npos) << errors;
  EXPECT_EQ(errors.find('\n'), errors.size() - 1) << errors;
}

TEST(Main, ReadsVariablesOfTargets) {
  static constexpr flow::TargetInfo kTargets[] = {
      {.name = "test.db",
       .adapter = "zerver.sql",
       .configure =
           [](const flow::Environment& environment, flow::TargetConfig& config) {
             config.set_required("url", environment.variable("TEST_URL"), "env.TEST_URL");
             config.set_required("key", environment.secret("TEST_KEY"), "secret.TEST_KEY");
           },
       .schema = {}}};
  static constexpr flow::PackageInfo kPackage{
      .name = "test", .flows = {}, .targets = kTargets, .handle = [](flow::Exchange&, flow::RouteMatch&) {
        return flow::Handled::kNow;
      }};
  Program program({"--listen", "127.0.0.1:0"}, {{"TEST_URL", "sqlite::memory:"}}, {&kPackage});
  EXPECT_EQ(program.wait(), 2);
  const std::string errors = program.read_errors();
  EXPECT_NE(errors.find("secret.TEST_KEY"), std::string::npos) << errors;
  EXPECT_EQ(errors.find("env.TEST_URL"), std::string::npos) << errors;
}

// --- Targets ---

class Post final : public effects::System {
 public:
  explicit Post(effects::Health health) : health_(std::move(health)) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override { return nullptr; }
  std::string describe() const override { return "post.example.com"; }
  std::optional<effects::PoolState> pool() const override {
    return effects::PoolState{.open = 2, .idle = 1, .waiting = 0, .most = 7};
  }
  void probe(flow::Worker&, effects::ProbeDone done) override { done(health_); }

 private:
  effects::Health health_;
};

// `test.near` is up; `test.far`, when there is one, is down.
void register_post(effects::Registry& registry) {
  registry.add(
      {.name = "test.post", .version = "1.2.3", .reaches = "post offices"},
      [](const flow::TargetInfo& info, const flow::TargetConfig& config) {
        if (config.get("url") == "wrong") return effects::Opened{nullptr, "its URL is wrong"};
        return effects::Opened{
            std::make_unique<Post>(info.name.ends_with("near")
                                       ? effects::Health{}
                                       : effects::Health{effects::Health::State::kDown, "refused", {}}),
            {}};
      });
}

void configure_post(const flow::Environment& environment, flow::TargetConfig& config) {
  config.set_or("url", environment.variable("TEST_URL"), "post.example.com", "env.TEST_URL");
}

constexpr flow::OperationInfo kPostOperations[] = {
    {.name = "send",
     .access = flow::OperationInfo::Access::kWrite,
     .idempotent = true,
     .fails = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout)}};
constexpr flow::FailureAnswer kSendAnswers[] = {
    {FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout), "test.Busy", 503}};
constexpr flow::CallSite kSend{.step = "tell",
                               .target = 0,
                               .operation = 0,
                               .fails = FaultKinds::of(FaultKind::kUnavailable, FaultKind::kTimeout),
                               .policy = {.timeout = Duration::from_milliseconds(250),
                                          .retries = 2,
                                          .backoff_first = Duration::from_milliseconds(5),
                                          .backoff_cap = Duration::from_milliseconds(20),
                                          .retry_on = FaultKinds::of(FaultKind::kUnavailable)},
                               .answers = kSendAnswers};
constexpr flow::CallSite kSendBare{.step = "tell_far", .target = 1, .operation = 0};
constexpr const flow::CallSite* kPostCalls[] = {&kSend, &kSendBare};
constexpr flow::TargetInfo kPosts[] = {
    {.name = "test.near",
     .adapter = "test.post",
     .configure = configure_post,
     .in_flight = 64,
     .breaker = {.percent = 50, .of = 20, .open = Duration::from_seconds(5)},
     .operations = kPostOperations,
     .declared = "in_flight breaker"},
    {.name = "test.far", .adapter = "test.post", .configure = configure_post, .operations = kPostOperations}};
flow::Handled handle_nothing(flow::Exchange&, flow::RouteMatch&) { return flow::Handled::kNow; }
constexpr flow::PackageInfo kOnePost{.name = "test",
                                     .flows = {},
                                     .targets = std::span(kPosts).first(1),
                                     .handle = handle_nothing,
                                     .calls = std::span(kPostCalls).first(1)};
constexpr flow::PackageInfo kTwoPosts{
    .name = "test", .flows = {}, .targets = kPosts, .handle = handle_nothing, .calls = kPostCalls};

TEST(MainTargets, ListsThemAndWhatHolds) {
  Program program({"--targets"}, {}, {&kOnePost}, register_post);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.read_errors(), "");
  EXPECT_EQ(program.read_output(),
            "test.near: up\n"
            "  adapter test.post 1.2.3 to post.example.com\n"
            "  in_flight 64 (declared), queue 0 (default), breaker 50% of 20 open 5s (declared), "
            "retry_budget unbounded (default), pool 7 (default)\n"
            "  connections: 2 open, 1 idle, 0 waiting\n"
            "  tell: send (write, idempotent), timeout 250ms, retry 2 backoff 5ms..20ms\n");
}

TEST(MainTargets, AreJsonForPrograms) {
  Program program({"--targets=json"}, {}, {&kTwoPosts}, register_post);
  EXPECT_EQ(program.wait(), 1);
  const std::string text = program.read_output();
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(text);
  ASSERT_EQ(simdjson::dom::array(json["targets"]).size(), 2U);
  const simdjson::dom::element near = json["targets"].at(0);
  EXPECT_EQ(std::string_view(near["adapter"]), "test.post");
  EXPECT_EQ(std::string_view(near["version"]), "1.2.3");
  EXPECT_EQ(std::string_view(near["goes_to"]), "post.example.com");
  EXPECT_EQ(std::string_view(near["state"]), "up");
  EXPECT_EQ(std::uint64_t(near["policy"]["in_flight"]["value"]), 64U);
  EXPECT_EQ(std::string_view(near["policy"]["in_flight"]["source"]), "declared");
  EXPECT_EQ(std::string_view(near["policy"]["queue"]["source"]), "default");
  EXPECT_EQ(std::uint64_t(near["connections"]["open"]), 2U);
  EXPECT_TRUE(bool(near["operations"].at(0)["idempotent"]));
  const simdjson::dom::element call = near["calls"].at(0);
  EXPECT_EQ(std::string_view(call["operation"]), "send");
  EXPECT_EQ(std::string_view(call["access"]), "write");
  EXPECT_EQ(std::uint64_t(call["timeout"]["ms"]), 250U);
  EXPECT_EQ(std::uint64_t(call["retries"]), 2U);
  EXPECT_EQ(std::string_view(call["retry_on"].at(0)), "unavailable");
  EXPECT_EQ(std::uint64_t(call["answers"].at(0)["status"]), 503U);
  const simdjson::dom::element far = json["targets"].at(1);
  EXPECT_EQ(std::string_view(far["state"]), "down");
  EXPECT_EQ(std::string_view(far["why"]), "refused");
  EXPECT_EQ(std::string_view(far["calls"].at(0)["timeout"]["source"]), "default");
  EXPECT_EQ(std::uint64_t(far["calls"].at(0)["timeout"]["ms"]), 30'000U);
}

TEST(MainTargets, NameWhatCannotBeOpened) {
  Program program({"--targets"}, {{"TEST_URL", "wrong"}}, {&kOnePost}, register_post);
  EXPECT_EQ(program.wait(), 1);
  const std::string text = program.read_output();
  EXPECT_TRUE(text.starts_with("test.near: failed, adapter `test.post`: its URL is wrong\n")) << text;

  Program serving({"--listen", "127.0.0.1:0"}, {{"TEST_URL", "wrong"}}, {&kTwoPosts}, register_post);
  EXPECT_EQ(serving.wait(), 2);
  EXPECT_EQ(serving.read_errors(),
            "service: target `test.near`: adapter `test.post`: its URL is wrong\n"
            "service: target `test.far`: adapter `test.post`: its URL is wrong\n");
}

// --- Secrets ---

// What an adapter must not do, and some library does: it repeats what it was given.
void register_talkative(effects::Registry& registry) {
  registry.add({.name = "test.post", .version = {}, .reaches = {}}, [](const flow::TargetInfo&,
                                                                       const flow::TargetConfig& config) {
    const std::string key(config.get("key").value_or("none"));
    if (config.get("how") == "refuse") return effects::Opened{nullptr, "cannot log in as " + key};
    if (config.get("how") == "throw") throw std::runtime_error("login " + key + " failed");
    return effects::Opened{
        std::make_unique<Post>(effects::Health{effects::Health::State::kDown, "refused with key " + key, {}}),
        {}};
  });
}
void configure_talkative(const flow::Environment& environment, flow::TargetConfig& config) {
  config.set_required("key", environment.secret("TEST_KEY"), "secret.TEST_KEY");
  config.set_or("how", environment.variable("TEST_HOW"), "open", "env.TEST_HOW");
}
constexpr flow::TargetInfo kTalkative[] = {
    {.name = "test.post", .adapter = "test.post", .configure = configure_talkative}};
constexpr flow::PackageInfo kTalkativePackage{
    .name = "test", .flows = {}, .targets = kTalkative, .handle = handle_nothing};

TEST(MainSecrets, AreInNoOutput) {
  for (const char* const how : {"refuse", "throw", "open"}) {
    for (const char* const action : {"--targets", "--targets=json", "--doctor", "--help"}) {
      Program program({action}, {{"TEST_KEY", "hunter2"}, {"TEST_HOW", how}}, {&kTalkativePackage},
                      register_talkative);
      program.wait();
      const std::string text = program.read_output() + program.read_errors();
      EXPECT_EQ(text.find("hunter2"), std::string::npos) << how << " " << action << "\n" << text;
      if (std::string_view(action) == "--targets") {
        EXPECT_NE(text.find("***"), std::string::npos) << text;
      }
    }
    if (std::string_view(how) == "open") continue;
    Program serving({"--listen", "127.0.0.1:0"}, {{"TEST_KEY", "hunter2"}, {"TEST_HOW", how}},
                    {&kTalkativePackage}, register_talkative);
    EXPECT_EQ(serving.wait(), 2);
    const std::string errors = serving.read_errors();
    EXPECT_NE(errors.find("***"), std::string::npos) << errors;
    EXPECT_EQ(errors.find("hunter2"), std::string::npos) << errors;
  }
}

TEST(MainSecrets, MayStandInFiles) {
  std::string folder = (std::filesystem::temp_directory_path() / "zerver_secrets_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/TEST_KEY") << "from_folder\n";
  std::ofstream(folder + "/other") << "from_file\r\n";
  const auto output = [](const std::map<std::string, std::string>& variables) {
    Program program({"--targets"}, variables, {&kTalkativePackage}, [](effects::Registry& registry) {
      registry.add({.name = "test.post", .version = {}, .reaches = {}},
                   [](const flow::TargetInfo&, const flow::TargetConfig& config) {
                     return effects::Opened{nullptr, std::to_string(config.get("key")->size()) + " bytes"};
                   });
    });
    program.wait();
    return program.read_errors() + program.read_output();
  };
  EXPECT_TRUE(output({{"ZERVER_SECRETS_DIR", folder}})
                  .starts_with("test.post: failed, adapter `test.post`: 11 bytes"));
  const std::map<std::string, std::string> both = {{"ZERVER_SECRETS_DIR", folder},
                                                   {"TEST_KEY_FILE", folder + "/other"}};
  EXPECT_TRUE(output(both).starts_with("test.post: failed, adapter `test.post`: 9 bytes")) << output(both);
  EXPECT_TRUE(output({{"ZERVER_SECRETS_DIR", folder}, {"TEST_KEY", "abc"}})
                  .starts_with("test.post: failed, adapter `test.post`: 3 bytes"));
  const std::string missing = output({{"TEST_KEY_FILE", folder + "/gone"}});
  EXPECT_NE(
      missing.find("secret.TEST_KEY: file `" + folder + "/gone` of TEST_KEY_FILE: No such file or directory"),
      std::string::npos)
      << missing;
  EXPECT_NE(missing.find("`secret.TEST_KEY` is not set"), std::string::npos) << missing;
  std::filesystem::remove_all(folder);
}

TEST(Main, TakesTheLimitsOfItsPackages) {
  static constexpr flow::FlowInfo kFlows[] = {
      {.name = "small", .slug = "small", .method = "GET", .path = "/small"}};
  static constexpr flow::PackageInfo kSmall{
      .name = "small",
      .flows = kFlows,
      .targets = {},
      .handle = [](flow::Exchange&, flow::RouteMatch&) { return flow::Handled::kNow; },
      .limits = {.body = 10, .headers = 100}};
  const auto status = [](Program& program, const std::string& request) {
    TestClient client(address_of(program.read_line()));
    client.send(request);
    return status_of(client.receive_answer());
  };
  const std::string post = "POST /x HTTP/1.1\r\nHost: test\r\nContent-Length: 11\r\n\r\n0123456789x";
  Program small({"--listen", "127.0.0.1:0"}, {}, {&kSmall});
  EXPECT_EQ(status(small, post), 413);
  Program overridden({"--listen", "127.0.0.1:0", "--max-body", "1KiB"}, {}, {&kSmall});
  EXPECT_EQ(status(overridden, post), 404);
  Program headers({"--listen", "127.0.0.1:0"}, {}, {&kSmall});
  EXPECT_EQ(status(headers, "GET / HTTP/1.1\r\nHost: test\r\nA: " + std::string(100, 'a') + "\r\n\r\n"), 431);
  Program both({"--listen", "127.0.0.1:0"}, {}, {&kSmall, &test_package()});
  EXPECT_EQ(status(both, post), 404);
  static constexpr flow::PackageInfo kWithoutFlows{
      .name = "types", .flows = {}, .targets = {}, .handle = [](flow::Exchange&, flow::RouteMatch&) {
        return flow::Handled::kNow;
      }};
  Program one_of_two({"--listen", "127.0.0.1:0"}, {}, {&kSmall, &kWithoutFlows});
  EXPECT_EQ(status(one_of_two, post), 413);
}

TEST(Main, PrintsASnapshotWhenAskedAndGoesOn) {
  Program program({"--listen", "127.0.0.1:0", "--workers", "1"});
  const std::string line = program.read_line();
  program.signal(SIGUSR1);
  TestClient client(line.substr(line.find("127.0.0.1")));
  client.send("GET /plaintext HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_NE(program.read_errors().find(R"({"connections":)"), std::string::npos);
}

TEST(Main, DiagnosesItsMachineAndSettings) {
  Program text({"--doctor", "--workers", "1000"});
  EXPECT_EQ(text.wait(), 0);
  const std::string output = text.read_output();
  EXPECT_NE(output.find("\n  workers             1000 ("), std::string::npos) << output;
  EXPECT_NE(output.find("warning [more-threads-than-processors]: workers is 1000"), std::string::npos)
      << output;
  Program json({"--doctor=json", "--executor", "inline"});
  EXPECT_EQ(json.wait(), 0);
  EXPECT_NE(json.read_output().find(R"("executor":"inline")"), std::string::npos);
}

// Of a package with a saga that nothing runs.
const flow::PackageInfo& package_with_sagas() {
  static constexpr flow::SagaStepInfo kSteps[] = {
      {.step = "test.reserve", .write = nullptr, .read = nullptr}};
  static const flow::PackageInfo kPackage = [] {
    flow::PackageInfo package = test_package();
    package.saga_steps = kSteps;
    return package;
  }();
  return kPackage;
}

TEST(Main, DoesNotStartWithoutTheJournalOfItsSagas) {
  Program program({"--listen", "127.0.0.1:0", "--saga-journal", "/no/such/folder/sagas.db"}, {},
                  {&package_with_sagas()});
  EXPECT_EQ(program.wait(), 2);
  EXPECT_EQ(
      program.read_errors(),
      "service: the saga journal `/no/such/folder/sagas.db` cannot be used: No such file or directory\n");
}

TEST(Main, NamesTheJournalOfItsSagasWithoutItsPassword) {
  Program program({"--sagas", "--saga-journal", "postgres://shop:hunter2@127.0.0.1:1/shop"});
  EXPECT_EQ(program.wait(), 2);
  const std::string errors = program.read_errors();
  EXPECT_TRUE(
      errors.starts_with("service: the saga journal `postgres://shop:***@127.0.0.1:1/shop` cannot be read: "))
      << errors;
  Program wrong({"--sagas", "--saga-journal", "mysql://localhost/shop"});
  EXPECT_EQ(wrong.wait(), 2);
  EXPECT_NE(wrong.read_errors().find("the path of a file, or postgres://host/database"), std::string::npos);
}

TEST(Main, ListsTheSagasThatHaveNotEnded) {
  const std::string path = testing::TempDir() + "zerver_main_" + std::to_string(getpid()) + ".db";
  Program none({"--sagas", "--saga-journal", path});
  EXPECT_EQ(none.wait(), 2);
  EXPECT_EQ(none.read_errors(),
            "service: the saga journal `" + path + "` cannot be read: No such file or directory\n");
  {
    class NoLog final : public Log {
      void write(LogLevel, std::string_view) noexcept override {}
    } log;
    effects::SagaJournal journal(log);
    ASSERT_EQ(journal.open(path), "");
    const auto append = [&](flow::SagaRecordKind kind, std::uint32_t run, std::string_view name) {
      journal.append({.saga = {}, .kind = kind, .run = run, .name = name, .data = "{}", .at = {}});
    };
    append(flow::SagaRecordKind::kBegan, 0, "test.buy");
    append(flow::SagaRecordKind::kIntended, 1, "test.reserve");
    journal.append(
        {.saga = {}, .kind = flow::SagaRecordKind::kBlocked, .name = {}, .data = "look", .at = {}});
  }
  Program text({"--sagas", "--saga-journal", path});
  EXPECT_EQ(text.wait(), 0);
  EXPECT_EQ(text.read_output(),
            "00000000-0000-0000-0000-000000000000  test.buy  begun 1970-01-01T00:00:00Z  waits for an "
            "operator: look\n"
            "  1 test.reserve: begun\n");
  Program json({"--sagas=json", "--saga-journal", path});
  EXPECT_EQ(json.wait(), 0);
  EXPECT_NE(json.read_output().find(R"("runs":[{"run":1,"step":"test.reserve","status":"begun"}])"),
            std::string::npos);
  const std::string id = "00000000-0000-0000-0000-000000000000";
  const auto resolve = [&](const std::string& verdict) {
    Program program({"--saga-journal", path, "--sagas-resolve=" + verdict});
    const int status = program.wait();
    return std::to_string(status) + " " + program.read_errors();
  };
  for (const std::string& verdict : {std::string("nonsense"), id + ":", id + ":1", id + ":1:",
                                     id + ":0:undone", id + ":1:maybe", id + ":x:undone", id + ":1:undone:"})
    EXPECT_EQ(resolve(verdict), "2 service: `" + verdict +
                                    "` is neither ID nor ID:RUN:happened, ID:RUN:not-happened or "
                                    "ID:RUN:undone\n");
  EXPECT_EQ(resolve(id + ":2:undone"), "2 service: the saga journal `" + path + "`: the saga has no run 2\n");
  EXPECT_EQ(resolve(id + ":1:undone"), "0 ");
  Program resolved({"--sagas", "--saga-journal", path});
  EXPECT_EQ(resolved.wait(), 0);
  EXPECT_NE(resolved.read_output().find("\n  1 test.reserve: undone\n"), std::string::npos);
  EXPECT_EQ(resolve(id),
            "2 service: the saga journal `" + path + "`: the saga does not wait for an operator\n");
  for (const char* const suffix : {"", "-owners", "-wal", "-shm"})
    std::remove((path + suffix).c_str());
}

TEST(Main, WarnsOfWhatIsUnwiseAndServes) {
  Program program({"--listen", "127.0.0.1:0", "--executor", "inline"}, {{"ZER_MAX_BODI", "1KiB"}});
  EXPECT_TRUE(program.read_line().starts_with("listening on http://127.0.0.1:"));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.read_errors(),
            "service: warning: executor is inline: a worker waits for each effect, and answers nobody else "
            "meanwhile\n"
            "service: warning: `ZER_MAX_BODI` is not a setting; did you mean `ZER_MAX_BODY`?\n");
}

TEST(Main, PrintsHelpAndVersion) {
  Program help({"--help"});
  EXPECT_EQ(help.wait(), 0);
  EXPECT_TRUE(help.read_output().starts_with("usage: service [options]\n"));
  Program version({"--version"});
  EXPECT_EQ(version.wait(), 0);
  EXPECT_TRUE(version.read_output().starts_with("service, made with Zerver "));
}

}  // namespace
}  // namespace zerver::server
