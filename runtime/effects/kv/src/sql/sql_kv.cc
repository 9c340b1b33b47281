#include "sql/sql_kv.h"

#include "faults.h"
#include "keys.h"
#include "sql/statements.h"
#include "zerver.flow.h"
#include <zerver/core/arena.h>
#include <zerver/core/output_buffer.h>
#include <zerver/effects/sql/postgres/client.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/flow/data/json_writer.h>
#include <zerver/flow/data/value.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace zerver::effects::kv {

namespace {

constexpr std::size_t kLargestValue = std::size_t{8} << 20;
// That wait at once. Flows have no more operations in flight than their target says; sweeps and what was let
// go come on top.
constexpr std::uint32_t kMostStatements = 4096;
constexpr std::int64_t kSweptAtOnce = 500;  // rows
constexpr Duration kSweepEvery = Duration::from_seconds(1);
constexpr Duration kSweepAgain = Duration::from_milliseconds(20);  // when there may be more
constexpr Duration kSweepTimeout = Duration::from_seconds(10);
constexpr Duration kShortest = Duration::from_milliseconds(1);

flow::Value blob_of(std::string_view bytes) noexcept { return flow::Value(Bytes::borrowed(bytes)); }
flow::Value life_of(Duration life) noexcept {
  return flow::Value(std::max(life, kShortest).nanoseconds / 1000);
}

// Who is told of a statement.
class Asker {
 public:
  // What the operation of `sql` has completed with.
  virtual void on_reply(const void* reply) noexcept = 0;
  virtual void on_fault(const Fault& fault) noexcept = 0;

 protected:
  ~Asker() = default;
};

// A statement as an operation of the adapter `sql`, used again and again.
template <class Arguments> class SqlOperation final : public flow::Operation {
 public:
  SqlOperation(Asker& asker, flow::Worker& worker, Arena& arena) noexcept
      : Operation(Arguments::kOperation, &arguments_, "kv", arena, worker, kFails), asker_(asker) {}

  void start(flow::Adapter& sql, const flow::Statement& statement, unsigned attempt, TimePoint deadline,
             std::string_view key) {
    arguments_.query = statement;
    begin_attempt(attempt, deadline, key);
    sql.start(*this);
  }

 private:
  static constexpr FaultKinds kFails =
      FaultKinds::of(FaultKind::kConflict, FaultKind::kUnavailable, FaultKind::kTimeout);

  void on_complete(const void* reply) noexcept override { asker_.on_reply(reply); }
  void on_fail(const Fault& fault) noexcept override { asker_.on_fault(fault); }

  Asker& asker_;
  Arguments arguments_;
};

using Reads = SqlOperation<SqlAdapter::ManyArguments>;
using Counts = SqlOperation<SqlAdapter::ExecArguments>;

// --- The sweep ---

// Deletes what has expired, so many rows at a time.
class Sweep final : private async::Timer, private Asker {
 public:
  Sweep(const Statements& statements, flow::Worker& worker, flow::Adapter& sql, Arena& arena)
      : Timer([](Timer& timer) noexcept { static_cast<Sweep&>(timer).begin(); }),
        statements_(statements),
        worker_(worker),
        sql_(sql),
        deletes_(*this, worker, arena) {
    worker_.loop().start(*this, worker_.loop().now());
  }
  ~Sweep() { worker_.loop().stop(*this); }
  Sweep(const Sweep&) = delete;
  Sweep& operator=(const Sweep&) = delete;

 private:
  void begin() noexcept {
    if (!is_running_) return ask(statements_.sweep_values);
    // It takes too long.
    sql_.cancel(deletes_);
    is_running_ = false;
    wait(kSweepEvery);
  }

  void ask(const Asks& asks) noexcept {
    is_running_ = true;
    is_of_values_ = &asks == &statements_.sweep_values;
    parameters_[0] = flow::Value(kSweptAtOnce);
    parameters_[1] = flow::Value(worker_.clock().wall().microseconds);
    const TimePoint deadline = worker_.loop().now() + kSweepTimeout;
    wait(kSweepTimeout);
    try {
      deletes_.start(sql_, {asks.text, std::span(parameters_).first(asks.takes_now ? 2 : 1)}, 1, deadline,
                     {});
    } catch (const std::bad_alloc&) {
      is_running_ = false;
      wait(kSweepEvery);
    }
  }

  void on_reply(const void* reply) noexcept override {
    is_running_ = false;
    is_full_ = (is_full_ && !is_of_values_) || *static_cast<const std::int64_t*>(reply) >= kSweptAtOnce;
    if (is_of_values_) return ask(statements_.sweep_limits);
    wait(std::exchange(is_full_, false) ? kSweepAgain : kSweepEvery);
  }
  // The next one may go well; whoever uses the store is told.
  void on_fault(const Fault&) noexcept override {
    is_running_ = is_full_ = false;
    wait(kSweepEvery);
  }

  void wait(Duration span) noexcept { worker_.loop().start(*this, worker_.loop().now() + span); }

  const Statements& statements_;
  flow::Worker& worker_;
  flow::Adapter& sql_;
  Counts deletes_;
  std::array<flow::Value, 2> parameters_;
  bool is_running_ = false;
  bool is_of_values_ = false;
  bool is_full_ = false;  // there may be more
};

// --- The adapter ---

class SqlKv final : public KvAdapter {
 public:
  SqlKv(const Statements& statements, const std::string& prefix, flow::Worker& worker,
        std::unique_ptr<flow::Adapter> sql, bool sweeps)
      : statements_(statements), keys_(prefix), worker_(worker), sql_(std::move(sql)) {
    if (sweeps) sweep_.emplace(statements_, worker_, *sql_, arena_);
  }

  void get(const GetArguments& arguments, flow::JsonReply reply) override {
    if (!keys_.good(arguments.key)) return fail_missing(reply.operation());
    Record& record = take_record(arguments.key, reply.operation());
    record.read(statements_.get, &Record::give_value);
  }

  void get_many(const GetManyArguments& arguments, flow::JsonReply reply) override {
    if (arguments.keys.size() > kMostKeys) return reply.fail(too_many_keys());
    take_record({}, reply.operation()).read_many(arguments.keys);
  }

  void set(const SetArguments& arguments, flow::Reply<void> reply) override {
    write(statements_.set, arguments.key, arguments.value, {}, &Record::give_done, reply);
  }
  void set_for(const SetForArguments& arguments, flow::Reply<void> reply) override {
    write(statements_.set, arguments.key, arguments.value, life_of(arguments.life), &Record::give_done,
          reply);
  }
  void add(const AddArguments& arguments, flow::Reply<void> reply) override {
    write(statements_.add, arguments.key, arguments.value, {}, &Record::give_added, reply);
  }
  void add_for(const AddForArguments& arguments, flow::Reply<void> reply) override {
    write(statements_.add, arguments.key, arguments.value, life_of(arguments.life), &Record::give_added,
          reply);
  }

  void remove(const RemoveArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.succeed();
    take_record(arguments.key, reply.operation()).count(statements_.remove, &Record::give_done);
  }
  void expire(const ExpireArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return fail_missing(reply.operation());
    Record& record = take_record(arguments.key, reply.operation());
    record.bind(life_of(arguments.life));
    record.count(statements_.expire, &Record::give_found);
  }

  void increment(const IncrementArguments& arguments, flow::Reply<std::int64_t> reply) override {
    increment(arguments.key, arguments.by, {}, reply);
  }
  void increment_for(const IncrementForArguments& arguments, flow::Reply<std::int64_t> reply) override {
    increment(arguments.key, arguments.by, life_of(arguments.life), reply);
  }

  void compare_and_set(const CompareAndSetArguments& arguments, flow::Reply<void> reply) override {
    compare_and_set(arguments.key, arguments.expected, arguments.value, {}, reply);
  }
  void compare_and_set_for(const CompareAndSetForArguments& arguments, flow::Reply<void> reply) override {
    compare_and_set(arguments.key, arguments.expected, arguments.value, life_of(arguments.life), reply);
  }
  void compare_and_remove(const CompareAndRemoveArguments& arguments, flow::Reply<void> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    Record& record = take_record(arguments.key, reply.operation());
    record.bind(blob_of(arguments.expected.view()));
    record.read(statements_.compare_and_remove, &Record::give_compared);
  }

  void take(const TakeArguments& arguments, flow::Reply<std::int64_t> reply) override {
    if (!keys_.good(arguments.key)) return reply.fail(bad_key());
    if (const std::optional<Fault> fault = fault_of_limit(arguments.count, arguments.per))
      return reply.fail(*fault);
    Record& record = take_record(arguments.key, reply.operation());
    record.bind(flow::Value(arguments.count));
    record.bind(flow::Value(arguments.per.nanoseconds / 1000));
    record.read(statements_.take, &Record::give_taken);
  }

  void cancel(flow::Operation& operation) noexcept override {
    Record& record = *static_cast<Record*>(operation.adapter_data);
    sql_->cancel(record.under_way());
    give_back(record);
  }
  void let_go(flow::Operation& operation) noexcept override {
    Record& record = *static_cast<Record*>(operation.adapter_data);
    sql_->let_go(record.under_way());
    give_back(record);
  }

 private:
  // An operation, and the statement that answers it.
  class Record final : private Asker {
   public:
    using Give = void (Record::*)(flow::Operation& operation, const void* reply) noexcept;

    explicit Record(SqlKv& owner)
        : owner_(owner),
          reads_(*this, owner.worker_, owner.arena_),
          counts_(*this, owner.worker_, owner.arena_) {}

    void begin(std::string_view key, flow::Operation& operation) {
      operation_ = &operation;
      parameters_.clear();
      if (key.empty()) return;
      text_ = owner_.keys_.full(key);
      bind(blob_of(text_));
    }
    void bind(const flow::Value& value) { parameters_.push_back(value); }
    void read(const Asks& asks, Give give) { start(reads_, asks, give); }
    void count(const Asks& asks, Give give) { start(counts_, asks, give); }

    void read_many(const List<String>& keys) {
      keys_ = keys;
      text_.clear();
      std::vector<std::size_t> ends;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (owner_.keys_.good(keys[i]) && !repeats(keys, i)) text_ += owner_.keys_.full(keys[i]);
        ends.push_back(text_.size());
      }
      for (std::size_t i = 0, begin = 0; i < ends.size(); begin = ends[i++]) {
        if (ends[i] != begin) bind(blob_of(std::string_view(text_).substr(begin, ends[i] - begin)));
      }
      const Statements::Many& many = owner_.statements_.get_many(parameters_.size());
      // A key of no bytes is nobody's.
      parameters_.resize(many.keys, blob_of({}));
      read(many.asks, &Record::give_many);
    }

    flow::Operation& under_way() noexcept {
      return is_count_ ? static_cast<flow::Operation&>(counts_) : static_cast<flow::Operation&>(reads_);
    }

    // --- What replies mean ---

    void give_value(flow::Operation& operation, const void* reply) noexcept {
      const auto& rows = *static_cast<const flow::RowSource*>(reply);
      if (rows.rows() == 0) return fail_missing(operation);
      const flow::Value value = rows.cell(0, 0);
      const std::string_view json = value.text();
      operation.complete(&json);
    }
    void give_many(flow::Operation& operation, const void* reply) noexcept {
      try {
        write_many(*static_cast<const flow::RowSource*>(reply));
      } catch (const std::bad_alloc&) {
        return operation.fail({FaultKind::kUnavailable, "out of memory", {}});
      }
      const std::string_view json = object_.view();
      operation.complete(&json);
    }
    void give_done(flow::Operation& operation, const void*) noexcept { operation.complete(nullptr); }
    void give_added(flow::Operation& operation, const void* reply) noexcept {
      if (*static_cast<const std::int64_t*>(reply) != 0) return operation.complete(nullptr);
      operation.fail({FaultKind::kConflict, "there is a value of that key", {}});
    }
    void give_found(flow::Operation& operation, const void* reply) noexcept {
      if (*static_cast<const std::int64_t*>(reply) != 0) return operation.complete(nullptr);
      fail_missing(operation);
    }
    void give_number(flow::Operation& operation, const void* reply) noexcept {
      const auto& rows = *static_cast<const flow::RowSource*>(reply);
      if (rows.rows() == 0)
        return operation.fail(
            {FaultKind::kRejected, "the value is no whole number, or it would be too large", {}});
      const std::int64_t number = rows.cell(0, 0).integer();
      operation.complete(&number);
    }
    void give_compared(flow::Operation& operation, const void* reply) noexcept {
      const auto& rows = *static_cast<const flow::RowSource*>(reply);
      if (rows.rows() == 0) return fail_missing(operation);
      if (rows.cell(0, 0).boolean()) return operation.complete(nullptr);
      operation.fail({FaultKind::kConflict, "the value is another one", {}});
    }
    void give_taken(flow::Operation& operation, const void* reply) noexcept {
      const auto& rows = *static_cast<const flow::RowSource*>(reply);
      const std::int64_t left = rows.cell(0, 0).integer();
      if (left >= 0) return operation.complete(&left);
      operation.fail(used_up(Duration::from_microseconds(-left)));
    }
    void give_wait(flow::Operation& operation, const void* reply) noexcept {
      const auto& rows = *static_cast<const flow::RowSource*>(reply);
      const std::int64_t wait = rows.rows() == 0 ? 1 : std::max<std::int64_t>(1, rows.cell(0, 0).integer());
      operation.fail(used_up(Duration::from_microseconds(wait)));
    }

   private:
    template <class Operation> void start(Operation& statement, const Asks& asks, Give give) {
      give_ = give;
      is_count_ = std::is_same_v<Operation, Counts>;
      if (asks.takes_now) bind(flow::Value(owner_.worker_.clock().wall().microseconds));
      statement.start(*owner_.sql_, {asks.text, parameters_}, operation_->attempt(), operation_->deadline(),
                      operation_->key());
    }

    void on_reply(const void* reply) noexcept override {
      if (must_wait(reply)) {
        try {
          // The time is that of before.
          give_ = &Record::give_wait;
          return reads_.start(*owner_.sql_, {owner_.statements_.wait.text, parameters_},
                              operation_->attempt(), operation_->deadline(), operation_->key());
        } catch (const std::bad_alloc&) {
          return on_fault({FaultKind::kUnavailable, "out of memory", {}});
        }
      }
      (this->*give_)(*std::exchange(operation_, nullptr), reply);
      owner_.give_back(*this);
    }
    // Used up, and the statement has not said until when.
    bool must_wait(const void* reply) const noexcept {
      return give_ == &Record::give_taken && static_cast<const flow::RowSource*>(reply)->rows() == 0;
    }
    // What no operation of a store says, the database has said of others that are under way.
    void on_fault(const Fault& fault) noexcept override {
      Fault told = fault;
      if (told.kind == FaultKind::kConflict) told.kind = FaultKind::kUnavailable;
      std::exchange(operation_, nullptr)->fail(told);
      owner_.give_back(*this);
    }

    void write_many(const flow::RowSource& rows) {
      std::unordered_map<std::string, std::size_t> row_of;
      for (std::size_t row = 0; row < rows.rows(); ++row)
        row_of.emplace(rows.cell(row, 0).text(), row);
      object_.clear();
      flow::JsonWriter json(object_);
      json.begin_object();
      std::size_t bound = 0;
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        if (!owner_.keys_.good(keys_[i]) || repeats(keys_, i)) continue;
        const auto found = row_of.find(std::string(parameters_[bound++].text()));
        if (found == row_of.end()) continue;
        json.escaped_key(keys_[i]);
        json.literal(rows.cell(found->second, 1).text());
      }
      json.end_object();
    }

    SqlKv& owner_;
    Reads reads_;
    Counts counts_;
    bool is_count_ = false;
    flow::Operation* operation_ = nullptr;
    Give give_ = nullptr;
    std::string text_;  // of the key, or of all
    List<String> keys_;
    std::vector<flow::Value> parameters_;
    OutputBuffer object_;
  };

  static void fail_missing(flow::Operation& operation) noexcept {
    operation.fail({FaultKind::kMissing, "there is no value of that key", {}});
  }

  void write(const Asks& asks, std::string_view key, const Json& value, const flow::Value& life,
             Record::Give give, flow::Reply<void> reply) {
    if (!keys_.good(key)) return reply.fail(bad_key());
    if (value.view().size() > kLargestValue) return fail_too_large(reply);
    Record& record = take_record(key, reply.operation());
    record.bind(blob_of(value.view()));
    record.bind(life);
    record.count(asks, give);
  }
  void increment(std::string_view key, std::int64_t by, const flow::Value& life,
                 flow::Reply<std::int64_t> reply) {
    if (!keys_.good(key)) return reply.fail(bad_key());
    Record& record = take_record(key, reply.operation());
    record.bind(flow::Value(by));
    record.bind(life);
    record.read(statements_.increment, &Record::give_number);
  }
  void compare_and_set(std::string_view key, const Json& expected, const Json& value, const flow::Value& life,
                       flow::Reply<void> reply) {
    if (!keys_.good(key)) return reply.fail(bad_key());
    if (value.view().size() > kLargestValue) return fail_too_large(reply);
    Record& record = take_record(key, reply.operation());
    record.bind(blob_of(expected.view()));
    record.bind(blob_of(value.view()));
    record.bind(life);
    record.read(statements_.compare_and_set, &Record::give_compared);
  }
  static void fail_too_large(const flow::ReplyBase& reply) noexcept {
    reply.fail({FaultKind::kInternal, "the value is too large for the store", {}});
  }

  Record& take_record(std::string_view key, flow::Operation& operation) {
    if (free_.empty()) {
      records_.push_back(std::make_unique<Record>(*this));
      free_.reserve(records_.size());  // so that giving one back never fails
      free_.push_back(records_.back().get());
    }
    Record& record = *free_.back();
    record.begin(key, operation);
    free_.pop_back();
    operation.adapter_data = &record;
    return record;
  }
  void give_back(Record& record) noexcept { free_.push_back(&record); }

  const Statements& statements_;
  Keys keys_;
  flow::Worker& worker_;
  Arena arena_;
  std::vector<std::unique_ptr<Record>> records_;
  std::vector<Record*> free_;
  std::unique_ptr<flow::Adapter> sql_;  // goes before what it has been asked
  std::optional<Sweep> sweep_;
};

// --- The system ---

class SqlKvSystem final : public System {
 public:
  SqlKvSystem(Dialect dialect, std::string prefix, std::unique_ptr<System> sql)
      : statements_(dialect), prefix_(std::move(prefix)), sql_(std::move(sql)) {}

  // One of the workers sweeps.
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<SqlKv>(statements_, prefix_, worker, sql_->adapter(worker),
                                   std::exchange(must_sweep_, false));
  }
  std::string describe() const override { return sql_->describe(); }
  Health health() const override { return sql_->health(); }
  std::optional<PoolState> pool() const override { return sql_->pool(); }
  void probe(flow::Worker& worker, ProbeDone done) override { sql_->probe(worker, std::move(done)); }
  std::string renew(std::string_view argument, std::string_view value) override {
    return sql_->renew(argument, value);
  }
  void stop(Duration patience) noexcept override { sql_->stop(patience); }

 private:
  const Statements statements_;
  const std::string prefix_;
  std::unique_ptr<System> sql_;
  bool must_sweep_ = true;
};

constexpr std::string_view kSqliteScheme = "sqlite:";

// Empty, or what is wrong.
std::string make_sqlite_tables(std::string_view url) {
  const std::string path(url.substr(kSqliteScheme.size(), url.find('?') - kSqliteScheme.size()));
  sqlite::Connection connection;
  std::string error = connection.open(path, false);
  if (error.empty()) error = connection.execute("begin immediate");
  if (error.empty()) error = connection.execute(tables_of(Dialect::kSqlite));
  if (error.empty()) error = connection.execute("commit");
  return error.empty() ? error : "database `" + path + "`: " + error;
}

std::string make_postgres_tables(const std::string& url) {
  postgres::Server server;
  std::string error = server.open(url, {});
  if (error.empty()) error = server.execute(tables_of(Dialect::kPostgres));
  return error.empty() ? error : "database `" + server.describe() + "`: " + error;
}

}  // namespace

bool is_sql(std::string_view url) noexcept {
  return url.starts_with(kSqliteScheme) || url.starts_with("postgres:") || url.starts_with("postgresql:");
}

Opened open_sql_kv(const flow::TargetInfo& target, const flow::TargetConfig& config, const std::string& url,
                   std::string prefix, const SqlDatabases& databases) {
  const Dialect dialect = url.starts_with(kSqliteScheme) ? Dialect::kSqlite : Dialect::kPostgres;
  flow::TargetInfo database = target;
  flow::TargetConfig arguments = config;
  database.schema = {};
  database.in_flight = std::max(database.in_flight, kMostStatements);
  if (!databases.are_real) {
    // One that nobody else has tables in.
    arguments.set("url", url + "?values");
    database.schema = tables_of(dialect);
  } else {
    if (url.starts_with("sqlite::memory:"))
      return {nullptr, "its URL must name a file: values in memory are kept by `memory:`"};
    std::string error = dialect == Dialect::kSqlite ? make_sqlite_tables(url) : make_postgres_tables(url);
    if (!error.empty()) return {nullptr, std::move(error)};
  }
  Opened sql = databases.open(database, arguments);
  if (sql.system == nullptr) return sql;
  return {std::make_unique<SqlKvSystem>(dialect, std::move(prefix), std::move(sql.system)), {}};
}

}  // namespace zerver::effects::kv
