#include "schema.h"

#include "postgres/protocol/one_line.h"
#include "scan.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <poll.h>
#include <utility>
#include <vector>

namespace zerver::effects::postgres {

namespace {

using Clock = std::chrono::steady_clock;

// A connection that is waited for.
class Session {
 public:
  Session(const Libpq& pq, const Options& options) : pq_(pq), options_(options) {}
  ~Session() {
    if (connection_ != nullptr) pq_.finish(connection_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::string connect() {
    std::vector<const char*> names, values;
    for (const auto& [name, value] : options_.parameters) {
      names.push_back(name.c_str());
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    connection_ = pq_.connect_start(names.data(), values.data(), 0);
    if (connection_ == nullptr) return "no memory";
    pq_.set_notice_processor(connection_, [](void*, const char*) {}, nullptr);
    const auto until = Clock::now() + std::chrono::nanoseconds(options_.connect_timeout.nanoseconds);
    auto status = PGRES_POLLING_WRITING;
    while (pq_.status(connection_) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
           status != PGRES_POLLING_FAILED) {
      if (!wait(status == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, until))
        return "the server does not answer";
      status = pq_.connect_poll(connection_);
    }
    return status == PGRES_POLLING_OK ? "" : one_line(pq_.error_message(connection_));
  }

  // One statement or several; the rows are those of the last one. Empty, or what is wrong.
  std::string run(const std::string& text, const std::vector<std::string>& parameters = {}) {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters)
      values.push_back(parameter.c_str());
    // Without parameters it may be several.
    const bool sent = parameters.empty()
                          ? pq_.send_query(connection_, text.c_str()) == 1
                          : pq_.send_params(connection_, text.c_str(), static_cast<int>(values.size()),
                                            nullptr, values.data(), nullptr, nullptr, 0) == 1;
    std::string error = sent ? "" : one_line(pq_.error_message(connection_));
    state_.clear();
    rows_.clear();
    while (PGresult* const next = sent ? pq_.get_result(connection_) : nullptr) {
      const ResultPointer result(next, FreeResult{&pq_});
      const ExecStatusType status = pq_.result_status(next);
      if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        error = one_line(pq_.result_error(next));
        const char* const state = pq_.error_field(next, PG_DIAG_SQLSTATE);
        state_ = state == nullptr ? "" : state;
      }
      rows_.clear();
      for (int row = 0; row < pq_.rows(next); ++row) {
        auto& cells = rows_.emplace_back();
        for (int field = 0; field < pq_.fields(next); ++field)
          cells.emplace_back(pq_.value(next, row, field));
      }
    }
    return error;
  }
  const std::vector<std::vector<std::string>>& rows() const noexcept { return rows_; }
  const std::string& state() const noexcept { return state_; }  // SQLSTATE of what failed last

 private:
  bool wait(short events, Clock::time_point until) const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd entry{pq_.socket(connection_), events, 0};
    return left > 0 && poll(&entry, 1, static_cast<int>(left)) > 0;
  }

  const Libpq& pq_;
  const Options& options_;
  PGconn* connection_ = nullptr;
  std::vector<std::vector<std::string>> rows_;
  std::string state_;
};

// Tables and views of one schema, a line for each column: table, column, type.
constexpr const char* kColumns =
    "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_class c"
    " join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped"
    " where c.relkind in ('r', 'p', 'v', 'm') and c.relnamespace = (select oid from pg_namespace where "
    "nspname = $1)"
    " order by c.relname, a.attnum";
// The model of the schema, which is rolled back.
constexpr const char* kModel = "zerver_schema_model";
// Of this process's kind: whoever begins second waits, and then finds the tables.
constexpr const char* kLock = "select pg_advisory_xact_lock(8203137154811237)";

using Columns = std::vector<std::vector<std::string>>;

std::string compare(const Columns& wanted, const Columns& found) {
  for (const auto& column : wanted) {
    const auto same_table = [&](const auto& each) { return each[0] == column[0]; };
    if (std::ranges::none_of(found, same_table))
      return "the database has no table `" + column[0] + "`, which the schema declares";
    const auto same = std::ranges::find_if(
        found, [&](const auto& each) { return each[0] == column[0] && each[1] == column[1]; });
    if (same == found.end()) {
      return "table `" + column[0] + "` of the database has no column `" + column[1] +
             "`, which the schema declares";
    }
    // A type of the schema's own is named with the schema that it is in.
    std::string type = column[2];
    if (const std::string prefix = std::string(kModel) + '.'; type.starts_with(prefix))
      type.erase(0, prefix.size());
    if ((*same)[2] != type && !(*same)[2].ends_with('.' + type)) {
      return "column `" + column[1] + "` of table `" + column[0] + "` is `" + (*same)[2] +
             "`, the schema declares `" + type + "`";
    }
  }
  return {};
}

// The names behind `create table`, as PostgreSQL folds them.
std::vector<std::string> declared_tables(std::string_view script) {
  std::string plain;
  sql::SqlScan scan(script);
  std::size_t before = 0;
  for (std::size_t at = scan.next(); at != std::string_view::npos; at = scan.next()) {
    if (at != before) plain += ' ';
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(script[at])));
    before = at + 1;
  }
  std::vector<std::string> words(1);
  for (const char c : plain) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  std::vector<std::string> tables;
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i] != "create" || words[i + 1] != "table") continue;
    const bool is_guarded = i + 5 < words.size() && words[i + 2] == "if";  // `if not exists`
    tables.push_back(words[i + (is_guarded ? 5 : 2)]);
  }
  return tables;
}

// In a transaction that is rolled back.
std::string read_model(Session& session, const std::string& script, Columns& wanted, bool& may) {
  const std::string schema = kModel;
  std::string error = session.run("create schema " + schema);
  may = session.state() != "42501";  // insufficient privilege
  if (error.empty()) error = session.run("set local search_path = " + schema + ", public");
  if (error.empty()) error = session.run(script);
  if (!error.empty()) return may ? "the schema is wrong: " + error : std::string();
  error = session.run(kColumns, {schema});
  wanted = session.rows();
  return error;
}

std::string check(Session& session, const std::string& script, const Columns& found) {
  Columns wanted;
  bool may = true;
  std::string error = session.run("begin");
  if (error.empty()) error = read_model(session, script, wanted, may);
  const std::string end = session.run("rollback");
  if (!error.empty() || !end.empty()) return error.empty() ? end : error;
  if (may) return compare(wanted, found);
  for (const std::string& table : declared_tables(script)) {
    const auto same = [&](const auto& column) { return column[0] == table; };
    if (std::ranges::none_of(found, same))
      return "the database has no table `" + table + "`, which the schema declares";
  }
  return {};
}

}  // namespace

std::string apply_or_check_schema(const Libpq& pq, Options& options, const std::string& script) {
  Session session(pq, options);
  if (std::string error = session.connect(); !error.empty()) return error;
  if (session.run(kIdentity).empty()) options.database = session.rows().at(0).at(0);
  if (script.empty()) return {};
  const auto read_found = [&](Columns& found) {
    std::string error = session.run("select coalesce(current_schema(), '')");
    if (!error.empty()) return error;
    const std::string schema = session.rows().at(0).at(0);
    error = session.run(kColumns, {schema});
    found = session.rows();
    return error;
  };
  Columns found;
  if (std::string error = read_found(found); !error.empty()) return error;
  if (!found.empty()) return check(session, script, found);

  std::string error = session.run("begin");
  if (error.empty()) error = session.run(kLock);
  if (error.empty()) error = read_found(found);
  const bool is_mine = error.empty() && found.empty();
  if (is_mine) error = session.run(script);
  const std::string end = session.run(error.empty() ? "commit" : "rollback");
  if (!error.empty()) return is_mine ? "the schema is wrong: " + error : error;
  if (!end.empty()) return end;
  return is_mine ? std::string() : check(session, script, found);
}

std::string execute(const Libpq& pq, const Options& options, const std::string& script) {
  Session session(pq, options);
  if (std::string error = session.connect(); !error.empty()) return error;
  // Several statements in one message are one transaction.
  return session.run(script);
}

}  // namespace zerver::effects::postgres
