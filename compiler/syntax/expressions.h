// The expressions of the language.

#pragma once

#include "compiler/syntax/nodes.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>

namespace zc::syntax {

enum class ExprKind : std::uint8_t {
  kError,
  kPath,
  kLiteral,
  kString,
  kList,
  kObject,
  kMember,
  kIndex,
  kCall,
  kUnary,
  kBinary,
  kRange,
};

// Discriminated by `kind`; `llvm::cast` and `llvm::dyn_cast` work. A tree of expressions is at most as deep
// as the nesting limit of `parse` times the levels of precedence, so recursion over it is safe.
struct Expr : Node {
  ExprKind kind = ExprKind::kError;

 protected:
  explicit Expr(ExprKind expr_kind) : kind(expr_kind) {}
};

// Stands for what could not be read. Always erroneous.
struct ErrorExpr : Expr {
  ErrorExpr() : Expr(ExprKind::kError) { erroneous = true; }
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kError; }
};

// `todo`, `auth.user.id`, `request.path.id`, `env.DATABASE_URL`: at least one segment.
struct PathExpr : Expr {
  PathExpr() : Expr(ExprKind::kPath) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kPath; }

  llvm::ArrayRef<Name> segments;

  [[nodiscard]] bool is_single_name() const { return segments.size() == 1; }
};

enum class LiteralKind : std::uint8_t { kNull, kBool, kInteger, kDecimal, kDuration, kSize, kPercent };

// `null true 42 1_000 3.14 50ms 1KiB 50%`
struct LiteralExpr : Expr {
  LiteralExpr() : Expr(ExprKind::kLiteral) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kLiteral; }

  LiteralKind literal = LiteralKind::kNull;
  llvm::StringRef text;     // as written
  std::uint64_t value = 0;  // bool: 0 or 1; integer: itself (a minus is a UnaryExpr); duration: nanoseconds;
                            // size: bytes; percent: millionths; decimal: 0, only `text` is exact
};

// A piece of a string: text, or an interpolated expression.
struct StringPart {
  llvm::StringRef text;              // escapes resolved; empty for an interpolation
  const Expr* expression = nullptr;  // null for text
  bool is_rest = false;              // `{name...}`, only in the path of a route: the rest of the path
  Span span;
};

// `"..."`, `sql"..."`. Adjacent text is one part; an empty string has none.
struct StringExpr : Expr {
  StringExpr() : Expr(ExprKind::kString) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kString; }

  Name tag;  // missing for a plain string
  llvm::ArrayRef<StringPart> parts;

  [[nodiscard]] bool has_interpolation() const {
    for (const StringPart& part : parts) {
      if (part.expression != nullptr) return true;
    }
    return false;
  }
  // The text of a string without interpolation.
  [[nodiscard]] llvm::StringRef plain_text() const {
    return parts.empty() ? llvm::StringRef() : parts.front().text;
  }
};

// `[a, b]`
struct ListExpr : Expr {
  ListExpr() : Expr(ExprKind::kList) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kList; }

  llvm::ArrayRef<const Expr*> elements;
};

// `key: value`, `"key": value`, or `name`, which is short for `name: name` (then `value` is that path).
struct ObjectEntry {
  Name key;  // without quotes
  const Expr* value = nullptr;
  Span span;
};

// `{ a: 1, "b-c": x, d }`
struct ObjectExpr : Expr {
  ObjectExpr() : Expr(ExprKind::kObject) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kObject; }

  llvm::ArrayRef<ObjectEntry> entries;
};

// `base.member` where `base` is no path: `(a ?? b).c`, `f(x).c`
struct MemberExpr : Expr {
  MemberExpr() : Expr(ExprKind::kMember) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kMember; }

  const Expr* base = nullptr;
  Name member;
};

// `base[index]`
struct IndexExpr : Expr {
  IndexExpr() : Expr(ExprKind::kIndex) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kIndex; }

  const Expr* base = nullptr;
  const Expr* index = nullptr;
};

// `target.op(args)`, `size(x)`: what is called is always a name.
struct CallExpr : Expr {
  CallExpr() : Expr(ExprKind::kCall) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kCall; }

  QualifiedName callee;
  llvm::ArrayRef<Argument> arguments;
};

enum class UnaryOperator : std::uint8_t { kNot, kMinus };

struct UnaryExpr : Expr {
  UnaryExpr() : Expr(ExprKind::kUnary) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kUnary; }

  UnaryOperator op = UnaryOperator::kNot;
  const Expr* operand = nullptr;
};

// From loosest to tightest, a line a level. All group to the left, but `??` to the right.
enum class BinaryOperator : std::uint8_t {
  kCoalesce,  // ??
  kOr,        // ||
  kAnd,       // &&
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,  // == != < <= > >=, never chained
  kAdd,
  kSubtract,  // + -
  kMultiply,
  kDivide,
  kRemainder,  // * / %
};

[[nodiscard]] llvm::StringRef spelling(BinaryOperator op);
[[nodiscard]] llvm::StringRef spelling(UnaryOperator op);

// One operator of a chain, with the operand to its right.
struct BinaryLink {
  BinaryOperator op = BinaryOperator::kCoalesce;
  Span op_span;
  const Expr* operand = nullptr;
};

// All operators of one level in a row, flat so that long chains make no deep tree: `a + b - c` is `first` a
// and the links `+ b`, `- c`. Fold from the left; fold a chain of `??` from the right. At least one link.
struct BinaryExpr : Expr {
  BinaryExpr() : Expr(ExprKind::kBinary) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kBinary; }

  const Expr* first = nullptr;
  llvm::ArrayRef<BinaryLink> links;
};

// `1..200`, `20ms..40ms`, `1..`, `..200`: inclusive; in traits and settings only.
struct RangeExpr : Expr {
  RangeExpr() : Expr(ExprKind::kRange) {}
  static bool classof(const Expr* expr) { return expr->kind == ExprKind::kRange; }

  const Expr* low = nullptr;   // null when open
  const Expr* high = nullptr;  // null when open
};

}  // namespace zc::syntax
