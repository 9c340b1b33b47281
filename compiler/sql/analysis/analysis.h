// The types and nullability of a statement's parameters and results.

#pragma once

#include "compiler/sql/catalog.h"
#include "compiler/sql/syntax/lexer.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::sql {

// What is known of a value. `column` is where it comes from unchanged; null when it is calculated.
struct Fact {
  Type type = Type::kUnknown;
  Nullable nullable = Nullable::kUnknown;
  const Table* table = nullptr;
  const Column* column = nullptr;
};

enum class ParameterUse : std::uint8_t { kNone, kCompared, kStored, kCounted };

struct ParameterFact {
  ParameterUse use = ParameterUse::kNone;  // kCounted: of `limit` and `offset`
  Fact with;                               // what it is compared with, or the column that it is stored in
};

struct ResultFact {
  std::string name;  // empty when the database makes one up
  Fact value;
  bool is_from_star = false;
  std::uint32_t begin = 0, end = 0;  // of the item
};

struct Analysis {
  std::vector<ParameterFact> parameters;  // in the order of the text
  std::vector<ResultFact> results;
  bool is_known = false;  // the statement could be read; else all is empty but `parameters`
  bool yields_rows = false;
  // Of an insert: the table, and columns that cannot be NULL, have no default and are not inserted.
  const Table* inserted = nullptr;
  std::vector<const Column*> left_out;
  std::uint32_t table_begin = 0, table_end = 0;
};

// Asked for one statement after the other, all of one database. `catalog` outlives it.
class Analyst {
 public:
  Analyst(const Catalog& catalog, Dialect dialect) : catalog_(catalog), dialect_(dialect) {}
  Analyst(const Analyst&) = delete;
  Analyst& operator=(const Analyst&) = delete;

  // `text` is one statement that the database has accepted.
  [[nodiscard]] Analysis analyse(llvm::StringRef text);

  // What a table's columns hold; of a view what its query says.
  [[nodiscard]] const std::vector<Fact>& columns_of(const Table& table);

  [[nodiscard]] const Catalog& catalog() const { return catalog_; }
  [[nodiscard]] Dialect dialect() const { return dialect_; }

 private:
  std::vector<Fact> view_columns(const Table& view);

  const Catalog& catalog_;
  Dialect dialect_;
  llvm::StringMap<std::vector<Fact>> columns_;
  int depth_ = 0;  // of views that are made of views
};

}  // namespace zc::sql
