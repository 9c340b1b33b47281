#include "runtime/effects/sql/test/postgres/fixture.h"

#include <zerver/flow/data/row_source.h>

#include <atomic>
#include <chrono>

namespace zerver::effects {

namespace {

// Looks at a condition behind each turn of the loop.
class Watcher final : public async::Timer {
 public:
  Watcher(io::AsioLoop& loop, const std::function<bool()>& condition)
      : Timer(fire), loop_(loop), condition_(condition), end_(loop.now() + Duration::from_seconds(30)) {
    loop_.start(*this, loop_.now());
  }
  ~Watcher() { loop_.stop(*this); }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  bool holds() const noexcept { return holds_; }

 private:
  static void fire(Timer& timer) noexcept {
    auto& watcher = static_cast<Watcher&>(timer);
    watcher.holds_ = watcher.condition_();
    if (watcher.holds_ || watcher.loop_.now() > watcher.end_) return watcher.loop_.stop();
    watcher.loop_.start(watcher, watcher.loop_.now() + Duration::from_milliseconds(1));
  }

  io::AsioLoop& loop_;
  const std::function<bool()>& condition_;
  TimePoint end_;
  bool holds_ = false;
};

std::string text_of_cell(const flow::Value& value) {
  switch (value.kind()) {
    case flow::Value::Kind::kNull:
      return "null";
    case flow::Value::Kind::kBool:
      return value.boolean() ? "true" : "false";
    case flow::Value::Kind::kInteger:
      return std::to_string(value.integer());
    case flow::Value::Kind::kReal:
      return "real " + std::to_string(value.real());
    case flow::Value::Kind::kText:
    case flow::Value::Kind::kList:
      return "text " + std::string(value.text());
    case flow::Value::Kind::kBlob:
      return "blob " + std::string(value.text());
  }
  return {};
}

}  // namespace

test::PostgresServer& server() {
  static test::PostgresServer the_server;
  return the_server;
}

StatementProbe::StatementProbe(flow::Worker& worker, flow::Adapter& adapter, As as, std::string_view text,
                               std::vector<flow::Value> parameters, TimePoint deadline, FaultKinds fails)
    : StatementProbe(
          worker, adapter, as,
          [&] {
            auto statement = std::make_unique<Statement>();
            statement->values = std::move(parameters);
            statement->arguments.query = {text, statement->values};
            return statement;
          }(),
          deadline, fails) {}

StatementProbe::StatementProbe(flow::Worker& worker, flow::Adapter& adapter, As as,
                               std::unique_ptr<Statement> statement, TimePoint deadline, FaultKinds fails)
    : Operation(static_cast<std::uint16_t>(as), &statement->arguments, "probe", arena_, worker, fails),
      statement_(std::move(statement)),
      adapter_(&adapter),
      as_(as) {
  begin_attempt(1, deadline);
  adapter.start(*this);
}

void StatementProbe::on_complete(const void* answer) noexcept {
  if (as_ == As::kExec) {
    answer_.affected = *static_cast<const std::int64_t*>(answer);
    return end();
  }
  const auto& rows = *static_cast<const flow::RowSource*>(answer);
  answer_.has_expected_columns = rows.has_columns(kExpectedColumns);
  for (std::size_t column = 0; column < rows.columns(); ++column)
    answer_.columns.emplace_back(rows.column(column));
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    auto& cells = answer_.rows.emplace_back();
    for (std::size_t column = 0; column < rows.columns(); ++column)
      cells.push_back(text_of_cell(rows.cell(row, column)));
  }
  end();
}

void StatementProbe::on_fail(const Fault& fault) noexcept {
  answer_.fault = fault.kind;
  answer_.why = std::string(fault.why);
  end();
}

void StatementProbe::end() noexcept {
  done_ = true;
  if (when_done) when_done();
}

PostgresTest::PostgresTest() {
  static std::atomic<int> count = 0;
  schema_name = "test_" + std::to_string(++count);
  server().query("create schema " + schema_name);
  add_standard_adapters(registry);
}

PostgresTest::~PostgresTest() { close(); }

void PostgresTest::close() {
  systems.reset();
  adapter = nullptr;
}

std::string PostgresTest::url(std::string_view options, std::uint16_t port) const {
  std::string all = "?options=-csearch_path%3D" + schema_name;
  if (!options.empty()) all += '&' + std::string(options);
  return server().url(all, port);
}

std::string PostgresTest::open_url(const std::string& url, std::string_view schema) {
  environment.variables["URL"] = url;
  info = {.name = "test.db",
          .adapter = "zerver.sql",
          .configure =
              [](const flow::Environment& from, flow::TargetConfig& config) {
                config.set_required("url", from.variable("URL"), "env.URL");
              },
          .schema = schema};
  package = {.name = "test", .flows = {}, .targets = std::span(&info, 1), .handle = nullptr};
  systems = std::make_unique<Systems>();
  const flow::PackageInfo* const packages[] = {&package};
  std::string error = systems->open(packages, registry, environment);
  if (error.empty()) adapter = systems->bind(worker)[0][0]->adapter;
  return error;
}

std::unique_ptr<StatementProbe> PostgresTest::start(std::string_view text,
                                                    std::vector<flow::Value> parameters,
                                                    StatementProbe::As as) {
  return std::make_unique<StatementProbe>(worker, *adapter, as, text, std::move(parameters));
}

Answer PostgresTest::many(std::string_view text, std::vector<flow::Value> parameters) {
  const auto probe = start(text, std::move(parameters));
  EXPECT_TRUE(run_until([&] { return probe->done(); })) << text;
  return probe->answer();
}

Answer PostgresTest::exec(std::string_view text, std::vector<flow::Value> parameters) {
  const auto probe = start(text, std::move(parameters), StatementProbe::As::kExec);
  EXPECT_TRUE(run_until([&] { return probe->done(); })) << text;
  return probe->answer();
}

bool PostgresTest::run_until(const std::function<bool()>& condition) {
  if (condition()) return true;
  Watcher watcher(loop, condition);
  loop.run();
  return watcher.holds();
}

std::string PostgresTest::query(const std::string& text) const {
  return server().query("set search_path = " + schema_name + "; " + text);
}

}  // namespace zerver::effects
