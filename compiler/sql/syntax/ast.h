// SQL statements as trees: what is needed to tell the types of parameters and of results, no more.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zc::sql {

struct Query;

enum class ExprKind : std::uint8_t {
  kOpaque,  // nothing is known of it but its operands
  kNull,
  kBoolean,  // true, false
  kInteger,
  kReal,
  kText,
  kBlob,
  kParameter,  // `index`
  kColumn,     // `qualifier`.`name`
  kAnd,
  kOr,
  kNot,
  kCompare,  // = <> < like and their kind: NULL when an operand is
  kIs,       // is, is not, is distinct from: never NULL
  kIsNull,
  kIsNotNull,
  kBetween,  // operands: value, least, most
  kIn,       // operands: value, then the list; or `query`
  kArithmetic,
  kConcat,    // ||
  kCall,      // `name`(operands)
  kCast,      // operands[0] as `name`
  kCase,      // operands: subject when `has_subject`, pairs of when and then, else when `has_else`
  kExists,    // `query`
  kSubquery,  // `query`
  kTuple,
};

struct Expr {
  ExprKind kind = ExprKind::kOpaque;
  std::uint32_t begin = 0, end = 0;  // bytes of the text
  std::string qualifier, name;
  std::size_t index = 0;
  bool has_subject = false, has_else = false;
  bool is_negated = false;
  bool is_star = false;     // count(*)
  bool has_filter = false;  // an aggregate with `filter (where ...)`
  bool has_window = false;  // `over`
  std::vector<Expr> operands;
  std::unique_ptr<Query> query;
};

// An item of `select` or `returning`.
struct Item {
  Expr value;
  std::string alias;
  bool is_star = false;  // `*`, or `qualifier.*`
  std::string qualifier;
  std::uint32_t begin = 0, end = 0;
};

enum class JoinKind : std::uint8_t { kInner, kLeft, kRight, kFull };

// What stands behind `from`: a table, a query in brackets, a function, or joins in brackets.
struct Source {
  std::string name, alias;
  std::unique_ptr<Query> query;
  std::vector<struct Join> joins;
  bool is_function = false;
  std::vector<Expr> arguments;       // of a function
  std::vector<std::string> columns;  // (a, b) behind the alias
};
struct Join {
  JoinKind kind = JoinKind::kInner;
  bool is_natural = false;
  Source source;
  std::optional<Expr> on;
  std::vector<std::string> shared;  // using (a, b)
};

// One `select`, or `values`.
struct Core {
  std::vector<Item> items;
  std::vector<Join> from;
  std::optional<Expr> where;
  std::vector<Expr> group_by;
  std::optional<Expr> having;
  std::vector<std::vector<Expr>> rows;  // of `values`
  bool is_values = false;
};

struct CommonTable {
  std::string name;
  std::vector<std::string> columns;
  std::unique_ptr<struct Statement> statement;
};

// Cores that `union` and its kind put together.
struct Query {
  std::vector<CommonTable> tables;
  std::vector<Core> cores;
  std::vector<Expr> order_by;
  std::vector<Expr> limits;  // limit and offset
};

struct Assignment {
  std::vector<std::string> columns;
  Expr value;
};

enum class StatementKind : std::uint8_t { kSelect, kInsert, kUpdate, kDelete };

struct Statement {
  StatementKind kind = StatementKind::kSelect;
  std::vector<CommonTable> tables;
  Query query;  // kSelect; kInsert: what is inserted
  std::string table, alias;
  std::vector<std::string> columns;  // kInsert: as written, else empty
  bool has_action = false;           // insert or ignore, replace into
  bool inserts_defaults = false;
  std::vector<Assignment> assignments;  // update; `do update set` of an insert
  std::vector<Join> from;               // update ... from, delete ... using
  std::vector<Expr> conditions;         // where
  std::vector<Item> returning;
  std::uint32_t table_begin = 0, table_end = 0;
};

}  // namespace zc::sql
