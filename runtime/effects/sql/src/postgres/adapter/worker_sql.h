// The adapter `sql` over PostgreSQL, as one worker has it.
#pragma once

#include "postgres/pool/observed.h"
#include "postgres/pool/pool.h"
#include "row_stream.h"
#include "zerver.flow.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::postgres {

class WorkerSql final : public SqlAdapter {
 public:
  // What is shared outlives it.
  WorkerSql(const Libpq& pq, io::AsioLoop& loop, Random& random, const Options& options, const Part& part);
  ~WorkerSql() override;

  void one(const OneArguments& arguments, flow::RowsReply reply) override;
  void maybe(const MaybeArguments& arguments, flow::RowsReply reply) override;
  void many(const ManyArguments& arguments, flow::RowsReply reply) override;
  void stream(const StreamArguments& arguments, flow::StreamReply reply) override {
    streams_.open(arguments.query, reply);
  }
  void exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) override;
  void commit(const CommitArguments& arguments, flow::Reply<void> reply) override;

  void cancel(flow::Operation& operation) noexcept override { forget(operation, Connection::Stop::kCancel); }
  void let_go(flow::Operation& operation) noexcept override { forget(operation, Connection::Stop::kLetGo); }
  void roll_back(flow::Transaction& transaction) noexcept override;
  std::string_view database() const noexcept override { return database_; }
  void execute(const flow::Statement& statement, flow::Operation& operation) override {
    submit(statement, Gives::kCount, operation);
  }

  // Asks the server for nothing.
  void probe(ProbeDone done);

 private:
  enum class Gives : std::uint8_t { kRows, kCount, kNothing };
  struct Record;
  struct Session;
  struct Probe;

  void submit(const flow::Statement& statement, Gives gives, flow::Operation& operation);
  void submit_in(flow::Transaction& transaction, Record& record);
  void forget(flow::Operation& operation, Connection::Stop how) noexcept;
  void end(Session& session, const char* command) noexcept;
  void give_back(Session& session) noexcept;

  Record& take_record();
  Session& take_session();

  std::vector<std::unique_ptr<Record>> records_;
  std::vector<Record*> free_records_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<Session*> free_sessions_;
  std::vector<std::unique_ptr<Probe>> probes_;
  const std::string& database_;
  RowStreams streams_{pool_};
  Pool pool_;
};

}  // namespace zerver::effects::postgres
