// A server of PostgreSQL for a test: in a temporary folder, on a free port, gone at the end.
#pragma once

#include "tests/support/child_process.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace zerver::test {

// The server refuses to be root, so root lets the user `postgres` run it.
class PostgresServer {
 public:
  // `settings` are of postgresql.conf, `name=value`; `files` are copied to where they are looked for by their
  // names, for the server only. Throws std::runtime_error with the log when it does not start.
  explicit PostgresServer(std::vector<std::string> settings = {}, const std::vector<std::string>& files = {});
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // False where it is not installed.
  static bool is_installed();

  std::uint16_t port() const noexcept { return port_; }
  // `options` as in "?application_name=a"; on another port it is reached through something in between.
  std::string url(std::string_view options = {}, std::uint16_t port = 0) const;

  // Runs statements with psql: what they print, a line for each row, columns separated by `|`. Throws when
  // one fails.
  std::string query(const std::string& text) const;

  // Like a machine that fails: every process of it, at once.
  void kill();
  // As an administrator does it, without waiting for sessions.
  void stop();
  // Behind kill() or stop(): the same data on the same port.
  void start();

 private:
  void initialise();
  bool try_start();

  TemporaryDirectory folder_;
  std::vector<std::string> settings_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace zerver::test
