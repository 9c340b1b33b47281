// A server of PostgreSQL, for schemas and statements in its dialect.

#pragma once

#include "compiler/sql/database.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Error.h>

#include <memory>
#include <string>

namespace zc::sql {

// One connection. Everything happens in one transaction, which is never committed.
class Server {
 public:
  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  // A database with the tables of a schema, for as long as the server lives. Null when the connection is
  // lost.
  [[nodiscard]] virtual std::unique_ptr<Database> load_schema(llvm::StringRef schema) = 0;
  // Why the connection was lost; empty as long as it is there.
  [[nodiscard]] virtual const std::string& failure() const = 0;
};

// `url` is `postgres://user:password@host:port/database`. Waits a few seconds at most. The error's text has
// no password in it.
[[nodiscard]] llvm::Expected<std::unique_ptr<Server>> connect(llvm::StringRef url);

// The URL with `***` for its password.
[[nodiscard]] std::string without_password(llvm::StringRef url);

}  // namespace zc::sql
