// The adapter `sql` over a real server, on a loop with sockets.
#pragma once

#include "tests/support/servers/postgres_server.h"
#include "zerver.flow.h"
#include <zerver/core/arena.h>
#include <zerver/core/clock.h>
#include <zerver/core/random.h>
#include <zerver/effects/registry.h>
#include <zerver/effects/systems.h>
#include <zerver/flow/call/operation.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/worker.h>
#include <zerver/io/asio_loop.h>
#include <zerver/testing/req_test.h>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects {

// One for all tests of the program.
test::PostgresServer& server();

class Variables final : public flow::Environment {
 public:
  std::optional<std::string_view> variable(std::string_view name) const override {
    const auto value = variables.find(name);
    return value == variables.end() ? std::nullopt : std::optional<std::string_view>(value->second);
  }
  std::optional<std::string_view> secret(std::string_view) const override { return std::nullopt; }

  std::map<std::string, std::string, std::less<>> variables;
};

// As a flow has them that was compiled when a statement had these columns.
inline constexpr std::string_view kExpectedColumns[] = {"a", "b"};

// What a statement came to.
struct Answer {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // `null`, or kind and value: `text a`
  bool has_expected_columns = false;
  std::int64_t affected = 0;
  std::optional<FaultKind> fault;
  std::string why;

  bool is_good() const noexcept { return !fault; }
};

// One statement that is performed without a flow around it.
class StatementProbe final : public flow::Operation {
 public:
  enum class As : std::uint8_t { kMany = SqlAdapter::kMany, kExec = SqlAdapter::kExec };

  // The parameters are copied, the text is not. `fails` as its step declares it; nothing: it does not.
  StatementProbe(flow::Worker& worker, flow::Adapter& adapter, As as, std::string_view text,
                 std::vector<flow::Value> parameters = {}, TimePoint deadline = TimePoint::never(),
                 FaultKinds fails = {});

  void cancel() { adapter_->cancel(*this); }
  void let_go() { adapter_->let_go(*this); }
  bool done() const noexcept { return done_; }
  const Answer& answer() const noexcept { return answer_; }

  std::function<void()> when_done;

 private:
  struct Statement {
    std::vector<flow::Value> values;
    SqlAdapter::ManyArguments arguments;  // alike for all operations
  };
  StatementProbe(flow::Worker& worker, flow::Adapter& adapter, As as, std::unique_ptr<Statement> statement,
                 TimePoint deadline, FaultKinds fails);

  void on_complete(const void* answer) noexcept override;
  void on_fail(const Fault& fault) noexcept override;
  void end() noexcept;

  std::unique_ptr<Statement> statement_;
  flow::Adapter* adapter_;
  Arena arena_;
  As as_;
  bool done_ = false;
  Answer answer_;
};

// A worker with one database in a schema of its own, on the test's thread.
class PostgresTest : public ::testing::Test {
 protected:
  PostgresTest();
  ~PostgresTest() override;

  // With an URL of the server of this program, or any other. Empty, or what is wrong.
  std::string open(std::string_view schema = {}) { return open_url(url(), schema); }
  std::string open_url(const std::string& url, std::string_view schema = {});
  // With the options of an URL behind it.
  std::string url(std::string_view options = {}, std::uint16_t port = 0) const;
  // Adapters end before the loop does.
  void close();

  std::unique_ptr<StatementProbe> start(std::string_view text, std::vector<flow::Value> parameters = {},
                                        StatementProbe::As as = StatementProbe::As::kMany);
  Answer many(std::string_view text, std::vector<flow::Value> parameters = {});
  Answer exec(std::string_view text, std::vector<flow::Value> parameters = {});
  // False when it was not so within half a minute.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition);
  // On the server, beside the adapter; in the schema of this test.
  std::string query(const std::string& text) const;

  SystemClock clock;
  io::AsioLoop loop{clock};
  SeededRandom random{1};
  testing::MemoryLog log;
  flow::Worker worker{{loop, clock, random, log}};
  Registry registry;
  Variables environment;
  flow::TargetInfo info;
  flow::PackageInfo package;
  std::string schema_name;
  std::unique_ptr<Systems> systems;
  flow::Adapter* adapter = nullptr;
};

// Texts that are part of a value.
inline flow::Value text(std::string_view value) { return flow::Value(String::borrowed(value)); }
inline flow::Value blob(std::string_view value) { return flow::Value(Bytes::borrowed(value)); }

}  // namespace zerver::effects
