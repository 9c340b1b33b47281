// A database of each kind with an empty table, behind the adapter `sql`.
#pragma once

#include "runtime/effects/sql/test/postgres/fixture.h"
#include <zerver/effects/sql/inline_sqlite.h>
#include <zerver/flow/call/in_flight.h>
#include <zerver/flow/stream/source.h>
#include <zerver/flow/transaction/transaction.h>
#include <zerver/testing/adapter_harness.h>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace zerver::effects {

namespace conformance {

using flow::Value;
using testing::AdapterHarness;
using testing::HarnessOptions;
using Many = SqlAdapter::ManyArguments;
using Exec = SqlAdapter::ExecArguments;
using Stream = SqlAdapter::StreamArguments;
using Commit = SqlAdapter::CommitArguments;

inline constexpr const char* kSchema =
    "create table entry (id bigint primary key, name text not null unique, size bigint check (size >= 0),"
    " ratio double precision, ready boolean, data bytea)";

enum class Kind : std::uint8_t { kSqliteFile, kSqliteMemory, kInlineSqlite, kPostgres };

inline std::string name_of(Kind kind) {
  switch (kind) {
    case Kind::kSqliteFile:
      return "SqliteFile";
    case Kind::kSqliteMemory:
      return "SqliteMemory";
    case Kind::kInlineSqlite:
      return "InlineSqlite";
    case Kind::kPostgres:
      return "Postgres";
  }
  return {};
}

// So that every test finds an empty database.
inline std::string new_postgres_url() {
  static std::atomic<int> count = 0;
  const std::string schema = "conformance_" + std::to_string(++count);
  server().query("create schema " + schema);
  return server().url("?options=-csearch_path%3D" + schema);
}

struct Request final : flow::Exchange {
  explicit Request(flow::Worker& worker) : Exchange(worker, [](Exchange&) noexcept {}) {}
};

class SqlConformance : public ::testing::TestWithParam<Kind> {
 protected:
  SqlConformance() {
    Registry registry;
    add_standard_adapters(registry);
    HarnessOptions options{.schema = kSchema};
    switch (GetParam()) {
      case Kind::kSqliteFile:
        options.arguments = {{"url", "sqlite:" + (folder.path() / "a.db").string()}};
        break;
      case Kind::kSqliteMemory:
        options.arguments = {{"url", "sqlite::memory:"}};
        break;
      case Kind::kInlineSqlite:
        registry.replace({"zerver.sql", {}, {}}, inline_sqlite.open());
        options.arguments = {{"url", "sqlite:a.db"}};
        options.time = HarnessOptions::Time::kSimulated;
        break;
      case Kind::kPostgres:
        options.arguments = {{"url", new_postgres_url()}};
        break;
    }
    sql = std::make_unique<AdapterHarness>(registry, "zerver.sql", options);
    if (!sql->error().empty()) throw std::runtime_error(sql->error());
    target = std::make_unique<flow::Target>("db", &sql->adapter(), &in_flight);
    targets[0] = target.get();
    request = std::make_unique<Request>(sql->worker());
    request->set_targets(targets);
  }

  auto exec(std::string_view text, std::span<const Value> values = {}, flow::Transaction* tx = nullptr) {
    return sql->perform(Exec{{text, values}}, {.transaction = tx});
  }
  auto many(std::string_view text, std::span<const Value> values = {}, flow::Transaction* tx = nullptr) {
    return sql->perform(Many{{text, values}}, {.transaction = tx});
  }
  // `n` rows with the ids from 1.
  void fill(int n) {
    for (int begin = 1; begin <= n; begin += 500) {
      std::string statement = "insert into entry (id, name) values ";
      for (int id = begin; id < begin + 500 && id <= n; ++id)
        statement += (id == begin ? "(" : ", (") + std::to_string(id) + ", 'n" + std::to_string(id) + "')";
      ASSERT_TRUE(exec(statement)->ok());
    }
  }
  // Whether there was a further part.
  template <class Reader> bool next(flow::Source& source, Reader& reader) {
    reader.told = false;
    source.next(reader);
    EXPECT_TRUE(sql->run_until([&] { return reader.told; }));
    return !reader.ended && reader.why.empty();
  }
  std::int64_t count(flow::Transaction* tx = nullptr) {
    const auto rows = many("select count(*) from entry", {}, tx);
    return rows->ok() ? rows->value().cell(0, 0).integer() : -1;
  }

  test::TemporaryDirectory folder;
  InlineSqlite inline_sqlite;
  flow::InFlight in_flight{64, 0};
  std::unique_ptr<AdapterHarness> sql;
  std::unique_ptr<flow::Target> target;
  flow::Target* targets[1] = {nullptr};
  std::unique_ptr<Request> request;
};

inline const auto kEachKind =
    ::testing::Values(Kind::kSqliteFile, Kind::kSqliteMemory, Kind::kInlineSqlite, Kind::kPostgres);

inline std::string name_of_test(const ::testing::TestParamInfo<Kind>& the) { return name_of(the.param); }

}  // namespace conformance
}  // namespace zerver::effects
