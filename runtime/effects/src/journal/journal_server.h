// A PostgreSQL database that holds a journal, in its schema `zerver`; for one thread, which may wait.
#pragma once

#include "postgres/blocking/connection.h"

#include <string>
#include <string_view>
#include <utility>

namespace zerver::effects {

// Whether a journal of that name is in a database.
[[nodiscard]] bool is_server_url(std::string_view url) noexcept;

// What is made at the first start. Static.
struct ServerTables {
  std::string_view create;   // each statement does nothing where it has been done
  std::string_view version;  // reads the one that they have; this one is 1
  std::string_view find;     // reads a row when they are there
};

// Connects when it is told to, and again when the connection was lost. Each string is empty, or what is
// wrong.
class JournalServer {
 public:
  JournalServer(std::string url, const ServerTables& tables) : url_(std::move(url)), tables_(tables) {}

  // Does nothing while there is a connection.
  [[nodiscard]] std::string connect();
  bool is_connected() const noexcept { return connection_.is_open(); }
  void disconnect() noexcept { connection_.close(); }

  // --- With a connection ---
  // Only one of those that begin at the same time makes them.
  [[nodiscard]] std::string create_tables();
  [[nodiscard]] std::string find_tables(bool& are_there);
  // `statement` is static. Rows are in rows() then.
  [[nodiscard]] std::string run(std::string_view statement, const postgres::TextValues& values = {}) {
    return connection_.run(statement, values, rows_);
  }
  // Runs `work` in a transaction that ends with it.
  template <class Work> [[nodiscard]] std::string in_transaction(Work work) {
    std::string error = connection_.execute("begin");
    try {
      if (error.empty()) error = work();
    } catch (...) {
      connection_.close();
      throw;
    }
    if (error.empty()) error = connection_.execute("commit");
    if (!error.empty() && connection_.is_open() && !connection_.execute("rollback").empty())
      connection_.close();
    return error;
  }
  const postgres::TextRows& rows() const noexcept { return rows_; }

 private:
  const std::string url_;
  const ServerTables tables_;
  postgres::BlockingConnection connection_;
  postgres::TextRows rows_;  // of what was run last
};

}  // namespace zerver::effects
