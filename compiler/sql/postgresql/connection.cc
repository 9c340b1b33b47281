// libpq, with a time limit for everything.

#include "compiler/sql/postgresql/connection.h"

#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <poll.h>
#include <utility>

namespace zc::sql {

namespace {

constexpr std::int64_t kConnectMilliseconds = 5'000;

std::int64_t now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

// The server counts characters from 1.
std::uint32_t byte_of(llvm::StringRef text, std::uint32_t position) {
  std::uint32_t byte = 0;
  for (; byte < text.size(); ++byte) {
    const bool begins_character = (static_cast<unsigned char>(text[byte]) & 0xC0U) != 0x80U;
    if (begins_character && --position == 0) break;
  }
  return byte;
}

// The number, from 1, in "could not determine data type of parameter $3" (SQLSTATE 42P18); 0 for other
// errors.
std::size_t indeterminate_parameter(const ServerError& error) {
  std::size_t number = 0;
  const llvm::StringRef digits = llvm::StringRef(error.message).rsplit('$').second;
  return error.state == "42P18" && !digits.getAsInteger(10, number) ? number : 0;
}

}  // namespace

class Connection::Result {
 public:
  Result(const Libpq& pq, PGresult* result) : pq_(pq), result_(result) {}
  ~Result() { pq_.clear(result_); }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;

  [[nodiscard]] PGresult* get() const { return result_; }
  [[nodiscard]] bool is_good() const {
    const ExecStatusType status = pq_.result_status(result_);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
  }
  [[nodiscard]] std::string field(int code) const {
    const char* text = pq_.error_field(result_, code);
    return text == nullptr ? std::string() : std::string(text);
  }

 private:
  const Libpq& pq_;
  PGresult* result_;
};

Connection::~Connection() {
  // What was not committed is gone with the connection.
  if (connection_ != nullptr) pq_.finish(connection_);
}

std::string Connection::open(llvm::StringRef url) {
  if (std::string why = connect(url); !why.empty()) return why;
  pq_.set_notice_processor(connection_, [](void*, const char*) {}, nullptr);
  if (pq_.server_version(connection_) < 120000) return "the server is older than PostgreSQL 12";
  // `pg_catalog` alone is what our own queries see.
  constexpr std::array kBeginning = {"begin", "set local statement_timeout = '10s'",
                                     "set local lock_timeout = '5s'", "set local client_encoding = 'UTF8'",
                                     "set local standard_conforming_strings = on"};
  for (const char* text : kBeginning)
    if (!command(text)) return failure_;
  return {};
}

// Without blocking: libpq's own time limit does not count while it looks a name up or shakes hands.
std::string Connection::connect(llvm::StringRef url) {
  const std::string text = url.str();
  const std::array<const char*, 3> names = {"dbname", "application_name", nullptr};
  const std::array<const char*, 3> values = {text.c_str(), "zerver-compile", nullptr};
  connection_ = pq_.connect_start(names.data(), values.data(), 1);
  if (connection_ == nullptr) return "there is no memory";
  const std::int64_t until = now() + kConnectMilliseconds;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (pq_.status(connection_) != CONNECTION_BAD &&
         (status == PGRES_POLLING_WRITING || status == PGRES_POLLING_READING)) {
    if (!wait_for_socket(status == PGRES_POLLING_WRITING, until)) return "the server does not answer";
    status = pq_.connect_poll(connection_);
  }
  if (status == PGRES_POLLING_OK) return {};
  return llvm::StringRef(pq_.error_message(connection_)).rtrim().str();
}

bool Connection::wait_for_socket(bool writes, std::int64_t until) {
  pollfd entry{};
  entry.fd = pq_.socket(connection_);
  entry.events = writes ? POLLOUT : POLLIN;
  const std::int64_t left = until - now();
  return left > 0 && poll(&entry, 1, static_cast<int>(left)) > 0;
}

bool Connection::command(const char* text) {
  if (!failure_.empty()) return false;
  const Result result(pq_, pq_.exec(connection_, text));
  if (result.is_good()) return true;
  failure_ = llvm::StringRef(pq_.error_message(connection_)).rtrim().str();
  return false;
}

std::optional<ServerError> Connection::error_of(const Result& result, llvm::StringRef text) {
  if (result.is_good()) return std::nullopt;
  ServerError error{result.field(PG_DIAG_SQLSTATE), result.field(PG_DIAG_MESSAGE_PRIMARY), std::nullopt};
  if (error.state.empty()) {  // not the server's word: the connection is gone
    failure_ = llvm::StringRef(pq_.error_message(connection_)).rtrim().str();
    error.message = failure_;
    return error;
  }
  std::uint32_t position = 0;
  const std::string written = result.field(PG_DIAG_STATEMENT_POSITION);
  if (!llvm::StringRef(written).getAsInteger(10, position) && position > 0)
    error.position = byte_of(text, position);
  return error;
}

void Connection::search_in(const std::string& schemas) {
  if (searched_ == schemas) return;
  searched_ = schemas;
  command(("set local search_path = " + schemas).c_str());
}

std::optional<ServerError> Connection::run(llvm::StringRef text) {
  if (!command("savepoint statement")) return ServerError{"", failure_, std::nullopt};
  const std::string copy = text.str();
  const Result result(pq_, pq_.exec(connection_, copy.c_str()));
  std::optional<ServerError> error = error_of(result, text);
  if (error) command("rollback to savepoint statement");
  command("release savepoint statement");
  return error;
}

std::optional<ServerError> Connection::describe(llvm::StringRef text, Described& described) {
  if (!command("savepoint statement")) return ServerError{"", failure_, std::nullopt};
  const std::string copy = text.str();
  // A parameter whose type cannot be told, as in `$1 is null`, is text to the runtime; here nothing is known
  // of it.
  constexpr Oid kText = 25;
  std::vector<Oid> types;
  std::optional<ServerError> error;
  while (true) {
    const Result prepared(
        pq_, pq_.prepare(connection_, "", copy.c_str(), static_cast<int>(types.size()), types.data()));
    error = error_of(prepared, text);
    const std::size_t number = error ? indeterminate_parameter(*error) : 0;
    if (number == 0 || (number <= types.size() && types[number - 1] != InvalidOid)) break;
    types.resize(std::max(types.size(), number), InvalidOid);
    types[number - 1] = kText;
    command("rollback to savepoint statement");
  }
  if (!error) {
    const Result result(pq_, pq_.describe_prepared(connection_, ""));
    error = error_of(result, text);
    for (int i = 0; !error && i < pq_.parameters(result.get()); ++i) {
      const auto index = static_cast<std::size_t>(i);
      const bool is_guessed = index < types.size() && types[index] != InvalidOid;
      described.parameters.push_back(is_guessed ? InvalidOid : pq_.parameter_type(result.get(), i));
    }
    for (int i = 0; !error && i < pq_.fields(result.get()); ++i) {
      described.fields.push_back({pq_.field_name(result.get(), i), pq_.field_table(result.get(), i),
                                  pq_.field_type(result.get(), i), pq_.field_column(result.get(), i)});
    }
  }
  if (error) command("rollback to savepoint statement");
  command("release savepoint statement");
  return error;
}

std::vector<Connection::Row> Connection::query(const char* text, llvm::ArrayRef<std::string> parameters) {
  std::vector<Row> rows;
  if (!failure_.empty()) return rows;
  std::vector<const char*> values;
  for (const std::string& parameter : parameters)
    values.push_back(parameter.c_str());
  const Result result(pq_, pq_.exec_params(connection_, text, static_cast<int>(values.size()), nullptr,
                                           values.data(), nullptr, nullptr, 0));
  if (!result.is_good()) {
    failure_ = llvm::StringRef(pq_.error_message(connection_)).rtrim().str();
    return rows;
  }
  for (int row = 0; row < pq_.rows(result.get()); ++row) {
    Row& cells = rows.emplace_back();
    for (int i = 0; i < pq_.fields(result.get()); ++i)
      cells.emplace_back(pq_.is_null(result.get(), row, i) != 0 ? "" : pq_.value(result.get(), row, i));
  }
  return rows;
}

}  // namespace zc::sql
