#include "worker_sql.h"

#include "fault.h"
#include "postgres/protocol/sql_state.h"
#include <zerver/flow/transaction/transaction.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace zerver::effects::postgres {

namespace {

const char* begin_of(flow::Isolation isolation) noexcept {
  switch (isolation) {
    case flow::Isolation::kDefault:
      return "begin";
    case flow::Isolation::kReadCommitted:
      return "begin isolation level read committed";
    case flow::Isolation::kRepeatableRead:
      return "begin isolation level repeatable read";
    case flow::Isolation::kSerializable:
      return "begin isolation level serializable";
  }
  return "begin";
}

// In a transaction all of it again may go well.
void fail(flow::Operation& operation, const Failure& failure) noexcept {
  Fault fault = fault_of(operation, failure);
  if (operation.transaction() != nullptr && may_succeed_again(failure.sql_state)) {
    fault.kind = FaultKind::kConflict;
    operation.transaction()->note_conflict();
  }
  operation.fail(fault);
}

}  // namespace

// One statement of a flow.
struct WorkerSql::Record final : Request {
  explicit Record(WorkerSql& the_owner) noexcept : owner(the_owner) {}

  // The flow's: those that it inserts are its again.
  void finish_rows() const noexcept {
    if (statement.rows != nullptr) statement.rows->finish();
  }

  // Given back behind its use: the flow may start the next statement from within.
  void answered(const Answer& answer) noexcept override {
    finish_rows();
    flow::Operation& its = *std::exchange(operation, nullptr);
    if (gives == Gives::kCount) {
      its.complete(&answer.affected);
    } else {
      flow::RowsReply(its).rows(answer.rows);
    }
    owner.free_records_.push_back(this);
  }
  void failed(const Failure& failure) noexcept override {
    finish_rows();
    fail(*std::exchange(operation, nullptr), failure);
    owner.free_records_.push_back(this);
  }

  WorkerSql& owner;
  flow::Operation* operation = nullptr;
  Gives gives = Gives::kRows;
  Session* waits_for = nullptr;  // its connection
};

// A transaction, from its first statement to the end of its commit or rollback.
struct WorkerSql::Session final : LeaseRequest {
  struct Begin final : Request {
    Begin() noexcept {
      form = Form::kCommand;
      is_bound = true;
    }
    void answered(const Answer&) noexcept override {}
    void failed(const Failure&) noexcept override {}  // what is sent behind it fails, too
  };
  struct End final : Request {
    explicit End(Session& its_session) noexcept : session(its_session) {
      form = Form::kCommand;
      is_bound = true;
    }
    void answered(const Answer& answer) noexcept override {
      flow::Operation* const its = std::exchange(operation, nullptr);
      // A transaction in which something has failed is rolled back by its commit.
      const bool is_committed = answer.command == "COMMIT";
      session.owner.give_back(session);
      if (its == nullptr) return;
      if (is_committed) return its->complete(nullptr);
      its->fail({FaultKind::kInternal, "the transaction had failed and was rolled back", {}});
    }
    void failed(const Failure& failure) noexcept override {
      // The texts may go with the connection, so it is given back behind their use.
      if (flow::Operation* const its = std::exchange(operation, nullptr); its != nullptr) fail(*its, failure);
      session.owner.give_back(session);
    }
    Session& session;
    flow::Operation* operation = nullptr;  // null: nobody waits
  };

  explicit Session(WorkerSql& the_owner) noexcept : owner(the_owner), ending(*this) {}

  void leased(Connection& its_connection) noexcept override {
    connection = &its_connection;
    connection->send(begin);
    Record& record = *std::exchange(first, nullptr);
    record.waits_for = nullptr;
    connection->send(record);
  }
  void refused(const Failure& failure) noexcept override {
    Record& record = *std::exchange(first, nullptr);
    record.waits_for = nullptr;
    record.failed(failure);
  }

  WorkerSql& owner;
  Connection* connection = nullptr;  // null: it has none yet, or could not have one
  Record* first = nullptr;           // waits with it
  Begin begin;
  End ending;
};

struct WorkerSql::Probe final : Request {
  Probe(WorkerSql& the_owner, ProbeDone its_done) : owner(the_owner), done(std::move(its_done)) {
    form = Form::kCommand;
    statement = {"select 1", {}};
  }
  void answered(const Answer&) noexcept override { end({}); }
  void failed(const Failure& failure) noexcept override {
    end({.state = Health::State::kDown, .why = std::string(failure.why)});
  }
  void end(Health health) noexcept {
    const ProbeDone told = std::move(done);
    std::erase_if(owner.probes_, [this](const auto& each) { return each.get() == this; });
    told(std::move(health));
  }

  WorkerSql& owner;
  ProbeDone done;
};

WorkerSql::WorkerSql(const Libpq& pq, io::AsioLoop& loop, Random& random, const Options& options,
                     const Part& part)
    : database_(options.database), pool_(pq, loop, random, options, part) {}
WorkerSql::~WorkerSql() = default;

void WorkerSql::one(const OneArguments& arguments, flow::RowsReply reply) {
  submit(arguments.query, Gives::kRows, reply.operation());
}
void WorkerSql::maybe(const MaybeArguments& arguments, flow::RowsReply reply) {
  submit(arguments.query, Gives::kRows, reply.operation());
}
void WorkerSql::many(const ManyArguments& arguments, flow::RowsReply reply) {
  submit(arguments.query, Gives::kRows, reply.operation());
}
void WorkerSql::exec(const ExecArguments& arguments, flow::Reply<std::int64_t> reply) {
  submit(arguments.query, Gives::kCount, reply.operation());
}

void WorkerSql::commit(const CommitArguments&, flow::Reply<void> reply) {
  flow::Operation& operation = reply.operation();
  auto& session = *static_cast<Session*>(std::exchange(operation.transaction()->adapter_data, nullptr));
  session.ending.operation = &operation;
  operation.adapter_data = nullptr;  // no statement
  end(session, "commit");
}

void WorkerSql::roll_back(flow::Transaction& transaction) noexcept {
  end(*static_cast<Session*>(std::exchange(transaction.adapter_data, nullptr)), "rollback");
}

void WorkerSql::end(Session& session, const char* command) noexcept {
  if (session.connection == nullptr) return give_back(session);  // nothing has begun
  session.ending.statement = {command, {}};
  session.connection->send(session.ending);
}

void WorkerSql::give_back(Session& session) noexcept {
  if (session.connection != nullptr) pool_.give_back(*std::exchange(session.connection, nullptr));
  free_sessions_.push_back(&session);
}

WorkerSql::Record& WorkerSql::take_record() {
  if (free_records_.empty()) {
    records_.push_back(std::make_unique<Record>(*this));
    free_records_.reserve(records_.size());  // so that giving one back never fails
    return *records_.back();
  }
  Record& record = *free_records_.back();
  free_records_.pop_back();
  return record;
}

WorkerSql::Session& WorkerSql::take_session() {
  if (free_sessions_.empty()) {
    sessions_.push_back(std::make_unique<Session>(*this));
    free_sessions_.reserve(sessions_.size());
    return *sessions_.back();
  }
  Session& session = *free_sessions_.back();
  free_sessions_.pop_back();
  return session;
}

void WorkerSql::submit(const flow::Statement& statement, Gives gives, flow::Operation& operation) {
  Record& record = take_record();
  record.statement = statement;
  record.form = statement.rows != nullptr ? Request::Form::kCopy : Request::Form::kPrepared;
  record.gives = gives;
  record.is_bound = operation.transaction() != nullptr;
  record.operation = &operation;
  operation.adapter_data = &record;
  if (operation.transaction() != nullptr) return submit_in(*operation.transaction(), record);
  pool_.start(record);
}

void WorkerSql::submit_in(flow::Transaction& transaction, Record& record) {
  if (transaction.is_open()) {
    const Session& open = *static_cast<const Session*>(transaction.adapter_data);
    if (open.connection != nullptr) return open.connection->send(record);
    return record.failed({FaultKind::kUnavailable, "the transaction has no connection", {}});
  }
  Session& session = take_session();
  session.begin.statement = {begin_of(transaction.isolation()), {}};
  session.first = &record;
  record.waits_for = &session;
  transaction.adapter_data = &session;
  pool_.lease(session);
}

void WorkerSql::forget(flow::Operation& operation, Connection::Stop how) noexcept {
  if (streams_.cancel(operation)) return;
  auto* const record = static_cast<Record*>(operation.adapter_data);
  if (record == nullptr) {
    // A commit goes on; whether it has happened nobody will know here.
    const auto ends = [&](const auto& session) { return session->ending.operation == &operation; };
    if (const auto session = std::ranges::find_if(sessions_, ends); session != sessions_.end())
      (*session)->ending.operation = nullptr;
    return;
  }
  record->operation = nullptr;
  if (Session* const session = std::exchange(record->waits_for, nullptr); session != nullptr) {
    session->first = nullptr;
    pool_.forget(*session);
  } else {
    pool_.forget(*record, how);
  }
  record->finish_rows();
  free_records_.push_back(record);
}

void WorkerSql::probe(ProbeDone done) {
  probes_.push_back(std::make_unique<Probe>(*this, std::move(done)));
  pool_.start(*probes_.back());
}

}  // namespace zerver::effects::postgres
