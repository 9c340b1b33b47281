// The statements of flows, jobs, crons and chains.

#pragma once

#include "compiler/syntax/expressions.h"
#include "compiler/syntax/steps.h"

#include <llvm/ADT/ArrayRef.h>

#include <cstdint>

namespace zc::syntax {

enum class StatementKind : std::uint8_t {
  kError,
  kUse,
  kBlock,
  kTransaction,
  kWhen,
  kEach,
  kRescue,
  kHandler,
  kCall,
  kEnqueue,
  kReturn,
};

// Discriminated by `kind`; `llvm::cast` and `llvm::dyn_cast` work.
struct Statement : Node {
  StatementKind kind = StatementKind::kError;

 protected:
  explicit Statement(StatementKind statement_kind) : kind(statement_kind) {}
};

// `{ ... }`. The span covers the braces.
struct Block {
  llvm::ArrayRef<const Statement*> statements;
  Span span;
};

// Stands for what could not be read. Always erroneous: a path through it may do anything.
struct ErrorStatement : Statement {
  ErrorStatement() : Statement(StatementKind::kError) { erroneous = true; }
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kError; }
};

// `load;`, `auth.bearer;`: a step or a chain.
struct UseStatement : Statement {
  UseStatement() : Statement(StatementKind::kUse) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kUse; }

  QualifiedName name;
};

enum class BlockKind : std::uint8_t { kParallel, kSequential, kSaga };

// `parallel { }`, `sequential { }` (one branch inside `parallel`), `saga { }`
struct BlockStatement : Statement {
  BlockStatement() : Statement(StatementKind::kBlock) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kBlock; }

  BlockKind block_kind = BlockKind::kParallel;
  Block body;
};

// `tx db isolation repeatable read retry 3 fails Busy { }`
struct TransactionStatement : Statement {
  TransactionStatement() : Statement(StatementKind::kTransaction) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kTransaction; }

  Span keyword;                    // `tx`
  QualifiedName target;            // missing when not given
  llvm::ArrayRef<Name> isolation;  // the words behind `isolation`; none when not given
  const Expr* retry = nullptr;     // null when not given
  llvm::ArrayRef<FailsClause> fails;
  Block body;
};

// One arm of `when`: `when condition { }` or `else when condition { }`.
struct WhenArm {
  const Expr* condition = nullptr;
  Block body;
};

// `when a { } else when b { } else { }`, flat. At least one arm.
struct WhenStatement : Statement {
  WhenStatement() : Statement(StatementKind::kWhen) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kWhen; }

  llvm::ArrayRef<WhenArm> arms;
  const Block* otherwise = nullptr;  // null without `else`
};

// `each item in items max 100 parallel 4 { } -> results`
struct EachStatement : Statement {
  EachStatement() : Statement(StatementKind::kEach) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kEach; }

  Name variable;
  const Expr* collection = nullptr;
  const Expr* max = nullptr;       // null when not given
  const Expr* parallel = nullptr;  // null when not given
  Block body;
  llvm::ArrayRef<QualifiedName> results;  // slots behind `->`
};

// `rescue NotFound, auth.Denied { }`: errors of the statements before it in its block.
struct RescueStatement : Statement {
  RescueStatement() : Statement(StatementKind::kRescue) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kRescue; }

  llvm::ArrayRef<QualifiedName> errors;
  Block body;
};

enum class HandlerEvent : std::uint8_t { kError, kCancel, kOverload };

// `on error E, F { }` (no errors: all of them), `on cancel { }`, `on overload { }`
struct HandlerStatement : Statement {
  HandlerStatement() : Statement(StatementKind::kHandler) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kHandler; }

  HandlerEvent event = HandlerEvent::kError;
  llvm::ArrayRef<QualifiedName> errors;
  Block body;
};

// `call show;`, `call show(id);`
struct CallStatement : Statement {
  CallStatement() : Statement(StatementKind::kCall) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kCall; }

  QualifiedName flow;
  llvm::ArrayRef<Argument> arguments;
};

// `enqueue index(todo.id) after 5s priority 3 unique todo.id;`
struct EnqueueStatement : Statement {
  EnqueueStatement() : Statement(StatementKind::kEnqueue) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kEnqueue; }

  QualifiedName job;
  llvm::ArrayRef<Argument> arguments;
  const Expr* after = nullptr;     // null when not given
  const Expr* priority = nullptr;  // null when not given
  const Expr* unique = nullptr;    // null when not given
};

enum class BodyKind : std::uint8_t { kNone, kValue, kStream, kSse };

// `header location "/todos/{todo.id}"`, also from `location expr`. The name as written: `x-request-id`, or
// text in quotes.
struct HeaderClause {
  Name name;
  const Expr* value = nullptr;
};

// `return 201 todo header location "/x" reveal pii;`, `return 200 "hi" as text;`, `return 200 stream rows;`
struct ReturnStatement : Statement {
  ReturnStatement() : Statement(StatementKind::kReturn) {}
  static bool classof(const Statement* statement) { return statement->kind == StatementKind::kReturn; }

  std::uint16_t status = 0;  // 100 to 999, 0 when it could not be read
  Span status_span;
  BodyKind body_kind = BodyKind::kNone;
  const Expr* body = nullptr;  // null for kNone
  Name format;                 // `as text`, `as html`, `as bytes`; missing when not given or a media type
  const StringExpr* media_type = nullptr;  // `as "image/png"`, else null
  llvm::ArrayRef<HeaderClause> headers;
  llvm::ArrayRef<QualifiedName> reveals;  // labels, or the data that is meant
  Span reveals_span;                      // of the last `reveal` clause
};

}  // namespace zc::syntax
