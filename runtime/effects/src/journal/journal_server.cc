#include "journal_server.h"

namespace zerver::effects {

bool is_server_url(std::string_view url) noexcept {
  return url.starts_with("postgres://") || url.starts_with("postgresql://");
}

std::string JournalServer::connect() {
  return connection_.is_open() ? std::string() : connection_.open(url_, "zerver-journal");
}

std::string JournalServer::create_tables() {
  std::string script =
      "begin; select pg_advisory_xact_lock(1514818097); set local client_min_messages = warning;"
      "create schema if not exists zerver;";
  script.append(tables_.create).append("commit;");
  std::string error = connection_.execute(script);
  if (error.empty()) error = run(tables_.version);
  if (error.empty() && (rows_.size() != 1 || rows_.integer(0, 0) != 1))
    error = "it was made by another version of this program's runtime";
  return error;
}

std::string JournalServer::find_tables(bool& are_there) {
  std::string error = connect();
  if (error.empty()) error = run(tables_.find);
  are_there = error.empty() && rows_.size() == 1;
  return error;
}

}  // namespace zerver::effects
