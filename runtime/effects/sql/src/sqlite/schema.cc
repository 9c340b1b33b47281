#include "schema.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

namespace zerver::effects::sqlite {

namespace {

struct Column {
  std::string name;
  std::string type;  // lower case
};
using Tables = std::map<std::string, std::vector<Column>>;  // by their names in lower case

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string read_tables(Connection& connection, Tables& tables) {
  const Patience patience;
  bool needs_writer = false;
  flow::RowSet rows;
  const Outcome outcome = connection.run(
      "select m.name, c.name, c.type from sqlite_master m, pragma_table_info(m.name) c"
      " where m.type in ('table', 'view') and m.name not like 'sqlite\\_%' escape '\\' order by m.name, "
      "c.cid",
      {}, Wanted::kRows, rows, patience, needs_writer);
  if (outcome.failed) return outcome.why;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    tables[lower(rows.cell(row, 0).text())].push_back(
        {lower(rows.cell(row, 1).text()), lower(rows.cell(row, 2).text())});
  }
  return {};
}

std::string compare(const Tables& wanted, const Tables& found) {
  for (const auto& [name, columns] : wanted) {
    const auto table = found.find(name);
    if (table == found.end()) return "the database has no table `" + name + "`, which the schema declares";
    for (const Column& column : columns) {
      const auto same = std::ranges::find(table->second, column.name, &Column::name);
      if (same == table->second.end()) {
        return "table `" + name + "` of the database has no column `" + column.name +
               "`, which the schema declares";
      }
      if (same->type != column.type) {
        return "column `" + column.name + "` of table `" + name + "` is `" + same->type +
               "`, the schema declares `" + column.type + "`";
      }
    }
  }
  return {};
}

}  // namespace

std::string apply_or_check_schema(Connection& connection, std::string_view schema) {
  const std::string script(schema);
  Connection model;
  if (std::string error = model.open(":memory:", false); !error.empty()) return error;
  if (const std::string error = model.execute(script); !error.empty()) return "the schema is wrong: " + error;
  Tables wanted, found;
  if (std::string error = read_tables(model, wanted); !error.empty()) return error;
  if (std::string error = read_tables(connection, found); !error.empty()) return error;
  if (!found.empty()) return compare(wanted, found);

  // Another process may be doing the same: whoever comes second waits, and then finds the tables.
  if (std::string error = connection.execute("begin immediate"); !error.empty()) return error;
  std::string error = read_tables(connection, found);
  if (error.empty()) error = found.empty() ? connection.execute(script) : compare(wanted, found);
  const std::string end = connection.execute(error.empty() ? "commit" : "rollback");
  return error.empty() ? end : error;
}

}  // namespace zerver::effects::sqlite
