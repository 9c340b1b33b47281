// A queue in a PostgreSQL database, in its schema `zerver`.
#pragma once

#include "backend.h"
#include "postgres/blocking/connection.h"

#include <string>
#include <string_view>
#include <vector>

namespace zerver::effects::queue {

// Goes by the server's clock. Claims skip what others have locked; those who wait are told by NOTIFY.
class PostgresBackend final : public Backend {
 public:
  // Empty, or what is wrong. Makes the tables when they are not there.
  [[nodiscard]] std::string open(const std::string& url);

  // In one transaction. One whose statements the server refuses is done call by call, so that a call which
  // cannot be done fails alone.
  void perform(Batch batch, Timestamp now) override;
  bool has_changed() override;
  std::string_view database() const noexcept override { return database_; }
  flow::Statement put_statement(const jobs::NewJob& job, Timestamp now, Arena& arena) const override;

 private:
  using Commands = std::vector<Command*>;

  [[nodiscard]] std::string connect();
  void transact(Batch batch);
  [[nodiscard]] std::string perform(Batch batch);
  [[nodiscard]] std::string put(const Commands& puts);
  [[nodiscard]] std::string settle(const Commands& settles);
  [[nodiscard]] std::string extend(const Commands& extends);
  [[nodiscard]] std::string claim(jobs::ClaimCall& call);
  [[nodiscard]] std::string fire(const jobs::NewJob& job, jobs::FireCall& call);
  [[nodiscard]] std::string cron(jobs::CronCall& call);
  [[nodiscard]] std::string list(jobs::ListCall& call);
  [[nodiscard]] std::string revive(jobs::ReviveCall& call);
  [[nodiscard]] std::string run(std::string_view statement, const postgres::TextValues& values) {
    return connection_.run(statement, values, rows_);
  }

  std::string url_;
  std::string database_;
  postgres::BlockingConnection connection_;
  postgres::TextRows rows_;
  bool was_lost_ = false;  // the connection: what was told meanwhile has not been heard
  std::int64_t next_try_ = 0;
};

}  // namespace zerver::effects::queue
