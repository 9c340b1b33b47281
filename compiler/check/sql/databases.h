// Which databases a target's statements are prepared on.

#pragma once

#include "compiler/check/context.h"
#include "compiler/sql/analysis/analysis.h"
#include "compiler/sql/database.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace zc::sql {
class Server;
}

namespace zc::check {

// A database with the schema of some packages.
struct CheckedDatabase {
  std::unique_ptr<sql::Database> database;
  std::unique_ptr<sql::Analyst> analyst;
  FileId schema;                  // none: only what needs no tables can be checked
  bool is_schema_broken = false;  // tables and columns may be missing because of that
  bool is_guess = false;          // SQLite, because the target says nothing about its database
};

class Databases {
 public:
  Databases(Context& context, sql::Server* server) : context_(context), server_(server) {}

  // Those for a statement in `package` that goes to `target`. The first one that refuses it has the word.
  [[nodiscard]] std::vector<CheckedDatabase*> find(const model::Target& target, model::PackageId package);
  // Loads the schemas that no statement has asked for.
  void load_all_schemas();

  // Whether it is a target of the standard adapter `sql`.
  [[nodiscard]] bool is_sql(const model::Target& target) const;

 private:
  enum class Url : std::uint8_t { kSqlite, kPostgresql, kOther, kNotKnown };
  struct Location {
    Url url = Url::kNotKnown;
    bool is_final = true;  // cannot be another one when the service runs
  };

  [[nodiscard]] static Location location(const model::Target& target);
  [[nodiscard]] model::PackageId package_of_schema(const model::Target& target,
                                                   model::PackageId package) const;
  CheckedDatabase* open(model::PackageId package, sql::Dialect dialect, bool is_guess);
  void report_schema(const CheckedDatabase& database);
  void report_unchecked(model::PackageId package, const model::Target& target);

  Context& context_;
  sql::Server* server_;
  std::map<std::pair<std::uint32_t, sql::Dialect>, CheckedDatabase> databases_;  // by schema
  std::vector<bool> unchecked_;                                                  // by package: reported
};

}  // namespace zc::check
