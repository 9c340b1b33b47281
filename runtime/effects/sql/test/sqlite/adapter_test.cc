#include "runtime/effects/test/probe.h"
#include "zerver.flow.h"
#include <zerver/core/random.h>
#include <zerver/effects/systems.h>
#include <zerver/flow/call/target.h>
#include <zerver/flow/data/row_codec.h>
#include <zerver/testing/req_test.h>
#include <zerver/testing/sim_loop.h>

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace zerver::effects {
namespace {

using flow::RowSource;
using flow::Value;

// Rows that outlive the reply.
struct Rows {
  Rows(const RowSource& set) {  // NOLINT(google-explicit-constructor): made by Probe
    for (std::size_t row = 0; row < set.rows(); ++row) {
      auto& line = rows.emplace_back();
      for (std::size_t column = 0; column < set.columns(); ++column)
        line.push_back(text_of(set.cell(row, column)));
    }
  }
  static std::string text_of(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        return "null";
      case Value::Kind::kBool:
      case Value::Kind::kInteger:
        return std::to_string(value.integer());
      case Value::Kind::kReal:
        return "real " + std::to_string(value.real());
      case Value::Kind::kText:
      case Value::Kind::kList:
        return "text " + std::string(value.text());
      case Value::Kind::kBlob:
        return "blob " + std::string(value.text());
    }
    return {};
  }
  std::vector<std::vector<std::string>> rows;
};

class RowsProbe final : public flow::Operation {
 public:
  RowsProbe(flow::Worker& worker, flow::Adapter& adapter, std::uint16_t index,
            const SqlAdapter::ManyArguments& arguments)
      : Operation(index, &arguments, "probe", arena_, worker) {
    begin_attempt(1, TimePoint::never());
    adapter.start(*this);
  }
  bool done() const noexcept { return reply.has_value() || fault.has_value(); }

  std::optional<Rows> reply;
  std::optional<FaultKind> fault;
  std::string why;

 private:
  void on_complete(const void* answer) noexcept override {
    reply.emplace(*static_cast<const RowSource*>(answer));
  }
  void on_fail(const Fault& answer) noexcept override {
    fault = answer.kind;
    why = answer.why;
  }

  Arena arena_;
};

class NoEnvironment final : public flow::Environment {
 public:
  std::optional<std::string_view> variable(std::string_view name) const override {
    const auto value = variables.find(name);
    return value == variables.end() ? std::nullopt : std::optional<std::string_view>(value->second);
  }
  std::optional<std::string_view> secret(std::string_view) const override { return std::nullopt; }

  std::map<std::string, std::string, std::less<>> variables;
};

// A package with one database, whose URL is the variable URL.
class SqliteAdapter : public ::testing::Test {
 protected:
  explicit SqliteAdapter(bool inline_effects = false)
      : worker({loop, loop.clock(), random, log}, {.inline_effects = inline_effects}) {
    add_standard_adapters(registry);
  }

  std::string open(std::string url, std::string_view schema = {}, std::uint32_t in_flight = 64) {
    environment.variables["URL"] = std::move(url);
    info = {.name = "test.db",
            .adapter = "zerver.sql",
            .configure =
                [](const flow::Environment& from, flow::TargetConfig& config) {
                  config.set_required("url", from.variable("URL"), "env.URL");
                },
            .in_flight = in_flight,
            .schema = schema};
    package = {.name = "test", .flows = {}, .targets = std::span(&info, 1), .handle = nullptr};
    systems = std::make_unique<Systems>();
    const flow::PackageInfo* const packages[] = {&package};
    std::string error = systems->open(packages, registry, environment);
    if (error.empty()) adapter = systems->bind(worker)[0][0]->adapter;
    return error;
  }

  // Runs one statement to its end.
  std::unique_ptr<RowsProbe> many(std::string_view text, std::span<const Value> parameters = {}) {
    arguments = {{text, parameters}};
    auto probe = std::make_unique<RowsProbe>(worker, *adapter, SqlAdapter::kMany, arguments);
    loop.run_with_threads_until([&] { return probe->done(); });
    return probe;
  }
  std::unique_ptr<Probe<std::int64_t>> exec(std::string_view text, std::span<const Value> parameters = {}) {
    exec_arguments = {{text, parameters}};
    auto probe = std::make_unique<Probe<std::int64_t>>(worker, *adapter, SqlAdapter::kExec, exec_arguments);
    loop.run_with_threads_until([&] { return probe->done(); });
    return probe;
  }

  Folder folder;
  testing::SimLoop loop;
  SeededRandom random{1};
  testing::MemoryLog log;
  flow::Worker worker;
  Registry registry;
  NoEnvironment environment;
  flow::TargetInfo info;
  flow::PackageInfo package;
  std::unique_ptr<Systems> systems;
  flow::Adapter* adapter = nullptr;
  SqlAdapter::ManyArguments arguments;
  SqlAdapter::ExecArguments exec_arguments;
};

constexpr std::string_view kSchema =
    "create table todo (id integer primary key, title text not null unique, due text)";

// The same under both executors.
class SqliteStatement : public SqliteAdapter, public ::testing::WithParamInterface<bool> {
 protected:
  SqliteStatement() : SqliteAdapter(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Executors, SqliteStatement, ::testing::Bool(),
                         [](const auto& the) { return the.param ? "Inline" : "Proactor"; });

TEST_P(SqliteStatement, KeepsEveryKindOfValue) {
  for (const std::string& url : {std::string("sqlite::memory:"), "sqlite:" + folder.file("a.db")}) {
    ASSERT_EQ(open(url), "");
    ASSERT_TRUE(exec("create table t (a, b, c, d, e, f)")->reply);
    const Value values[] = {
        Value(),    Value(true),        Value(std::int64_t{-5}),
        Value(1.5), Value(String("t")), Value(Bytes::borrowed(std::string_view("\0x", 2)))};
    EXPECT_EQ(exec("insert into t values (?, ?, ?, ?, ?, ?)", values)->reply, 1);
    const auto probe = many("select * from t");
    ASSERT_TRUE(probe->reply);
    EXPECT_EQ(probe->reply->rows[0], (std::vector<std::string>{"null", "1", "-5", "real 1.500000", "text t",
                                                               std::string("blob \0x", 7)}));
  }
}

TEST_P(SqliteStatement, NeverTakesAParameterForSql) {
  ASSERT_EQ(open("sqlite::memory:", kSchema), "");
  const Value evil[] = {Value(String("'); drop table todo; --"))};
  EXPECT_EQ(exec("insert into todo (title) values (?)", evil)->reply, 1);
  EXPECT_EQ(many("select title from todo where title = ?", evil)->reply->rows[0][0],
            "text '); drop table todo; --");
}

TEST_P(SqliteStatement, CallsABrokenConstraintAConflict) {
  ASSERT_EQ(open("sqlite::memory:", kSchema), "");
  EXPECT_EQ(exec("insert into todo (title) values ('a')")->reply, 1);
  const auto twice = exec("insert into todo (title) values ('a')");
  EXPECT_EQ(twice->fault, FaultKind::kConflict);
  EXPECT_EQ(twice->why, "UNIQUE constraint failed: todo.title");
}

TEST_P(SqliteStatement, CallsAWrongStatementInternal) {
  ASSERT_EQ(open("sqlite::memory:", kSchema), "");
  EXPECT_EQ(exec("insert into nothing values (1)")->fault, FaultKind::kInternal);
  EXPECT_EQ(many("select ?")->fault, FaultKind::kInternal);
  EXPECT_EQ(many("select 1; select 2")->fault, FaultKind::kInternal);
  EXPECT_EQ(many("")->fault, FaultKind::kInternal);
}

TEST_P(SqliteStatement, CountsWhatAStatementChanges) {
  ASSERT_EQ(open("sqlite:" + folder.file("a.db"), kSchema), "");
  EXPECT_EQ(exec("insert into todo (title) values ('a'), ('b'), ('c')")->reply, 3);
  EXPECT_EQ(exec("update todo set due = 'now' where title <> 'a'")->reply, 2);
  EXPECT_EQ(exec("select * from todo")->reply, 0);
}

TEST_P(SqliteStatement, ReturnsTheRowsOfAnInsert) {
  ASSERT_EQ(open("sqlite:" + folder.file("a.db"), kSchema), "");
  const auto probe = many("insert into todo (title) values ('a'), ('b') returning id, title");
  EXPECT_EQ(probe->reply->rows, (std::vector<std::vector<std::string>>{{"1", "text a"}, {"2", "text b"}}));
}

TEST_P(SqliteStatement, WritesAlsoWhenAStatementBeginsLikeAReadingOne) {
  ASSERT_EQ(open("sqlite:" + folder.file("a.db"), kSchema), "");
  EXPECT_TRUE(many("WITH new(t) AS (VALUES ('a')) INSERT INTO todo (title) SELECT t FROM new RETURNING title")
                  ->reply);
  EXPECT_EQ(many("values (1)")->reply->rows[0][0], "1");
  EXPECT_EQ(many(" (select title from todo)")->fault, FaultKind::kInternal);
  EXPECT_EQ(many("Select title from todo")->reply->rows.size(), 1U);
}

TEST_P(SqliteStatement, ReadsAtMostTwoRowsWhenOneIsWanted) {
  ASSERT_EQ(open("sqlite::memory:"), "");
  arguments = {{"with recursive n(x) as (select 1 union all select x + 1 from n) select x from n", {}}};
  RowsProbe probe(worker, *adapter, SqlAdapter::kOne, arguments);
  loop.run_with_threads_until([&] { return probe.done(); });
  EXPECT_EQ(probe.reply->rows.size(), 2U);
  RowsProbe maybe(worker, *adapter, SqlAdapter::kMaybe, arguments);
  loop.run_with_threads_until([&] { return maybe.done(); });
  EXPECT_EQ(maybe.reply->rows.size(), 2U);
}

TEST_P(SqliteStatement, RefusesRowsWithoutEnd) {
  ASSERT_EQ(open("sqlite::memory:"), "");
  const auto probe =
      many("with recursive n(x) as (select 1 union all select x + 1 from n) select zeroblob(1000) from n");
  EXPECT_EQ(probe->fault, FaultKind::kInternal);
  EXPECT_EQ(probe->why, "the rows are larger than 16 MiB");
}

// --- Inline ---

class InlineSqlite : public SqliteAdapter {
 protected:
  InlineSqlite() : SqliteAdapter(true) {}
};

TEST_F(InlineSqlite, HasEndedWhenItHasStarted) {
  ASSERT_EQ(open("sqlite:" + folder.file("a.db"), kSchema), "");
  arguments = {{"select 7", {}}};
  const RowsProbe probe(worker, *adapter, SqlAdapter::kMany, arguments);
  EXPECT_TRUE(probe.done());
  EXPECT_FALSE(loop.run_ready());
}

TEST_F(InlineSqlite, SharesItsConnectionsWithOtherWorkers) {
  ASSERT_EQ(open("sqlite:" + folder.file("a.db"), kSchema), "");
  constexpr int kRows = 200;
  std::vector<flow::Adapter*> adapters;
  std::vector<std::unique_ptr<flow::Worker>> workers;
  for (const bool inline_effects : {true, true, true}) {
    workers.push_back(std::make_unique<flow::Worker>(flow::Seams{loop, loop.clock(), random, log},
                                                     flow::WorkerLimits{.inline_effects = inline_effects}));
    adapters.push_back(systems->bind(*workers.back())[0][0]->adapter);
  }
  std::vector<std::thread> threads;
  for (std::size_t index = 0; index < workers.size(); ++index) {
    threads.emplace_back([&, index] {
      for (int row = 0; row < kRows; ++row) {
        const Value title[] = {Value(static_cast<std::int64_t>(index) * kRows + row)};
        const SqlAdapter::ExecArguments insert{{"insert into todo (title) values (?)", title}};
        EXPECT_EQ(Probe<std::int64_t>(*workers[index], *adapters[index], SqlAdapter::kExec, insert).reply, 1);
        const SqlAdapter::ManyArguments read{{"select title from todo where title = ?", title}};
        EXPECT_EQ(RowsProbe(*workers[index], *adapters[index], SqlAdapter::kMany, read).reply->rows.size(),
                  1U);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(many("select count(*) from todo")->reply->rows[0][0], std::to_string(3 * kRows));
}

constexpr std::string_view kEndless =
    "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n";

TEST_F(SqliteAdapter, EndsAStatementThatNobodyWaitsForAnyMore) {
  ASSERT_EQ(open("sqlite::memory:"), "");
  // One connection: what comes after the endless statement shows that it has ended.
  for (int round = 0; round < 5; ++round) {
    arguments = {{kEndless, {}}};
    RowsProbe probe(worker, *adapter, SqlAdapter::kMany, arguments);
    loop.run_ready();
    adapter->cancel(probe);
    EXPECT_EQ(many("select 7")->reply->rows[0][0], "7");
    EXPECT_FALSE(probe.done());
  }
}

TEST_F(SqliteAdapter, ForgetsAStatementThatHasNotBegun) {
  ASSERT_EQ(open("sqlite::memory:", kSchema), "");
  arguments = {{kEndless, {}}};
  RowsProbe endless(worker, *adapter, SqlAdapter::kMany, arguments);
  exec_arguments = {{"insert into todo (title) values ('never')", {}}};
  Probe<std::int64_t> waiting(worker, *adapter, SqlAdapter::kExec, exec_arguments);
  adapter->cancel(waiting);
  adapter->cancel(endless);
  EXPECT_TRUE(many("select * from todo")->reply->rows.empty());
}

TEST_F(SqliteAdapter, RefusesMoreThanItsQueueHolds) {
  ASSERT_EQ(open("sqlite::memory:", {}, 2), "");
  arguments = {{kEndless, {}}};
  std::vector<std::unique_ptr<RowsProbe>> probes;
  const auto ask = [&] {
    probes.push_back(std::make_unique<RowsProbe>(worker, *adapter, SqlAdapter::kMany, arguments));
  };
  ask();
  // By itself: what waits together shares a transaction, and would run together.
  while (systems->states()[0].pool->idle != 0)
    std::this_thread::yield();
  while (!probes.back()->done())
    ask();
  EXPECT_EQ(probes.back()->fault, FaultKind::kUnavailable);
  EXPECT_EQ(probes.size(), 4U);  // one runs, two wait, one is refused
  probes.pop_back();
  for (const auto& probe : probes)
    adapter->cancel(*probe);
}

TEST_F(SqliteAdapter, CanBeClosedWhileAStatementRuns) {
  ASSERT_EQ(open("sqlite::memory:"), "");
  arguments = {{kEndless, {}}};
  RowsProbe running(worker, *adapter, SqlAdapter::kMany, arguments);
  RowsProbe waiting(worker, *adapter, SqlAdapter::kMany, arguments);
  systems.reset();
  loop.run_ready();
  EXPECT_FALSE(running.done());
  EXPECT_FALSE(waiting.done());
}

TEST_F(SqliteAdapter, IsUnavailableWhenTheDatabaseIsFull) {
  ASSERT_EQ(open("sqlite::memory:", "create table blobs (data blob)"), "");
  ASSERT_FALSE(many("pragma max_page_count = 10")->fault);
  EXPECT_EQ(exec("insert into blobs values (zeroblob(1000000))")->fault, FaultKind::kUnavailable);
}

// --- At the start ---

TEST_F(SqliteAdapter, AppliesTheSchemaToAnEmptyDatabaseAndChecksAnyOther) {
  const std::string url = "sqlite:" + folder.file("a.db");
  ASSERT_EQ(open(url, kSchema), "");
  EXPECT_EQ(exec("insert into todo (title) values ('a')")->reply, 1);
  systems.reset();
  EXPECT_EQ(open(url, kSchema), "");
  EXPECT_EQ(open(url, "create table other (id integer)"),
            "target `test.db`: adapter `zerver.sql`: database `" + folder.file("a.db") +
                "`: the database has no table `other`, which the schema declares");
  EXPECT_EQ(open(url, "create table todo (id integer primary key, title text, owner text)"),
            "target `test.db`: adapter `zerver.sql`: database `" + folder.file("a.db") +
                "`: table `todo` of the database has no column `owner`, which the schema declares");
  EXPECT_EQ(open(url, "create table todo (id integer primary key, title blob)"),
            "target `test.db`: adapter `zerver.sql`: database `" + folder.file("a.db") +
                "`: column `title` of table `todo` is `text`, the schema declares `blob`");
  EXPECT_EQ(open(url, "create nonsense"), "target `test.db`: adapter `zerver.sql`: database `" +
                                              folder.file("a.db") +
                                              "`: the schema is wrong: near \"nonsense\": syntax error");
}

TEST_F(SqliteAdapter, TakesTheSchemaFromAFile) {
  const std::string schema = folder.file("schema.sql");
  const std::string url = "sqlite:" + folder.file("a.db") + "?schema=" + schema;
  EXPECT_EQ(open(url), "target `test.db`: adapter `zerver.sql`: the schema `" + schema + "` cannot be read");
  std::ofstream(schema) << "create table note (text text)";
  ASSERT_EQ(open(url), "");
  EXPECT_EQ(exec("insert into note values ('a')")->reply, 1);
  std::ofstream(schema) << "create table note (text text, author text)";
  EXPECT_EQ(open(url),
            "target `test.db`: adapter `zerver.sql`: database `" + folder.file("a.db") +
                "`: table `note` of the database has no column `author`, which the schema declares");
  EXPECT_EQ(
      open("sqlite::memory:?cache=shared"),
      "target `test.db`: adapter `zerver.sql`: its URL may end with `?schema=FILE`, `?synchronous=full` or "
      "`?synchronous=normal`, and `&` between them");
}

TEST_F(SqliteAdapter, LeavesADatabaseEmptyWhenItsSchemaFails) {
  const std::string url = "sqlite:" + folder.file("a.db");
  EXPECT_NE(open(url, "create table a (x); insert into b values (1)"), "");
  ASSERT_EQ(open(url), "");
  EXPECT_TRUE(many("select * from sqlite_master")->reply->rows.empty());
}

TEST_F(SqliteAdapter, SaysWhatIsWrongWithItsUrl) {
  EXPECT_EQ(open("mysql://user:secret@host"),
            "target `test.db`: adapter `zerver.sql`: its URL must be `sqlite:PATH`, `sqlite::memory:` or "
            "`postgres://...`");
  EXPECT_EQ(open("sqlite:"),
            "target `test.db`: adapter `zerver.sql`: its URL must be `sqlite:PATH` or `sqlite::memory:`");
  EXPECT_EQ(open("sqlite:/no/such/folder/a.db"),
            "target `test.db`: adapter `zerver.sql`: database `/no/such/folder/a.db`: unable to open "
            "database file");
}

TEST_F(SqliteAdapter, RefusesAFileThatIsNoDatabase) {
  const std::string path = folder.file("a.db");
  FILE* const file = fopen(path.c_str(), "w");
  for (int line = 0; line < 1000; ++line)
    fputs("this is no database\n", file);
  fclose(file);
  EXPECT_EQ(open("sqlite:" + path),
            "target `test.db`: adapter `zerver.sql`: database `" + path + "`: file is not a database");
}

TEST_F(SqliteAdapter, LetsAStatementGoOnThatNobodyWaitsFor) {
  ASSERT_EQ(open("sqlite:" + folder.file("let_go.db"), "create table t(x integer)"), "");
  const SqlAdapter::ExecArguments first{{"insert into t values (1)", {}}};
  Probe<std::int64_t> late(worker, *adapter, SqlAdapter::kExec, first);
  adapter->let_go(late);
  EXPECT_EQ(exec("insert into t values (2)")->reply, 1);  // behind it, as writes are
  EXPECT_EQ(many("select x from t order by x")->reply->rows,
            (std::vector<std::vector<std::string>>{{"1"}, {"2"}}));
  EXPECT_FALSE(late.reply.has_value());
}

}  // namespace
}  // namespace zerver::effects
