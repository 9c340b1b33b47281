#include "adapter.h"

#include "bulk.h"
#include "pool.h"
#include "refusal.h"
#include "row_stream.h"
#include "stream_insert.h"
#include "zerver.flow.h"
#include <zerver/flow/transaction/transaction.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace zerver::effects::sqlite {

namespace {

class WorkerSql final : public SqlAdapter {
 public:
  // What is shared outlives it.
  WorkerSql(Pool& pool, flow::Worker& worker, const std::string& database) noexcept
      : pool_(&pool), worker_(&worker), database_(database), streams_(pool, worker), inserts_(pool, worker) {}

  ~WorkerSql() override {
    for (const auto& record : records_)
      pool_->discard(*record);
    for (const auto& session : sessions_) {
      pool_->discard(session->end);
      pool_->discard(*session);
    }
  }

  void one(const OneArguments& arguments, flow::RowsReply reply) override {
    submit(arguments.query, Wanted::kOneRow, reply.operation());
  }
  void maybe(const MaybeArguments& arguments, flow::RowsReply reply) override {
    submit(arguments.query, Wanted::kOneRow, reply.operation());
  }
  void many(const ManyArguments& arguments, flow::RowsReply reply) override {
    submit(arguments.query, Wanted::kRows, reply.operation());
  }
  void stream(const StreamArguments& arguments, flow::StreamReply reply) override {
    streams_.open(arguments.query, lock_deadline(reply.operation()), reply);
  }
  void exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) override {
    submit(arguments.query, Wanted::kCount, reply.operation());
  }
  void commit(const CommitArguments& /*arguments*/, flow::Reply<void> reply) override {
    flow::Operation& operation = reply.operation();
    Record& record = end_of(*operation.transaction(), true);
    record.operation = &operation;
    operation.adapter_data = &record;
    static_cast<void>(pool_->submit(record));
  }

  void roll_back(flow::Transaction& transaction) noexcept override {
    static_cast<void>(pool_->submit(end_of(transaction, false)));
  }

  std::string_view database() const noexcept override { return database_; }
  void execute(const flow::Statement& statement, flow::Operation& operation) override {
    submit(statement, Wanted::kCount, operation);
  }

  void cancel(flow::Operation& operation) noexcept override {
    if (streams_.cancel(operation) || inserts_.cancel(operation)) return;
    Record& record = *static_cast<Record*>(operation.adapter_data);
    record.operation = nullptr;
    if (pool_->abandon(record)) give_back(record);
  }

  // The statement runs to its end; the rows of a stream are the flow's, and go with it.
  void let_go(flow::Operation& operation) noexcept override {
    if (streams_.cancel(operation) || inserts_.cancel(operation)) return;
    static_cast<Record*>(operation.adapter_data)->operation = nullptr;
  }

 private:
  struct WorkerSession;
  struct Record final : StatementJob {
    explicit Record(WorkerSql& the_owner, WorkerSession* session = nullptr)
        : StatementJob(
              the_owner.worker_->loop(),
              [](Job& job) noexcept { static_cast<Record&>(job).owner.back(static_cast<Record&>(job)); }),
          owner(the_owner),
          ends(session) {}

    WorkerSql& owner;
    flow::Operation* operation = nullptr;  // null: nobody waits any more
    WorkerSession* const ends;             // with this, which is a part of it; null: a statement
    bool counts = false;
  };

  // Has what ends it, so that nothing is lacking when it has to end.
  struct WorkerSession final : Session {
    explicit WorkerSession(WorkerSql& owner) : end(owner, this) {}
    Record end;
  };

  static Record& end_of(flow::Transaction& transaction, bool commits) noexcept {
    auto& session = *static_cast<WorkerSession*>(std::exchange(transaction.adapter_data, nullptr));
    session.end.set_end(session, commits);
    return session.end;
  }

  // Before the attempt's own deadline, so that a locked database is `unavailable` and not `timeout`.
  std::chrono::steady_clock::time_point lock_deadline(const flow::Operation& operation) const {
    using Clock = std::chrono::steady_clock;
    if (operation.deadline() == TimePoint::never()) return Clock::time_point::max();
    const Duration left = operation.deadline() - worker_->loop().now();
    return Clock::now() + std::chrono::nanoseconds(left.nanoseconds / 4 * 3);
  }

  // Room for those that are made is reserved where they are given back, which then never fails.
  template <class T, class Make>
  static T& take(std::vector<std::unique_ptr<T>>& all, std::vector<T*>& free, Make make) {
    if (free.empty()) {
      all.push_back(make());
      free.reserve(all.size());
      return *all.back();
    }
    T& taken = *free.back();
    free.pop_back();
    return taken;
  }
  Record& take_record() {
    return take(records_, free_, [this] { return std::make_unique<Record>(*this); });
  }
  void give_back(Record& record) noexcept {
    if (record.ends != nullptr) {
      free_sessions_.push_back(record.ends);
    } else {
      free_.push_back(&record);
    }
  }

  void submit(const flow::Statement& statement, Wanted wanted, flow::Operation& operation) {
    const bool inserts = statement.rows != nullptr;
    if (inserts && statement.rows->source() != nullptr) return insert_stream(statement, operation);
    if (inserts) {
      std::size_t row = 0;
      values_->clear();
      if (const Result<void> copied = copier_.append(*statement.rows, row, *values_); !copied)
        return operation.fail(copied.error());
    }
    Record& record = take_record();
    record.set(statement, wanted, lock_deadline(operation));
    if (inserts) record.set_insert(values_, 0);
    record.operation = &operation;
    record.counts = wanted == Wanted::kCount;
    operation.adapter_data = &record;
    if (operation.transaction() != nullptr) return submit_in(*operation.transaction(), record);
    if (worker_->limits().inline_effects) {
      if (pool_->perform(record)) back(record);
    } else if (!pool_->submit(record)) {
      refuse(record);
    }
  }

  void insert_stream(const flow::Statement& statement, flow::Operation& operation) {
    flow::Transaction* const transaction = operation.transaction();
    if (transaction == nullptr)
      return inserts_.start(statement, lock_deadline(operation), nullptr, true, operation);
    const bool opens = !transaction->is_open();
    WorkerSession& session = session_of(*transaction);
    transaction->adapter_data = &session;
    inserts_.start(statement, lock_deadline(operation), &session, opens, operation);
  }

  WorkerSession& session_of(const flow::Transaction& transaction) {
    if (transaction.is_open()) return *static_cast<WorkerSession*>(transaction.adapter_data);
    return take(sessions_, free_sessions_, [this] { return std::make_unique<WorkerSession>(*this); });
  }

  void submit_in(flow::Transaction& transaction, Record& record) {
    const bool opens = !transaction.is_open();
    WorkerSession& session = session_of(transaction);
    record.set_session(session, opens);
    if (pool_->submit(record)) {
      transaction.adapter_data = &session;
    } else {
      free_sessions_.push_back(&session);
      refuse(record);
    }
  }

  void refuse(Record& record) noexcept {
    flow::Operation& operation = *std::exchange(record.operation, nullptr);
    give_back(record);
    operation.fail({FaultKind::kUnavailable, "the database has too much to do", {}});
  }

  void back(Record& record) noexcept {
    flow::Operation* const operation = std::exchange(record.operation, nullptr);
    // The record is given back behind its use: the flow may start the next statement from within.
    const Outcome& outcome = record.outcome();
    if (operation == nullptr) {
      give_back(record);
      return;
    }
    if (outcome.failed) {
      operation->fail(sql::fault_of(*operation, outcome.kind, outcome.why));
    } else if (record.ends != nullptr) {
      operation->complete(nullptr);
    } else if (record.counts) {
      const std::int64_t affected = record.rows().affected();
      operation->complete(&affected);
    } else {
      flow::RowsReply(*operation).rows(record.rows());
    }
    give_back(record);
  }

  Pool* pool_;
  flow::Worker* worker_;
  const std::string& database_;
  RowStreams streams_;
  StreamInserts inserts_;
  RowCopier copier_;
  std::unique_ptr<flow::RowSet> values_ = std::make_unique<flow::RowSet>();  // of the next list
  std::vector<std::unique_ptr<Record>> records_;
  std::vector<Record*> free_;
  std::vector<std::unique_ptr<WorkerSession>> sessions_;
  std::vector<WorkerSession*> free_sessions_;
};

constexpr std::string_view kScheme = "sqlite:";

class SqlSystem final : public System {
 public:
  SqlSystem(std::shared_ptr<Pool> pool, const std::string& path)
      : pool_(std::move(pool)), url_(std::string(kScheme) + path), database_(database_name(path)) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<WorkerSql>(*pool_, worker, database_);
  }

  std::string describe() const override { return url_; }
  std::optional<PoolState> pool() const override { return pool_->state(); }

 private:
  std::shared_ptr<Pool> pool_;
  std::string url_;
  std::string database_;
};

// What may stand behind the path: `?schema=FILE&synchronous=full`.
struct Options {
  std::string schema_file;
  bool durable = false;
};

std::string read_options(std::string_view text, Options& options) {
  while (!text.empty()) {
    const std::string_view option = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(option.size() + 1, text.size()));
    const std::size_t equal = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, equal);
    const std::string_view value = option.substr(std::min(equal + 1, option.size()));
    if (name == "schema" && !value.empty()) {
      options.schema_file = value;
    } else if (name == "synchronous" && (value == "full" || value == "normal")) {
      options.durable = value == "full";
    } else {
      return "its URL may end with `?schema=FILE`, `?synchronous=full` or `?synchronous=normal`, and `&` "
             "between them";
    }
  }
  return {};
}

bool read_file(const std::string& name, std::string& text) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) return false;
  text = std::move(content).str();
  return true;
}

}  // namespace

Opened OpenSql::operator()(const flow::TargetInfo& target, const std::string& url) const {
  if (url.size() == kScheme.size()) return {nullptr, "its URL must be `sqlite:PATH` or `sqlite::memory:`"};
  const std::size_t question = std::min(url.find('?'), url.size());
  const std::string path = url.substr(kScheme.size(), question - kScheme.size());
  std::string schema(target.schema);
  Options options;
  if (std::string error =
          read_options(std::string_view(url).substr(std::min(question + 1, url.size())), options);
      !error.empty())
    return {nullptr, std::move(error)};
  if (!options.schema_file.empty() && !read_file(options.schema_file, schema))
    return {nullptr, "the schema `" + options.schema_file + "` cannot be read"};
  const auto failed = [&](const std::string& why) {
    return Opened{nullptr, "database `" + path + "`: " + why};
  };

  std::weak_ptr<Pool>& known = (*pools_)[path];
  if (const std::shared_ptr<Pool> pool = known.lock()) {
    if (const std::string error = pool->use_also(schema, target.in_flight); !error.empty())
      return failed(error);
    return {std::make_unique<SqlSystem>(pool, path), {}};
  }
  auto pool = std::make_shared<Pool>();
  const Pool::Settings settings{.schema = schema,
                                .queue_bound = target.in_flight,
                                .connections = target.pool != 0 ? target.pool : Pool::kConnections,
                                .durable = options.durable};
  if (const std::string error = pool->open(path, settings); !error.empty()) return failed(error);
  known = pool;
  return {std::make_unique<SqlSystem>(std::move(pool), path), {}};
}

}  // namespace zerver::effects::sqlite
