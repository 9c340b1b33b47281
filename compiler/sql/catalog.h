// The tables and views of a database, as far as statements are checked against them.

#pragma once

#include "compiler/sql/types.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::sql {

struct Token;

struct Column {
  std::string name;
  std::string declared;  // its type as written; may be empty
  Type type = Type::kUnknown;
  bool not_null = false;      // never NULL when it is read: declared so, or of the primary key
  bool refuses_null = false;  // NULL cannot be written
  bool is_filled = false;     // has a value without being inserted: a default, an identity, generated
  bool is_generated = false;  // cannot be inserted
  bool is_hidden = false;     // `select *` leaves it out
  std::optional<std::uint32_t> declared_at;  // where its name stands in the schema
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  bool is_view = false;
  bool is_virtual = false;  // of a module of SQLite's: its columns declare nothing
  bool has_triggers = false;
  std::string query;  // of a view: its `select`, where it is known
  std::optional<std::uint32_t> declared_at;

  [[nodiscard]] const Column* find(llvm::StringRef column) const;
};

class Catalog {
 public:
  Table& add(llvm::StringRef name);
  // Names are compared without case. Null when there is none.
  [[nodiscard]] const Table* find(llvm::StringRef name) const;
  [[nodiscard]] Table* find(llvm::StringRef name);
  [[nodiscard]] llvm::ArrayRef<Table> tables() const { return tables_; }

  // Looks through a schema's text for where its tables and columns are declared.
  void locate(llvm::StringRef schema, llvm::ArrayRef<Token> tokens);

 private:
  std::vector<Table> tables_;
  llvm::StringMap<std::size_t> by_name_;  // lower case
};

}  // namespace zc::sql
