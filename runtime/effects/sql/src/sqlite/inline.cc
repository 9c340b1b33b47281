#include "bulk.h"
#include "refusal.h"
#include "schema.h"
#include "zerver.flow.h"
#include <zerver/effects/sql/inline_sqlite.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/stream/source.h>
#include <zerver/flow/transaction/transaction.h>

#include <deque>
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
  if (statement.rows != nullptr) {
    flow::RowSet values;
    sqlite::copy_rows(*statement.rows, values);
    return connection.insert(statement.text, values, rows, patience);
  }
  bool needs_writer = false;
  return connection.run(statement.text, statement.parameters, wanted, rows, patience, needs_writer);
}

void fail(const flow::ReplyBase& reply, const Outcome& outcome) {
  reply.fail(sql::fault_of(reply.operation(), outcome.kind, outcome.why));
}

class InlineSql;

// Deletes itself when it is closed, at the latest before its database goes.
class InlineStream final : public flow::Source {
 public:
  Outcome open(Connection& connection, const flow::Statement& statement) {
    Outcome outcome = cursor_.open(connection, statement.text, statement.parameters);
    return outcome.failed ? outcome : cursor_.read(rows_, patience_);
  }
  void next(Reader& reader) noexcept override {
    Outcome outcome;
    if (!std::exchange(has_part_, false)) outcome = cursor_.read(rows_, patience_);
    if (outcome.failed) return reader.on_failure({outcome.kind, String::borrowed(outcome.why), {}});
    if (rows_.rows() == 0) return reader.on_end();
    reader.on_part(static_cast<const flow::RowSource*>(&rows_));
  }
  void close() noexcept override { delete this; }

 private:
  sqlite::Cursor cursor_;
  sqlite::Patience patience_;
  flow::RowSet rows_;
  bool has_part_ = true;
};

// A transaction has the database for itself; who comes meanwhile waits, first come first served.
struct Database {
  struct Waiting {
    InlineSql* adapter;
    flow::Operation* operation;
  };

  Connection connection;
  flow::Transaction* open = nullptr;
  std::deque<Waiting> waiting;
};

class InlineSql final : public SqlAdapter {
 public:
  explicit InlineSql(Database& database) noexcept : database_(&database) {}
  ~InlineSql() override {
    std::erase_if(database_->waiting, [this](const Database::Waiting& each) { return each.adapter == this; });
  }

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
    if (!enter(reply.operation())) return;
    flow::RowSet rows;
    const Outcome outcome = perform(arguments.query, Wanted::kCount, rows, reply.operation());
    if (outcome.failed) return fail(reply, outcome);
    reply.succeed(rows.affected());
  }
  // The parameters are those of the flow, which outlives what it has opened.
  void stream(const StreamArguments& arguments, flow::StreamReply reply) override {
    if (!enter(reply.operation())) return;
    auto opened = std::make_unique<InlineStream>();
    const Outcome outcome = opened->open(database_->connection, arguments.query);
    if (outcome.failed) return fail(reply, outcome);
    reply.open(*opened.release());
  }
  void commit(const CommitArguments& /*arguments*/, flow::Reply<void> reply) override {
    reply.operation().transaction()->adapter_data = nullptr;
    const Outcome outcome = database_->connection.commit();
    end();
    if (outcome.failed) return fail(reply, outcome);
    reply.succeed();
  }

  void roll_back(flow::Transaction& /*transaction*/) noexcept override {
    database_->connection.roll_back();
    end();
  }

  void cancel(flow::Operation& operation) noexcept override {
    std::erase_if(database_->waiting,
                  [&](const Database::Waiting& each) { return each.operation == &operation; });
  }

 private:
  // False when it has to wait for the end of another's transaction.
  bool enter(flow::Operation& operation) {
    if (database_->open == nullptr || database_->open == operation.transaction()) return true;
    database_->waiting.push_back({this, &operation});
    return false;
  }

  Outcome perform(const flow::Statement& statement, Wanted wanted, flow::RowSet& rows,
                  flow::Operation& operation) {
    flow::Transaction* const transaction = operation.transaction();
    if (transaction != nullptr && !transaction->is_open()) {
      if (Outcome begun = database_->connection.begin({}); begun.failed) return begun;
      transaction->adapter_data = database_;
      database_->open = transaction;
    } else if (transaction != nullptr && !database_->connection.in_transaction()) {
      return {true, FaultKind::kUnavailable, "the database has rolled the transaction back"};
    }
    return run(database_->connection, statement, wanted, rows);
  }

  // What waits goes on before this returns; the first that opens a transaction has the database again.
  void end() {
    database_->open = nullptr;
    while (database_->open == nullptr && !database_->waiting.empty()) {
      const Database::Waiting next = database_->waiting.front();
      database_->waiting.pop_front();
      next.adapter->start(*next.operation);
    }
  }

  // The rows have a place of their own: the flow may run its next statement while it reads them.
  void answer_rows(const flow::Statement& statement, Wanted wanted, flow::RowsReply reply) {
    if (!enter(reply.operation())) return;
    flow::RowSet rows;
    const Outcome outcome = perform(statement, wanted, rows, reply.operation());
    if (outcome.failed) return fail(reply, outcome);
    reply.rows(rows);
  }

  Database* database_;
};

class InlineSystem final : public System {
 public:
  explicit InlineSystem(Database& database) noexcept : database_(&database) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker&) override {
    return std::make_unique<InlineSql>(*database_);
  }

 private:
  Database* database_;
};

}  // namespace

struct InlineSqlite::Databases {
  std::map<std::string, Database, std::less<>> by_url;
};

InlineSqlite::InlineSqlite() : databases_(std::make_unique<Databases>()) {}
InlineSqlite::~InlineSqlite() = default;

Registry::Open InlineSqlite::open() {
  return Registry::typed<SqlConfig>(
      [this](const flow::TargetInfo& target, const SqlConfig& config) -> Opened {
        const std::string& url = config.url;
        if (!url.starts_with("sqlite:"))
          return {nullptr, "its URL must be `sqlite:PATH` or `sqlite::memory:`"};
        const auto [entry, is_new] = databases_->by_url.try_emplace(url);
        Connection& connection = entry->second.connection;
        std::string error = is_new ? connection.open(":memory:", false) : std::string();
        if (error.empty() && !target.schema.empty()) error = apply_or_check_schema(connection, target.schema);
        if (!error.empty()) return {nullptr, "database `" + url + "`: " + error};
        connection.keep_transactions();
        return {std::make_unique<InlineSystem>(entry->second), {}};
      });
}

void InlineSqlite::query(std::string_view url, std::string_view statement, flow::RowSet& rows) {
  const auto entry = databases_->by_url.find(url);
  if (entry == databases_->by_url.end()) throw std::runtime_error("no target has opened " + std::string(url));
  const Outcome outcome = run(entry->second.connection, {statement, {}}, Wanted::kRows, rows);
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
