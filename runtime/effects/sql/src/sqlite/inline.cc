#include "schema.h"
#include "zerver.flow.h"
#include <zerver/effects/sql/inline_sqlite.h>
#include <zerver/effects/sql/sqlite/connection.h>

#include <map>
#include <stdexcept>
#include <utility>

namespace zerver::effects {
namespace {

using sqlite::Connection;
using sqlite::Outcome;
using sqlite::Wanted;

Outcome run(Connection& connection, const flow::Statement& statement, Wanted wanted, flow::RowSet& rows) {
  const sqlite::Patience patience;
  bool needs_writer = false;
  return connection.run(statement.text, statement.parameters, wanted, rows, patience, needs_writer);
}

class InlineSql final : public SqlAdapter {
 public:
  explicit InlineSql(Connection& connection) noexcept : connection_(&connection) {}

  void one(const OneArguments& arguments, flow::RowsReply reply) override {
    answer_rows(arguments.query, Wanted::kOneRow, reply);
  }
  void maybe(const MaybeArguments& arguments, flow::RowsReply reply) override {
    answer_rows(arguments.query, Wanted::kOneRow, reply);
  }
  void many(const ManyArguments& arguments, flow::RowsReply reply) override {
    answer_rows(arguments.query, Wanted::kRows, reply);
  }
  void exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) override {
    flow::RowSet rows;
    const Outcome outcome = run(*connection_, arguments.query, Wanted::kCount, rows);
    if (outcome.failed) return reply.fail({outcome.kind, String::borrowed(outcome.why), {}});
    reply.succeed(rows.affected());
  }

  // Nothing is ever in flight.
  void cancel(flow::Operation&) noexcept override {}

 private:
  // The rows have a place of their own: the flow may run its next statement while it reads them.
  void answer_rows(const flow::Statement& statement, Wanted wanted, flow::RowsReply reply) {
    flow::RowSet rows;
    const Outcome outcome = run(*connection_, statement, wanted, rows);
    if (outcome.failed) return reply.fail({outcome.kind, String::borrowed(outcome.why), {}});
    reply.rows(rows);
  }

  Connection* connection_;
};

class InlineSystem final : public System {
 public:
  explicit InlineSystem(Connection& connection) noexcept : connection_(&connection) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override {
    return std::make_unique<InlineSql>(*connection_);
  }

 private:
  Connection* connection_;
};

}  // namespace

struct InlineSqlite::Databases {
  std::map<std::string, Connection, std::less<>> by_url;
};

InlineSqlite::InlineSqlite() : databases_(std::make_unique<Databases>()) {}
InlineSqlite::~InlineSqlite() = default;

Registry::Open InlineSqlite::open() {
  return [this](const flow::TargetInfo& target, const flow::TargetConfig& config) -> Opened {
    const std::string url(config.get("url").value_or(""));
    if (!url.starts_with("sqlite:")) return {nullptr, "its URL must be `sqlite:PATH` or `sqlite::memory:`"};
    const auto [entry, is_new] = databases_->by_url.try_emplace(url);
    Connection& connection = entry->second;
    std::string error = is_new ? connection.open(":memory:", false) : std::string();
    if (error.empty() && !target.schema.empty()) error = apply_or_check_schema(connection, target.schema);
    if (!error.empty()) return {nullptr, "database `" + url + "`: " + error};
    return {std::make_unique<InlineSystem>(connection), {}};
  };
}

void InlineSqlite::query(std::string_view url, std::string_view statement, flow::RowSet& rows) {
  const auto entry = databases_->by_url.find(url);
  if (entry == databases_->by_url.end()) throw std::runtime_error("no target has opened " + std::string(url));
  const Outcome outcome = run(entry->second, {statement, {}}, Wanted::kRows, rows);
  if (outcome.failed) throw std::runtime_error(outcome.why);
}

std::int64_t InlineSqlite::number(std::string_view url, std::string_view statement) {
  flow::RowSet rows;
  query(url, statement, rows);
  if (rows.rows() != 1 || rows.columns() != 1 || rows.cell(0, 0).kind() != flow::Value::Kind::kInteger)
    throw std::runtime_error("the answer is not one whole number");
  return rows.cell(0, 0).integer();
}

}  // namespace zerver::effects
