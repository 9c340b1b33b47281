#include "adapter.h"

#include "pool.h"
#include "zerver.flow.h"

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
  WorkerSql(Pool& pool, flow::Worker& worker) noexcept : pool_(&pool), worker_(&worker) {}

  ~WorkerSql() override {
    for (const auto& record : records_)
      pool_->discard(*record);
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
  void exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) override {
    submit(arguments.query, Wanted::kCount, reply.operation());
  }

  void cancel(flow::Operation& operation) noexcept override {
    Record& record = *static_cast<Record*>(operation.adapter_data);
    record.operation = nullptr;
    if (pool_->abandon(record)) free_.push_back(&record);
  }

  // The statement runs to its end.
  void let_go(flow::Operation& operation) noexcept override {
    static_cast<Record*>(operation.adapter_data)->operation = nullptr;
  }

 private:
  struct Record final : StatementJob {
    Record(WorkerSql& the_owner, async::Loop& loop)
        : StatementJob(
              loop,
              [](Job& job) noexcept { static_cast<Record&>(job).owner.back(static_cast<Record&>(job)); }),
          owner(the_owner) {}

    WorkerSql& owner;
    flow::Operation* operation = nullptr;  // null: nobody waits any more
    bool counts = false;
  };

  // Before the attempt's own deadline, so that a locked database is `unavailable` and not `timeout`.
  std::chrono::steady_clock::time_point lock_deadline(const flow::Operation& operation) const {
    using Clock = std::chrono::steady_clock;
    if (operation.deadline() == TimePoint::never()) return Clock::time_point::max();
    const Duration left = operation.deadline() - worker_->loop().now();
    return Clock::now() + std::chrono::nanoseconds(left.nanoseconds / 4 * 3);
  }

  void submit(const flow::Statement& statement, Wanted wanted, flow::Operation& operation) {
    if (free_.empty()) {
      records_.push_back(std::make_unique<Record>(*this, worker_->loop()));
      free_.reserve(records_.size());  // so that giving one back never fails
      free_.push_back(records_.back().get());
    }
    Record& record = *free_.back();
    record.set(statement, wanted, lock_deadline(operation));
    record.operation = &operation;
    record.counts = wanted == Wanted::kCount;
    if (worker_->limits().inline_effects) {
      free_.pop_back();
      operation.adapter_data = &record;
      pool_->perform(record);
      return back(record);
    }
    if (!pool_->submit(record))
      return operation.fail({FaultKind::kUnavailable, "the database has too much to do", {}});
    free_.pop_back();
    operation.adapter_data = &record;
  }

  void back(Record& record) noexcept {
    flow::Operation* const operation = std::exchange(record.operation, nullptr);
    if (operation == nullptr) {
      free_.push_back(&record);
      return;
    }
    // The record is given back behind its use: the flow may start the next statement from within.
    const Outcome& outcome = record.outcome();
    if (outcome.failed) {
      operation->fail({outcome.kind, String::borrowed(outcome.why), {}});
    } else if (record.counts) {
      const std::int64_t affected = record.rows().affected();
      operation->complete(&affected);
    } else {
      flow::RowsReply(*operation).rows(record.rows());
    }
    free_.push_back(&record);
  }

  Pool* pool_;
  flow::Worker* worker_;
  std::vector<std::unique_ptr<Record>> records_;
  std::vector<Record*> free_;
};

class SqlSystem final : public System {
 public:
  explicit SqlSystem(std::shared_ptr<Pool> pool) noexcept : pool_(std::move(pool)) {}
  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    return std::make_unique<WorkerSql>(*pool_, worker);
  }

 private:
  std::shared_ptr<Pool> pool_;
};

constexpr std::string_view kScheme = "sqlite:";
constexpr std::string_view kSchemaOption = "schema=";

bool read_file(const std::string& name, std::string& text) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) return false;
  text = std::move(content).str();
  return true;
}

}  // namespace

Opened OpenSql::operator()(const flow::TargetInfo& target, const flow::TargetConfig& config) {
  const std::string url(config.get("url").value_or(""));
  if (!url.starts_with(kScheme) || url.size() == kScheme.size()) {
    // A URL may hold a password, so it is not repeated.
    return {nullptr, "its URL must be `sqlite:PATH` or `sqlite::memory:`"};
  }
  const std::size_t question = std::min(url.find('?'), url.size());
  const std::string path = url.substr(kScheme.size(), question - kScheme.size());
  std::string schema(target.schema);
  if (question < url.size()) {
    const std::string option = url.substr(question + 1);
    if (!option.starts_with(kSchemaOption))
      return {nullptr, "its URL may end with `?schema=FILE` and nothing else"};
    const std::string file = option.substr(kSchemaOption.size());
    if (!read_file(file, schema)) return {nullptr, "the schema `" + file + "` cannot be read"};
  }
  const auto failed = [&](const std::string& why) {
    return Opened{nullptr, "database `" + path + "`: " + why};
  };

  std::weak_ptr<Pool>& known = pools_[path];
  if (const std::shared_ptr<Pool> pool = known.lock()) {
    if (const std::string error = pool->use_also(schema, target.in_flight); !error.empty())
      return failed(error);
    return {std::make_unique<SqlSystem>(pool), {}};
  }
  auto pool = std::make_shared<Pool>();
  if (const std::string error = pool->open(path, schema, target.in_flight); !error.empty())
    return failed(error);
  known = pool;
  return {std::make_unique<SqlSystem>(std::move(pool)), {}};
}

}  // namespace zerver::effects::sqlite
