// What `kv` asks a database, and the tables that it keeps there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace zerver::effects::kv {

enum class Dialect : std::uint8_t { kSqlite, kPostgres };

// A statement. The parameters are those that are said below, and behind them the time in microseconds where
// the database is to be told.
struct Asks {
  std::string text;
  bool takes_now = false;
};

// Each is atomic by itself. A life is in microseconds, or null: without an end.
struct Statements {
  explicit Statements(Dialect dialect);

  // Of at least so many keys, and how many it takes.
  struct Many {
    Asks asks;
    std::size_t keys;
  };
  const Many& get_many(std::size_t keys) const noexcept;

  Asks get;                 // key: its value
  Asks set;                 // key, value, life
  Asks add;                 // the same: one row is written, or none
  Asks remove;              // key
  Asks expire;              // key, life: one row, or none
  Asks increment;           // key, by, life: the number; no row when it is none, or would be too large
  Asks compare_and_set;     // key, expected, value, life: whether it was the expected one; no row: missing
  Asks compare_and_remove;  // key, expected: the same
  // key, count, per in microseconds: how many are left. Used up, on PostgreSQL: below 0, how many
  // microseconds to wait; on SQLite: no row, and `wait`, with the same parameters, says how many.
  Asks take;
  Asks wait;
  // How many rows at most: what has expired goes.
  Asks sweep_values;
  Asks sweep_limits;

 private:
  std::vector<Many> many_;  // of more and more keys
};

// A script that makes the tables that are not there.
const char* tables_of(Dialect dialect) noexcept;

}  // namespace zerver::effects::kv
