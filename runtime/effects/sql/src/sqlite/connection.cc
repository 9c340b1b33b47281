#include "bulk.h"
#include "digits.h"
#include <zerver/effects/sql/sqlite/connection.h>

#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace zerver::effects::sqlite {

namespace {

constexpr const char* kWrongCount = "the number of parameters is not that of the statement";
constexpr const char* kRounded = "a number has more digits than SQLite keeps in a column that is no text";

// What the flow can do about it: `unavailable` may pass, `conflict` is the client's, everything else is a
// mistake in the statement.
FaultKind kind_of(int code) noexcept {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:  // a value that cannot be of the type that it must be
    case SQLITE_TOOBIG:
      return FaultKind::kConflict;
    case SQLITE_INTERRUPT:
      return FaultKind::kCancelled;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return FaultKind::kUnavailable;
    default:
      return FaultKind::kInternal;
  }
}

int bind(sqlite3_stmt* statement, int index, const flow::Value& value) noexcept {
  // The parameters stay where they are until the statement has run.
  switch (value.kind()) {
    case flow::Value::Kind::kNull:
      return sqlite3_bind_null(statement, index);
    case flow::Value::Kind::kBool:
    case flow::Value::Kind::kInteger:
      return sqlite3_bind_int64(statement, index, value.integer());
    case flow::Value::Kind::kReal:
      return sqlite3_bind_double(statement, index, value.real());
    case flow::Value::Kind::kText:
    case flow::Value::Kind::kList:  // for `json_each`
      return sqlite3_bind_text64(statement, index, value.text().data(), value.text().size(), nullptr,
                                 SQLITE_UTF8);
    case flow::Value::Kind::kBlob:
      if (value.text().empty()) return sqlite3_bind_zeroblob(statement, index, 0);
      return sqlite3_bind_blob64(statement, index, value.text().data(), value.text().size(), nullptr);
  }
  return SQLITE_MISUSE;
}

int bind_all(sqlite3_stmt* statement, std::span<const flow::Value> parameters) noexcept {
  for (std::size_t index = 0; index < parameters.size(); ++index) {
    if (const int code = bind(statement, static_cast<int>(index) + 1, parameters[index]); code != SQLITE_OK)
      return code;
  }
  return SQLITE_OK;
}

bool takes(sqlite3_stmt* statement, std::span<const flow::Value> parameters) noexcept {
  return std::cmp_equal(sqlite3_bind_parameter_count(statement), parameters.size());
}

std::string_view column_bytes(sqlite3_stmt* statement, int column, const void* data) noexcept {
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

flow::Value column_value(sqlite3_stmt* statement, int column) noexcept {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return flow::Value(static_cast<std::int64_t>(sqlite3_column_int64(statement, column)));
    case SQLITE_FLOAT:
      return flow::Value(sqlite3_column_double(statement, column));
    case SQLITE_TEXT:
      return flow::Value(
          String::borrowed(column_bytes(statement, column, sqlite3_column_text(statement, column))));
    case SQLITE_BLOB:
      return flow::Value(
          Bytes::borrowed(column_bytes(statement, column, sqlite3_column_blob(statement, column))));
    default:
      return {};
  }
}

void add_columns(sqlite3_stmt* statement, flow::RowSet& rows) {
  for (int column = 0; column < sqlite3_column_count(statement); ++column)
    rows.add_column(sqlite3_column_name(statement, column));
}

void add_row(sqlite3_stmt* statement, flow::RowSet& rows) {
  for (int column = 0; column < sqlite3_column_count(statement); ++column)
    rows.add_cell(column_value(statement, column));
}

std::size_t size_of(const flow::RowSet& rows) noexcept {
  return rows.bytes() + rows.rows() * rows.columns() * sizeof(flow::Value);
}

// Ready for the next use, whatever happened.
class Reset {
 public:
  explicit Reset(sqlite3_stmt* statement) noexcept : statement_(statement) {}
  ~Reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  sqlite3_stmt* statement_;
};

// Whose statement it is that may wait for a lock, as long as it runs.
class Waiting {
 public:
  Waiting(const Patience*& place, const Patience& patience) noexcept : place_(&place) { place = &patience; }
  ~Waiting() { *place_ = nullptr; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  const Patience** place_;
};

}  // namespace

void Connection::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(database_);
}

std::string Connection::open(const std::string& path, bool read_only) {
  read_only_ = read_only;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr) != SQLITE_OK) {
    return database_ == nullptr ? "there is no memory" : sqlite3_errmsg(database_);
  }
  sqlite3_busy_handler(
      database_,
      [](void* connection, int tries) {
        return static_cast<Connection*>(connection)->wait_for_lock(tries) ? 1 : 0;
      },
      this);
  // Asked so often, in instructions of SQLite's machine, whether anybody still waits. An interrupt from
  // outside could come just before the statement begins, and be lost.
  constexpr int kInstructions = 1000;
  sqlite3_progress_handler(
      database_, kInstructions,
      [](void* connection) {
        const Patience* const patience = static_cast<Connection*>(connection)->patience_;
        return patience != nullptr && patience->abandoned.load(std::memory_order_relaxed) ? 1 : 0;
      },
      this);
  // Readers do not wait for the writer, nor it for them; a crash of the machine may cost the last
  // transactions, never the database.
  return execute("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;" +
                 std::string(read_only ? "pragma query_only = on;" : ""));
}

std::string Connection::execute(const std::string& script) {
  char* message = nullptr;
  if (sqlite3_exec(database_, script.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return {};
  const std::string error = message != nullptr ? message : sqlite3_errmsg(database_);
  sqlite3_free(message);
  return error;
}

// --- Transactions ---

Outcome Connection::control(const char* statement) {
  Outcome outcome;
  if (const Prepared* const prepared = prepare(statement, outcome); prepared != nullptr) {
    const Reset reset(prepared->statement.get());
    if (const int code = sqlite3_step(prepared->statement.get()); code != SQLITE_DONE)
      outcome = failure(code);
  }
  return outcome;
}

Outcome Connection::begin(const Patience& patience) {
  const Waiting waiting(patience_, patience);
  return control("begin immediate");
}

Outcome Connection::commit() {
  if (!in_transaction())
    return {true, FaultKind::kUnavailable, "the database has rolled the transaction back"};
  Outcome outcome = control("commit");
  if (outcome.failed) roll_back();
  return outcome;
}

void Connection::roll_back() noexcept {
  if (in_transaction()) static_cast<void>(sqlite3_exec(database_, "rollback", nullptr, nullptr, nullptr));
}

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(database_) == 0; }

void Connection::keep_transactions() noexcept {
  sqlite3_set_authorizer(
      database_,
      [](void* connection, int action, const char*, const char*, const char*, const char*) {
        const bool ends = action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT;
        return ends && static_cast<Connection*>(connection)->refuses_ ? SQLITE_DENY : SQLITE_OK;
      },
      this);
}

// Called again and again while another connection holds a lock: waits a little, up to the timeout in all.
bool Connection::wait_for_lock(int tries) const noexcept {
  constexpr int kWait = 5;  // milliseconds
  if (patience_ != nullptr) {
    if (patience_->abandoned.load(std::memory_order_relaxed)) return false;
    if (std::chrono::steady_clock::now() >= patience_->until) return false;
  }
  if (std::chrono::milliseconds(tries * kWait) >= busy_timeout_) return false;
  sqlite3_sleep(kWait);
  return true;
}

Outcome Connection::failure(int code) const { return {true, kind_of(code), sqlite3_errmsg(database_)}; }

const Connection::Prepared* Connection::prepare(std::string_view text, Outcome& outcome) {
  if (const auto known = statements_.find(text); known != statements_.end()) return &known->second;
  if (statements_.size() >= kMaxStatements) statements_.clear();
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(database_, text.data(), static_cast<int>(text.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &rest);
  Statement owned(statement);
  if (code != SQLITE_OK) {
    outcome = failure(code);
    return nullptr;
  }
  const std::string_view behind(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (statement == nullptr || behind.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    outcome = {true, FaultKind::kInternal, "there must be exactly one statement"};
    return nullptr;
  }
  return &statements_.try_emplace(std::string(text), std::move(owned), marked_parameters(text)).first->second;
}

const Connection::Prepared* Connection::prepare_foreign(std::string_view text, Outcome& outcome) {
  refuses_ = true;  // what `vacuum` does inside does not count
  const Prepared* const prepared = prepare(text, outcome);
  refuses_ = false;
  return prepared;
}

Outcome Connection::run(std::string_view text, std::span<const flow::Value> parameters, Wanted wanted,
                        flow::RowSet& rows, const Patience& patience, bool& needs_writer) {
  needs_writer = false;
  const Waiting waiting(patience_, patience);
  Outcome outcome;
  const Prepared* const prepared = prepare_foreign(text, outcome);
  if (prepared == nullptr) return outcome;
  sqlite3_stmt* const statement = prepared->statement.get();
  const bool writes = sqlite3_stmt_readonly(statement) == 0;
  if (writes && read_only_) {
    needs_writer = true;
    return {};
  }
  const Reset reset(statement);
  if (!takes(statement, parameters)) return {true, FaultKind::kInternal, kWrongCount};
  const auto is_kept = [&](std::size_t index) { return keeps_digits(parameters[index]); };
  if (!std::ranges::all_of(prepared->digits, is_kept)) return {true, FaultKind::kConflict, kRounded};
  if (const int code = bind_all(statement, parameters); code != SQLITE_OK) return failure(code);

  rows.clear();
  int code = sqlite3_step(statement);
  // Now, because SQLite prepares it anew when the schema has changed.
  add_columns(statement, rows);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
    // A statement that writes is run to its end, whatever becomes of its rows.
    if (wanted == Wanted::kCount || (wanted == Wanted::kOneRow && rows.rows() == 2)) {
      if (!writes) break;
      continue;
    }
    if (size_of(rows) > kMaxBytes) return {true, FaultKind::kInternal, "the rows are larger than 16 MiB"};
    add_row(statement, rows);
  }
  if (code != SQLITE_DONE && code != SQLITE_ROW) return failure(code);
  rows.set_affected(writes ? sqlite3_changes64(database_) : 0);
  return {};
}

// --- Many rows at once ---

Outcome Connection::insert(std::string_view text, const flow::RowSource& values, std::size_t first,
                           flow::RowSet& rows, const Patience& patience) {
  const Waiting waiting(patience_, patience);
  rows.clear();
  // Outside of a transaction it is one; inside, what it is rolled back to.
  Outcome outcome = control("savepoint zerver_rows");
  if (outcome.failed) return outcome;
  outcome = insert_each(text, values, first, rows);
  if (!outcome.failed) outcome = control("release zerver_rows");
  if (outcome.failed && in_transaction()) {
    // Nothing but memory can be lacking for that, and without it the transaction cannot go on.
    if (control("rollback to zerver_rows").failed || control("release zerver_rows").failed) roll_back();
  }
  return outcome;
}

Outcome Connection::insert_each(std::string_view text, const flow::RowSource& values, std::size_t first,
                                flow::RowSet& rows) {
  Outcome outcome;
  const Prepared* const prepared = prepare_foreign(text, outcome);
  if (prepared == nullptr) return outcome;
  sqlite3_stmt* const statement = prepared->statement.get();
  if (std::cmp_not_equal(sqlite3_bind_parameter_count(statement), values.columns()))
    return {true, FaultKind::kInternal, kWrongCount};
  std::int64_t inserted = 0;
  for (std::size_t row = 0; row < values.rows(); ++row) {
    if (patience_->abandoned.load(std::memory_order_relaxed))
      return {true, FaultKind::kCancelled, "nobody waits for it any more"};
    const auto is_kept = [&](std::size_t column) { return keeps_digits(values.cell(row, column)); };
    if (!std::ranges::all_of(prepared->digits, is_kept))
      return {true, FaultKind::kConflict, of_row(first + row, kRounded)};
    const auto failed = [&](int code) {
      Outcome refused = failure(code);
      refused.why = of_row(first + row, refused.why);
      return refused;
    };
    const Reset reset(statement);
    for (std::size_t column = 0; column < values.columns(); ++column) {
      const int bound = bind(statement, static_cast<int>(column) + 1, values.cell(row, column));
      if (bound != SQLITE_OK) return failed(bound);
    }
    if (const int code = sqlite3_step(statement); code != SQLITE_DONE) return failed(code);
    inserted += sqlite3_changes64(database_);
  }
  rows.set_affected(inserted);
  return {};
}

std::string database_name(const std::string& path) {
  if (path.empty() || path == ":memory:") return {};
  std::error_code error;
  const std::filesystem::path file = std::filesystem::weakly_canonical(path, error);
  return error ? std::string() : "sqlite:" + file.string();
}

// --- Rows in parts ---

Outcome Cursor::open(Connection& connection, std::string_view text, std::span<const flow::Value> parameters) {
  connection_ = &connection;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection.database_, text.data(), static_cast<int>(text.size()),
                                      &statement, nullptr);
  Connection::Statement prepared(statement);
  if (code != SQLITE_OK) return connection.failure(code);
  if (prepared == nullptr || sqlite3_stmt_readonly(statement) == 0)
    return {true, FaultKind::kInternal, "only a statement that reads can be streamed"};
  if (!takes(statement, parameters)) return {true, FaultKind::kInternal, kWrongCount};
  if (const int bound = bind_all(statement, parameters); bound != SQLITE_OK) return connection.failure(bound);
  statement_ = std::move(prepared);
  is_done_ = false;
  return {};
}

Outcome Cursor::read(flow::RowSet& rows, const Patience& patience) {
  const Waiting waiting(connection_->patience_, patience);
  sqlite3_stmt* const statement = statement_.get();
  rows.clear();
  // Behind its end a statement would begin anew.
  for (bool is_first = true; !is_done_ && size_of(rows) < kPart; is_first = false) {
    const int code = sqlite3_step(statement);
    if (is_first) add_columns(statement, rows);
    is_done_ = code == SQLITE_DONE;
    if (is_done_) break;
    if (code != SQLITE_ROW) return connection_->failure(code);
    add_row(statement, rows);
  }
  return {};
}

}  // namespace zerver::effects::sqlite
