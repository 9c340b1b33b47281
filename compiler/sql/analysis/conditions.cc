// Comparisons are not true for NULL; the conjunction of conditions says what each says.

#include "compiler/sql/analysis/conditions.h"

namespace zc::sql {

namespace {

// Columns of which `expr` is NULL when they are.
void add_strict(const Expr& expr, Scope& scope) {
  switch (expr.kind) {
    case ExprKind::kColumn:
      if (const std::optional<Place> place = scope.find(expr.qualifier, expr.name))
        scope.not_null.insert(*place);
      break;
    case ExprKind::kArithmetic:
    case ExprKind::kConcat:
    case ExprKind::kCompare:
    case ExprKind::kTuple:
      for (const Expr& operand : expr.operands)
        add_strict(operand, scope);
      break;
    case ExprKind::kCast:
      add_strict(expr.operands[0], scope);
      break;
    case ExprKind::kCall:
      if (expr.name == "lower" || expr.name == "upper" || expr.name == "length" || expr.name == "trim") {
        for (const Expr& operand : expr.operands)
          add_strict(operand, scope);
      }
      break;
    default:
      break;
  }
}

}  // namespace

void assume(const Expr& condition, Scope& scope) {
  switch (condition.kind) {
    case ExprKind::kAnd:
      for (const Expr& operand : condition.operands)
        assume(operand, scope);
      break;
    case ExprKind::kCompare:
    case ExprKind::kColumn:
    case ExprKind::kArithmetic:
      add_strict(condition, scope);
      break;
    case ExprKind::kIsNotNull:
    case ExprKind::kBetween:
    case ExprKind::kIn:
      add_strict(condition.operands[0], scope);
      break;
    case ExprKind::kNot: {
      const Expr& inner = condition.operands[0];
      if (inner.kind == ExprKind::kCompare || inner.kind == ExprKind::kColumn) add_strict(inner, scope);
      if (inner.kind == ExprKind::kIn) add_strict(inner.operands[0], scope);
      assume_not(inner, scope);
      break;
    }
    default:
      break;
  }
}

void assume_not(const Expr& condition, Scope& scope) {
  if (condition.kind == ExprKind::kIsNull) add_strict(condition.operands[0], scope);
  if (condition.kind != ExprKind::kOr) return;
  for (const Expr& operand : condition.operands)
    assume_not(operand, scope);
}

}  // namespace zc::sql
