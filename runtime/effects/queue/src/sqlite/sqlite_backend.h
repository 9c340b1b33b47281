// A queue in a SQLite database: its tables and statements, on one connection.
#pragma once

#include "backend.h"
#include <zerver/core/time.h>
#include <zerver/effects/sql/sqlite/connection.h>
#include <zerver/jobs/queue_store.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace zerver::effects::queue {

// The tables are named `zerver_...`, so that they can stand in a database that has others. Several processes
// may use one.
class SqliteBackend final : public Backend {
 public:
  // Opens or creates the database, for its owner only when it was not there. Empty, or what is wrong.
  [[nodiscard]] std::string open(const std::string& path);

  // In one transaction, with one fsync: all of it is done, or nothing.
  void perform(Batch batch, Timestamp now) override;
  bool has_changed() override;
  std::string_view database() const noexcept override { return database_; }
  flow::Statement put_statement(const jobs::NewJob& job, Timestamp now, Arena& arena) const override;

 private:
  using Values = std::initializer_list<flow::Value>;
  [[nodiscard]] std::string run(std::string_view statement, std::span<const flow::Value> parameters = {});
  [[nodiscard]] std::string run(std::string_view statement, Values parameters) {
    return run(statement, std::span<const flow::Value>(parameters.begin(), parameters.size()));
  }
  [[nodiscard]] std::string create();
  [[nodiscard]] std::string perform(Command& command);
  [[nodiscard]] std::string put(const jobs::NewJob& job, jobs::PutCall& call);
  [[nodiscard]] std::string claim(jobs::ClaimCall& call);
  [[nodiscard]] std::string settle(Command& command);
  [[nodiscard]] std::string extend(jobs::ExtendCall& call);
  [[nodiscard]] std::string fire(const jobs::NewJob& job, jobs::FireCall& call);
  [[nodiscard]] std::string cron(jobs::CronCall& call);
  [[nodiscard]] std::string list(jobs::ListCall& call);
  [[nodiscard]] std::string revive(jobs::ReviveCall& call);
  [[nodiscard]] std::string insert(const jobs::NewJob& job, bool& is_new);

  std::string database_;
  sqlite::Connection connection_;
  flow::RowSet rows_;
  Timestamp now_;  // of the transaction
  std::int64_t data_version_ = 0;
};

}  // namespace zerver::effects::queue
