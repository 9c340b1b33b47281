// A connection to a server of PostgreSQL, in one transaction that is rolled back.

#pragma once

#include "compiler/sql/database.h"
#include "compiler/sql/postgresql/libpq.h"

#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Error.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zc::sql {

// What a server reports of a statement that it refuses.
struct ServerError {
  std::string state;  // SQLSTATE, five characters
  std::string message;
  std::optional<std::uint32_t> position;  // byte of the text
};

class Connection {
 public:
  explicit Connection(const Libpq& pq) : pq_(pq) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits a few seconds at most, then begins the transaction. Empty, or what is wrong.
  [[nodiscard]] std::string open(llvm::StringRef url);

  using Row = std::vector<std::string>;  // NULL is empty

  // The schemas in which names are looked for.
  void search_in(const std::string& schemas);
  // Runs one statement behind a savepoint, to which a failure goes back.
  std::optional<ServerError> run(llvm::StringRef text);
  // Statements of our own, which do not fail as long as the connection is there.
  std::vector<Row> query(const char* text, llvm::ArrayRef<std::string> parameters);

  struct Described {
    struct Field {
      std::string name;
      Oid table = 0, type = 0;
      int column = 0;
    };
    std::vector<Oid> parameters;
    std::vector<Field> fields;
  };
  // Prepares a statement without running it.
  std::optional<ServerError> describe(llvm::StringRef text, Described& described);

  // Empty as long as the connection is there.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  class Result;

  [[nodiscard]] std::string connect(llvm::StringRef url);
  bool wait_for_socket(bool writes, std::int64_t until);
  bool command(const char* text);
  std::optional<ServerError> error_of(const Result& result, llvm::StringRef text);

  const Libpq& pq_;
  PGconn* connection_ = nullptr;
  std::string searched_;  // the schemas in which names are looked for
  std::string failure_;
};

}  // namespace zc::sql
