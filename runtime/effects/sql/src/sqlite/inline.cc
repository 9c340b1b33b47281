#include "bulk.h"
#include "refusal.h"
#include "schema.h"
#include "zerver.flow.h"
#include <zerver/effects/sql/inline_sqlite.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/stream/source.h>
#include <zerver/flow/transaction/transaction.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace zerver::effects {
namespace {

using sqlite::Connection;
using sqlite::Outcome;
using sqlite::Wanted;

// Of an insert, `values` are its rows.
Outcome run(Connection& connection, const flow::Statement& statement, const flow::RowSet* values,
            Wanted wanted, flow::RowSet& rows) {
  const sqlite::Patience patience;
  if (values != nullptr) return connection.insert(statement.text, *values, 0, rows, patience);
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

// The rows of an insert, as many as there are: a simulation has its database in memory anyway. The
// operation's, until that has ended.
class InlineRows final : private flow::Source::Reader {
 public:
  // `ended` is called once when all have come or something has failed, at once or later.
  InlineRows(flow::BulkRows& rows, std::function<void()> ended) : rows_(rows), ended_(std::move(ended)) {}

  void collect() {
    copy();
    ask();
  }

  const std::optional<Outcome>& failure() const noexcept { return failure_; }
  const flow::RowSet& values() const noexcept { return values_; }
  const flow::BulkRows& rows() const noexcept { return rows_; }
  void close() noexcept { rows_.finish(); }

 private:
  void on_part(const void* part) noexcept override {
    before_ += rows_.rows();
    rows_.take(part);
    copy();
    ask();
  }
  void on_end() noexcept override { end(); }
  void on_failure(const Fault& fault) noexcept override {
    failure_ = Outcome{true, FaultKind::kUnavailable,
                       "the source of the rows has failed: " + std::string(fault.why.view())};
    end();
  }

  void copy() {
    std::size_t row = 0;
    if (const Result<void> copied = copier_.append(rows_, row, values_); !copied)
      failure_ = Outcome{true, copied.error().kind, sqlite::of_row(before_ + row, copied.error().why)};
  }
  // A source that has its parts at hand is asked again behind what it tells, not from within.
  void ask() {
    must_ask_ = rows_.source() != nullptr && !failure_;
    if (!must_ask_) return end();
    if (std::exchange(is_asking_, true)) return;
    while (std::exchange(must_ask_, false))
      rows_.source()->next(*this);
    is_asking_ = false;
    if (std::exchange(has_ended_, false)) tell();
  }
  void end() {
    if (is_asking_) {
      has_ended_ = true;
    } else {
      tell();
    }
  }
  // It may be destroyed from within.
  void tell() {
    const std::function<void()> ended = std::move(ended_);
    ended();
  }

  flow::BulkRows& rows_;
  std::function<void()> ended_;
  sqlite::RowCopier copier_;
  flow::RowSet values_;
  std::size_t before_ = 0;  // rows of the parts before
  std::optional<Outcome> failure_;
  bool must_ask_ = false;
  bool is_asking_ = false;
  bool has_ended_ = false;
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
    if (arguments.query.rows != nullptr) return insert(arguments.query, reply);
    if (!enter(reply.operation())) return;
    flow::RowSet rows;
    const Outcome outcome = perform(arguments.query, nullptr, Wanted::kCount, rows, reply.operation());
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
    if (const auto inserts = inserts_.find(&operation); inserts != inserts_.end()) {
      inserts->second->close();
      inserts_.erase(inserts);
    }
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

  // Collects the rows, then waits for its turn, in which it is started again.
  void insert(const flow::Statement& statement, flow::Reply<std::int64_t> reply) {
    flow::Operation& operation = reply.operation();
    auto [inserts, is_new] = inserts_.try_emplace(&operation);
    if (is_new && is_read_by_another(*statement.rows)) {
      inserts_.erase(inserts);
      return reply.fail({FaultKind::kUnavailable, "the stream is being read", {}});
    }
    if (is_new) {
      inserts->second = std::make_unique<InlineRows>(
          *statement.rows, [this, statement, reply] { insert_collected(statement, reply); });
      return inserts->second->collect();
    }
    insert_collected(statement, reply);
  }
  // A simulation may perform an operation twice.
  bool is_read_by_another(const flow::BulkRows& rows) const noexcept {
    return std::ranges::any_of(inserts_, [&](const auto& each) {
      return each.second != nullptr && rows.source() != nullptr && &each.second->rows() == &rows;
    });
  }
  void insert_collected(const flow::Statement& statement, flow::Reply<std::int64_t> reply) {
    flow::Operation& operation = reply.operation();
    const auto inserts = inserts_.find(&operation);
    if (!inserts->second->failure() && !enter(operation)) return;
    const std::unique_ptr<InlineRows> collected = std::move(inserts->second);
    inserts_.erase(inserts);
    collected->close();
    if (collected->failure()) {
      // What fails in a transaction ends it.
      if (operation.transaction() != nullptr && operation.transaction()->is_open())
        database_->connection.roll_back();
      return fail(reply, *collected->failure());
    }
    flow::RowSet rows;
    const Outcome outcome = perform(statement, &collected->values(), Wanted::kCount, rows, operation);
    if (outcome.failed) return fail(reply, outcome);
    reply.succeed(rows.affected());
  }

  Outcome perform(const flow::Statement& statement, const flow::RowSet* values, Wanted wanted,
                  flow::RowSet& rows, flow::Operation& operation) {
    flow::Transaction* const transaction = operation.transaction();
    if (transaction != nullptr && !transaction->is_open()) {
      if (Outcome begun = database_->connection.begin({}); begun.failed) return begun;
      transaction->adapter_data = database_;
      database_->open = transaction;
    } else if (transaction != nullptr && !database_->connection.in_transaction()) {
      return {true, FaultKind::kUnavailable, "the database has rolled the transaction back"};
    }
    return run(database_->connection, statement, values, wanted, rows);
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
    const Outcome outcome = perform(statement, nullptr, wanted, rows, reply.operation());
    if (outcome.failed) return fail(reply, outcome);
    reply.rows(rows);
  }

  Database* database_;
  std::map<const flow::Operation*, std::unique_ptr<InlineRows>> inserts_;  // whose rows are collected
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
  const Outcome outcome = run(entry->second.connection, {statement, {}}, nullptr, Wanted::kRows, rows);
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
