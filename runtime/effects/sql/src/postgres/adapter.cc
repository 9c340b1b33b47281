#include "adapter.h"

#include "pool.h"
#include "schema.h"
#include "zerver.flow.h"
#include <zerver/flow/call/operation.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

namespace {

enum class Wanted : std::uint8_t { kRows, kCount };

class WorkerSql final : public SqlAdapter {
 public:
  WorkerSql(const Libpq& pq, io::AsioLoop& loop, Random& random, Options options)
      : pool_(pq, loop, random, std::move(options)) {}

  void one(const OneArguments& arguments, flow::RowsReply reply) override {
    submit(arguments.query, Wanted::kRows, reply.operation());
  }
  void maybe(const MaybeArguments& arguments, flow::RowsReply reply) override {
    submit(arguments.query, Wanted::kRows, reply.operation());
  }
  void many(const ManyArguments& arguments, flow::RowsReply reply) override {
    submit(arguments.query, Wanted::kRows, reply.operation());
  }
  void exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) override {
    submit(arguments.query, Wanted::kCount, reply.operation());
  }

  void cancel(flow::Operation& operation) noexcept override { forget(operation, Connection::Stop::kCancel); }
  void let_go(flow::Operation& operation) noexcept override { forget(operation, Connection::Stop::kLetGo); }

 private:
  // One statement of a flow.
  struct Record final : Request {
    explicit Record(WorkerSql& the_owner) noexcept : owner(the_owner) {}
    void answered(const Answer& answer) noexcept override { owner.answered(*this, answer); }
    void failed(const Failure& failure) noexcept override { owner.failed(*this, failure); }

    WorkerSql& owner;
    flow::Operation* operation = nullptr;
    Wanted wanted = Wanted::kRows;
  };

  void submit(const flow::Statement& statement, Wanted wanted, flow::Operation& operation) {
    if (free_.empty()) {
      records_.push_back(std::make_unique<Record>(*this));
      free_.reserve(records_.size());  // so that giving one back never fails
      free_.push_back(records_.back().get());
    }
    Record& record = *free_.back();
    free_.pop_back();
    record.statement = statement;
    record.wanted = wanted;
    record.operation = &operation;
    operation.adapter_data = &record;
    pool_.start(record);
  }

  void forget(flow::Operation& operation, Connection::Stop how) noexcept {
    Record& record = *static_cast<Record*>(operation.adapter_data);
    pool_.forget(record, how);
    free_.push_back(&record);
  }

  // The record is given back behind its use: the flow may start the next statement from within.
  void answered(Record& record, const Answer& answer) noexcept {
    if (record.wanted == Wanted::kCount) {
      record.operation->complete(&answer.affected);
    } else {
      flow::RowsReply(*record.operation).rows(answer.rows);
    }
    free_.push_back(&record);
  }
  void failed(Record& record, const Failure& failure) noexcept {
    record.operation->fail({failure.kind, String::borrowed(failure.why), {}});
    free_.push_back(&record);
  }

  std::vector<std::unique_ptr<Record>> records_;
  std::vector<Record*> free_;
  Pool pool_;
};

// Where there is no loop with sockets, as in a simulation.
class NoSql final : public SqlAdapter {
 public:
  void one(const OneArguments&, flow::RowsReply reply) override { refuse(reply); }
  void maybe(const MaybeArguments&, flow::RowsReply reply) override { refuse(reply); }
  void many(const ManyArguments&, flow::RowsReply reply) override { refuse(reply); }
  void exec(const ExecArguments&, flow::Reply<std::int64_t> reply) override { refuse(reply); }
  void cancel(flow::Operation&) noexcept override {}

 private:
  static void refuse(const flow::ReplyBase& reply) {
    reply.fail({FaultKind::kInternal, "PostgreSQL needs a loop with sockets, and a simulation has none", {}});
  }
};

class SqlSystem final : public System {
 public:
  SqlSystem(const Libpq& pq, Options options, std::size_t size)
      : pq_(pq), options_(std::move(options)), size_(size) {}

  std::unique_ptr<flow::Adapter> adapter(flow::Worker& worker) override {
    io::AsioLoop* const loop = io::AsioLoop::of(worker.loop());
    if (loop == nullptr) return std::make_unique<NoSql>();
    return std::make_unique<WorkerSql>(pq_, *loop, worker.random(), options_);
  }

 private:
  Libpq pq_;
  Options options_;
  std::size_t size_;  // of the whole process
};

bool read_file(const std::string& name, std::string& text) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) return false;
  text = std::move(content).str();
  return true;
}

// Takes `schema=FILE` out of the options of the URL.
std::string take_schema(std::string& url) {
  constexpr std::string_view kName = "schema=";
  const std::size_t question = url.find('?');
  for (std::size_t begin = question; begin != std::string::npos; begin = url.find('&', begin + 1)) {
    if (url.compare(begin + 1, kName.size(), kName) != 0) continue;
    const std::size_t end = std::min(url.find('&', begin + 1), url.size());
    const std::string file = url.substr(begin + 1 + kName.size(), end - begin - 1 - kName.size());
    // What is left begins with the `?`.
    url.erase(begin + 1, std::min(end + 1, url.size()) - begin - 1);
    if (url.ends_with('?') || url.ends_with('&')) url.pop_back();
    return file;
  }
  return {};
}

}  // namespace

Opened OpenSql::operator()(const flow::TargetInfo& target, const flow::TargetConfig& config) const {
  std::string url(config.get("url").value_or(""));
  std::string schema(target.schema);
  if (const std::string file = take_schema(url); !file.empty() && !read_file(file, schema))
    return {nullptr, "the schema `" + file + "` cannot be read"};
  Libpq pq;
  if (std::string error = pq.load(); !error.empty()) return {nullptr, std::move(error)};
  Options options;
  if (std::string error = parse_url(pq, url, options); !error.empty()) return {nullptr, std::move(error)};
  if (const std::string error = apply_or_check_schema(pq, options, schema); !error.empty())
    return {nullptr, "database `" + describe(options.parameters) + "`: " + error};
  return {std::make_unique<SqlSystem>(pq, std::move(options), options.size), {}};
}

}  // namespace zerver::effects::postgres
