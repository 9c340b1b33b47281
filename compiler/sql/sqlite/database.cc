// SQLite in memory (https://www.sqlite.org/c3ref/intro.html), kept from doing anything but declaring tables.

#include "compiler/sql/database.h"

#include "compiler/sql/sqlite/expansion.h"
#include "compiler/sql/sqlite/messages.h"

#include <llvm/ADT/STLExtras.h>
#include <sqlite3.h>

#include <array>
#include <utility>

namespace zc::sql {

namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, Finalize>;

// What one statement of a schema may run, and all of them: far more than declarations need. For each one
// SQLite reads all that were before it.
constexpr int kMaxInstructions = 2'000'000;
constexpr int kMaxInstructionsOfAll = 200'000'000;
constexpr int kInstructionsPerCall = 1'000;
constexpr sqlite3_int64 kMaxHeap = sqlite3_int64{256} << 20;
constexpr std::array<std::pair<int, int>, 4> kLimits = {{{SQLITE_LIMIT_LENGTH, 16 << 20},
                                                         {SQLITE_LIMIT_SQL_LENGTH, 16 << 20},
                                                         {SQLITE_LIMIT_ATTACHED, 0},
                                                         {SQLITE_LIMIT_WORKER_THREADS, 0}}};

std::string column_text(sqlite3_stmt* statement, int column) {
  const unsigned char* text = sqlite3_column_text(statement, column);
  return text == nullptr ? std::string()
                         : std::string(reinterpret_cast<const char*>(text),
                                       static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(llvm::StringRef schema) {
    // Of the whole process; nothing else in it uses SQLite.
    sqlite3_hard_heap_limit64(kMaxHeap);
    constexpr int kFlags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &database_, kFlags, nullptr) != SQLITE_OK) {
      schema_problems_.push_back({ProblemKind::kOther, 0, 0, "", "SQLite has no memory"});
      return;
    }
    for (const auto& [limit, value] : kLimits)
      sqlite3_limit(database_, limit, value);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    // A name in double quotes that is none would count as a text.
    sqlite3_db_config(database_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_progress_handler(database_, kInstructionsPerCall, &SqliteDatabase::on_progress, this);
    sqlite3_set_authorizer(database_, &SqliteDatabase::authorize, this);
    declare(schema);
    read_catalog();
  }
  ~SqliteDatabase() override { sqlite3_close(database_); }

  [[nodiscard]] Dialect dialect() const override { return Dialect::kSqlite; }

  [[nodiscard]] Prepared prepare(llvm::StringRef text) override {
    Prepared result;
    const std::vector<Token> tokens = tokenize(text, Dialect::kSqlite);
    if (expansion_.of(text, tokens) > Expansion::kMax) {
      result.problem = too_large(tokens[0], 0);
      return result;
    }
    ignored_pragma_ = false;
    const StatementHandle statement = compile(text, tokens, 0, result.problem);
    if (result.problem || statement == nullptr) return result;
    result.is_opaque = ignored_pragma_;
    for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
      ResultColumn column;
      column.name = text_or_empty(sqlite3_column_name(statement.get(), i));
      column.table = text_or_empty(sqlite3_column_table_name(statement.get(), i));
      column.column = text_or_empty(sqlite3_column_origin_name(statement.get(), i));
      const char* declared = sqlite3_column_decltype(statement.get(), i);
      if (declared != nullptr) column.type = type_of_declaration(declared);
      result.columns.push_back(std::move(column));
    }
    return result;
  }

 private:
  static int on_progress(void* self) {
    auto& database = *static_cast<SqliteDatabase*>(self);
    database.instructions_ += kInstructionsPerCall;
    database.instructions_of_all_ += kInstructionsPerCall;
    const bool is_too_much =
        database.instructions_ > kMaxInstructions || database.instructions_of_all_ > kMaxInstructionsOfAll;
    return is_too_much ? 1 : 0;
  }

  static int authorize(void* self, int action, const char* /*first*/, const char* second,
                       const char* /*database*/, const char* /*trigger*/) {
    auto& database = *static_cast<SqliteDatabase*>(self);
    if (database.is_reading_catalog_) return SQLITE_OK;
    switch (action) {
      case SQLITE_PRAGMA:
        // Some take effect while they are prepared. They declare nothing.
        database.ignored_pragma_ = true;
        return SQLITE_IGNORE;
      case SQLITE_ATTACH:
      case SQLITE_DETACH:
        return database.is_declaring_ ? SQLITE_DENY : SQLITE_OK;
      case SQLITE_FUNCTION:
        return second != nullptr && llvm::StringRef(second).equals_insensitive("load_extension") ? SQLITE_DENY
                                                                                                 : SQLITE_OK;
      default:
        return SQLITE_OK;
    }
  }

  // Null when there is a problem, and for a text without a statement. `base` is where `text` begins in what
  // the problem is reported in.
  StatementHandle compile(llvm::StringRef text, llvm::ArrayRef<Token> tokens, std::uint32_t base,
                          std::optional<Problem>& problem) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(database_, text.data(), static_cast<int>(text.size()), 0, &statement, nullptr);
    StatementHandle owned(statement);
    if (code != SQLITE_OK) problem = describe(text, tokens, base);
    return owned;
  }

  [[nodiscard]] Problem describe(llvm::StringRef text, llvm::ArrayRef<Token> tokens, std::uint32_t base) {
    const int offset = sqlite3_error_offset(database_);
    Problem problem = explain_message(sqlite3_errmsg(database_), offset, text, tokens);
    problem.begin += base;
    problem.end += base;
    return problem;
  }

  void declare(llvm::StringRef schema) {
    const std::vector<Token> tokens = tokenize(schema, Dialect::kSqlite);
    is_declaring_ = true;
    for (const TokenRange range : split_script(schema, tokens)) {
      const std::uint32_t base = tokens[range.begin].begin;
      const llvm::StringRef text = schema.slice(base, tokens[range.end - 1].end);
      const std::vector<Token> own = tokenize(text, Dialect::kSqlite);
      std::optional<Problem> problem = declare(text, own, base);
      if (!problem) continue;
      // What is missing behind a mistake may be missing because of it.
      const bool is_consequence = !schema_problems_.empty() && problem->kind == ProblemKind::kUnknownTable;
      if (!is_consequence) schema_problems_.push_back(std::move(*problem));
    }
    is_declaring_ = false;
    schema_ = schema;
    schema_tokens_ = tokens;
  }

  std::optional<Problem> declare(llvm::StringRef text, llvm::ArrayRef<Token> tokens, std::uint32_t base) {
    std::optional<Problem> problem;
    if (!expansion_.declare(text, tokens) || expansion_.of(text, tokens) > Expansion::kMax)
      return too_large(tokens[0], base);
    instructions_ = 0;
    const StatementHandle statement = compile(text, tokens, base, problem);
    if (problem) return problem;
    const bool declares = is_word(text, tokens[0], "create") || is_word(text, tokens[0], "alter") ||
                          is_word(text, tokens[0], "drop");
    if (declares && run(statement.get()) != SQLITE_DONE) return describe(text, tokens, base);
    return std::nullopt;
  }

  static Problem too_large(Token token, std::uint32_t base) {
    return {
        ProblemKind::kOther, token.begin + base, token.end + base, "",
        "with its views written out it stands for more than " + std::to_string(Expansion::kMax) + " queries"};
  }

  static int run(sqlite3_stmt* statement) {
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW)
      code = sqlite3_step(statement);
    return code;
  }

  [[nodiscard]] StatementHandle own_statement(const char* text) const {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v3(database_, text, -1, 0, &statement, nullptr);
    return StatementHandle(statement);
  }

  void read_catalog() {
    is_reading_catalog_ = true;
    sqlite3_progress_handler(database_, 0, nullptr, nullptr);
    const StatementHandle tables = own_statement(
        "select name, type, sql, (select count(*) from sqlite_master t where t.type = 'trigger' and "
        "t.tbl_name = "
        "m.name) from sqlite_master m where type in ('table', 'view') and name not like 'sqlite\\_%' escape "
        "'\\'");
    const StatementHandle columns = own_statement(
        "select name, type, \"notnull\", dflt_value is not null, pk, hidden, (select count(*) from "
        "pragma_table_xinfo(?1) where pk > 0) from pragma_table_xinfo(?1)");
    while (tables != nullptr && columns != nullptr && sqlite3_step(tables.get()) == SQLITE_ROW) {
      Table& table = catalog_.add(column_text(tables.get(), 0));
      table.is_view = column_text(tables.get(), 1) == "view";
      table.has_triggers = sqlite3_column_int(tables.get(), 3) > 0;
      const std::string sql = column_text(tables.get(), 2);
      if (table.is_view) table.query = sql;
      table.is_virtual = llvm::StringRef(sql).starts_with_insensitive("create virtual");
      sqlite3_bind_text(columns.get(), 1, table.name.c_str(), -1, SQLITE_TRANSIENT);
      const bool has_rowid = !table.is_view && !llvm::StringRef(sql).contains_insensitive("without rowid");
      while (sqlite3_step(columns.get()) == SQLITE_ROW)
        table.columns.push_back(read_column(columns.get(), has_rowid));
      sqlite3_reset(columns.get());
    }
    is_reading_catalog_ = false;
    catalog_.locate(schema_, schema_tokens_);
  }

  [[nodiscard]] static Column read_column(sqlite3_stmt* row, bool has_rowid) {
    Column column;
    column.name = column_text(row, 0);
    // SQLite writes the names of its own types in capitals, whatever stood there.
    column.declared = llvm::StringRef(column_text(row, 1)).lower();
    column.type = type_of_declaration(column.declared);
    const bool is_declared_not_null = sqlite3_column_int(row, 2) != 0;
    const bool is_key = sqlite3_column_int(row, 4) != 0;
    // The row's number (https://www.sqlite.org/lang_createtable.html#rowid): NULL becomes the next one.
    const bool is_rowid = is_key && has_rowid && sqlite3_column_int(row, 6) == 1 &&
                          llvm::StringRef(column.declared).equals_insensitive("integer");
    const int hidden = sqlite3_column_int(row, 5);
    column.is_generated = hidden == 2 || hidden == 3;
    column.not_null = is_declared_not_null || is_key;
    column.refuses_null = is_declared_not_null && !is_rowid;
    column.is_filled = sqlite3_column_int(row, 3) != 0 || is_rowid || column.is_generated;
    column.is_hidden = hidden == 1;
    return column;
  }

  sqlite3* database_ = nullptr;
  int instructions_ = 0;  // of the statement that runs
  int instructions_of_all_ = 0;
  Expansion expansion_;
  bool is_declaring_ = false;
  bool is_reading_catalog_ = false;
  bool ignored_pragma_ = false;
  llvm::StringRef schema_;  // while the constructor runs
  std::vector<Token> schema_tokens_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(llvm::StringRef schema) {
  return std::make_unique<SqliteDatabase>(schema);
}

}  // namespace zc::sql
