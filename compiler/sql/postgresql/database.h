// The tables of one schema on a server.

#pragma once

#include "compiler/sql/database.h"
#include "compiler/sql/postgresql/connection.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/StringRef.h>

#include <string>

namespace zc::sql {

// Lives in a schema of its own, `name`, which goes with the connection's transaction.
class PostgresqlDatabase final : public Database {
 public:
  PostgresqlDatabase(Connection& connection, std::string name, llvm::StringRef schema);

  [[nodiscard]] Dialect dialect() const override { return Dialect::kPostgresql; }
  [[nodiscard]] Prepared prepare(llvm::StringRef text) override;

 private:
  void declare(llvm::StringRef schema);
  void declare_one(llvm::StringRef text, std::uint32_t base);
  void read_catalog();
  void enter(bool sees_public);
  [[nodiscard]] Type type_of(Oid type);
  [[nodiscard]] static Problem problem_of(const ServerError& error, llvm::StringRef text);

  struct Place {
    std::string table, column;
  };

  Connection& connection_;
  std::string name_;
  llvm::DenseMap<Oid, Type> types_;
  llvm::DenseMap<std::pair<Oid, int>, Place> places_;  // by table and number of the column
};

}  // namespace zc::sql
