// One case for each kind of expression.

#include "compiler/sql/analysis/expressions.h"

#include "compiler/sql/analysis/conditions.h"
#include "compiler/sql/analysis/functions.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::sql {

Nullable either(Nullable left, Nullable right) {
  if (left == Nullable::kYes || right == Nullable::kYes) return Nullable::kYes;
  if (left == Nullable::kUnknown || right == Nullable::kUnknown) return Nullable::kUnknown;
  return Nullable::kNo;
}

Type common(Type left, Type right) {
  if (left == right) return left;
  const bool is_integer_and_real =
      (left == Type::kInteger && right == Type::kReal) || (left == Type::kReal && right == Type::kInteger);
  return is_integer_and_real ? Type::kReal : Type::kUnknown;
}

// SQLite has no truth values, only 0 and 1.
Type ExpressionAnalyser::truth() const {
  return analyst_.dialect() == Dialect::kSqlite ? Type::kInteger : Type::kBoolean;
}

void ExpressionAnalyser::record(const Expr& expr, ParameterUse how, const Fact& with) {
  if (expr.kind != ExprKind::kParameter) return;
  const auto ordinal = ordinals_.find(static_cast<std::uint32_t>(expr.index));
  if (ordinal == ordinals_.end()) return;
  ParameterFact& parameter = parameters_[ordinal->second];
  if (parameter.use == ParameterUse::kNone) parameter = {how, with};
}

void ExpressionAnalyser::evaluate_all(const std::vector<Expr>& list, Scope& scope) {
  for (const Expr& expr : list)
    evaluate(expr, scope);
}

Fact ExpressionAnalyser::evaluate(const Expr& expr, Scope& scope) {
  switch (expr.kind) {
    case ExprKind::kOpaque:
      evaluate_all(expr.operands, scope);
      return {};
    case ExprKind::kNull:
      return {Type::kUnknown, Nullable::kYes, nullptr, nullptr};
    case ExprKind::kBoolean:
      return {truth(), Nullable::kNo, nullptr, nullptr};
    case ExprKind::kInteger:
      return {Type::kInteger, Nullable::kNo, nullptr, nullptr};
    case ExprKind::kReal:
      return {Type::kReal, Nullable::kNo, nullptr, nullptr};
    case ExprKind::kText:
      return {Type::kText, Nullable::kNo, nullptr, nullptr};
    case ExprKind::kBlob:
      return {Type::kBlob, Nullable::kNo, nullptr, nullptr};
    case ExprKind::kParameter:
      return {};
    case ExprKind::kColumn: {
      Fact fact = scope.look_up(expr.qualifier, expr.name);
      // Beside an aggregate it is that of some row, and NULL when there is none.
      if (scope.is_one_group && scope.find(expr.qualifier, expr.name)) fact.nullable = Nullable::kYes;
      return fact;
    }
    case ExprKind::kAnd:
    case ExprKind::kOr:
    case ExprKind::kNot: {
      Nullable nullable = Nullable::kNo;
      for (const Expr& operand : expr.operands)
        nullable = either(nullable, evaluate(operand, scope).nullable);
      return {truth(), nullable, nullptr, nullptr};
    }
    case ExprKind::kCompare: {
      Fact fact = compare(expr.operands[0], expr.operands[1], scope);
      for (std::size_t i = 2; i < expr.operands.size(); ++i)  // `escape`
        evaluate(expr.operands[i], scope);
      return fact;
    }
    case ExprKind::kIs:
      compare(expr.operands[0], expr.operands[1], scope);
      return {truth(), Nullable::kNo, nullptr, nullptr};
    case ExprKind::kIsNull:
    case ExprKind::kIsNotNull:
      evaluate_all(expr.operands, scope);
      return {truth(), Nullable::kNo, nullptr, nullptr};
    case ExprKind::kBetween: {
      const Operand value = operand(expr.operands[0], scope);
      const Operand least = operand(expr.operands[1], scope);
      const Operand most = operand(expr.operands[2], scope);
      return {truth(), either(relate(value, least).nullable, relate(value, most).nullable), nullptr, nullptr};
    }
    case ExprKind::kIn:
      return evaluate_in(expr, scope);
    case ExprKind::kArithmetic:
      return evaluate_arithmetic(expr, scope);
    case ExprKind::kConcat:
      return {Type::kText,
              either(evaluate(expr.operands[0], scope).nullable, evaluate(expr.operands[1], scope).nullable),
              nullptr, nullptr};
    case ExprKind::kCall:
      return evaluate_call(expr, scope);
    case ExprKind::kCast:
      return {type_of_declaration(expr.name), evaluate(expr.operands[0], scope).nullable, nullptr, nullptr};
    case ExprKind::kCase:
      return evaluate_case(expr, scope);
    case ExprKind::kExists:
      analyse_query(*expr.query, &scope);
      return {truth(), Nullable::kNo, nullptr, nullptr};
    case ExprKind::kSubquery:
      return evaluate_subquery(expr, scope);
    case ExprKind::kTuple:
      evaluate_all(expr.operands, scope);
      return {};
  }
  return {};
}

Fact ExpressionAnalyser::compare(const Expr& left, const Expr& right, Scope& scope) {
  const bool are_tuples = left.kind == ExprKind::kTuple && right.kind == ExprKind::kTuple &&
                          left.operands.size() == right.operands.size();
  if (are_tuples) {
    Nullable nullable = Nullable::kNo;
    for (std::size_t i = 0; i < left.operands.size(); ++i)
      nullable = either(nullable, compare(left.operands[i], right.operands[i], scope).nullable);
    return {truth(), nullable, nullptr, nullptr};
  }
  return relate(operand(left, scope), operand(right, scope));
}

Fact ExpressionAnalyser::relate(const Operand& left, const Operand& right) {
  record(*left.expr, ParameterUse::kCompared, right.fact);
  record(*right.expr, ParameterUse::kCompared, left.fact);
  return {truth(), either(left.fact.nullable, right.fact.nullable), nullptr, nullptr};
}

Fact ExpressionAnalyser::evaluate_in(const Expr& expr, Scope& scope) {
  const Operand value = operand(expr.operands[0], scope);
  if (expr.query != nullptr) {
    const std::vector<ResultFact> results = analyse_query(*expr.query, &scope);
    if (results.size() == 1) record(*value.expr, ParameterUse::kCompared, results[0].value);
    return {truth(), Nullable::kUnknown, nullptr, nullptr};
  }
  Nullable nullable = value.fact.nullable;
  for (const Expr& each : llvm::drop_begin(expr.operands)) {
    const bool are_tuples = value.expr->kind == ExprKind::kTuple && each.kind == ExprKind::kTuple &&
                            value.expr->operands.size() == each.operands.size();
    if (are_tuples) {
      for (std::size_t i = 0; i < each.operands.size(); ++i) {
        if (value.expr->operands[i].kind == ExprKind::kColumn)
          record(each.operands[i], ParameterUse::kCompared, evaluate(value.expr->operands[i], scope));
      }
    }
    nullable = either(nullable, relate(value, operand(each, scope)).nullable);
  }
  return {truth(), nullable, nullptr, nullptr};
}

Fact ExpressionAnalyser::evaluate_arithmetic(const Expr& expr, Scope& scope) {
  Fact result = evaluate(expr.operands[0], scope);
  result.table = nullptr;
  result.column = nullptr;
  if (expr.operands.size() == 1) return result;
  const Fact left = result;
  const Fact right = evaluate(expr.operands[1], scope);
  // A number goes with a number; what goes with a time depends on the database.
  const Fact number = {Type::kReal, Nullable::kUnknown, nullptr, nullptr};
  if (is_numeric(right.type)) record(expr.operands[0], ParameterUse::kCompared, number);
  if (is_numeric(left.type)) record(expr.operands[1], ParameterUse::kCompared, number);
  result.nullable = either(left.nullable, right.nullable);
  result.type = common(left.type, right.type);
  if (!is_numeric(result.type)) result.type = Type::kUnknown;
  return result;
}

Fact ExpressionAnalyser::alternatives(const std::vector<Operand>& values, bool one_suffices) {
  const auto known =
      llvm::find_if(values, [](const Operand& value) { return value.fact.type != Type::kUnknown; });
  Fact result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& [expr, fact] = values[i];
    const bool says_nothing = expr->kind == ExprKind::kParameter || expr->kind == ExprKind::kNull;
    if (known != values.end()) record(*expr, ParameterUse::kCompared, known->fact);
    const Type type = says_nothing && known != values.end() ? known->fact.type : fact.type;
    result.type = i == 0 ? type : common(result.type, type);
    if (i == 0) {
      result.nullable = fact.nullable;
    } else if (!one_suffices) {
      result.nullable = either(result.nullable, fact.nullable);
    } else if (fact.nullable == Nullable::kNo || result.nullable == Nullable::kNo) {
      result.nullable = Nullable::kNo;
    } else if (fact.nullable == Nullable::kUnknown) {
      result.nullable = Nullable::kUnknown;
    }
  }
  return result;
}

Fact ExpressionAnalyser::evaluate_call(const Expr& expr, Scope& scope) {
  std::size_t count = expr.operands.size();
  if (expr.has_filter) evaluate(expr.operands[--count], scope);
  const Function* function = find_function(expr.name, count);
  const bool is_one_group = scope.is_one_group;
  if (function != nullptr && function->is_aggregate) scope.is_one_group = false;
  std::vector<Operand> arguments;
  for (std::size_t i = 0; i < count; ++i)
    arguments.push_back(operand(expr.operands[i], scope));
  scope.is_one_group = is_one_group;
  if (count > 0 && (expr.name == "coalesce" || expr.name == "ifnull")) return alternatives(arguments, true);
  if (count == 3 && (expr.name == "iif" || expr.name == "if"))
    return alternatives({arguments[1], arguments[2]}, false);
  if (count == 2 && expr.name == "nullif") {
    relate(arguments[0], arguments[1]);
    return {arguments[0].fact.type, Nullable::kYes, nullptr, nullptr};
  }
  Fact result;
  if (count > 0) result.type = arguments[0].fact.type;
  Nullable any = Nullable::kNo;
  for (const Operand& argument : arguments)
    any = either(any, argument.fact.nullable);
  if (function == nullptr) return {};
  if (!function->has_type_of_argument) result.type = function->type;
  // SQLite's words for the time are text that is no RFC 3339.
  const bool is_moment = function->type == Type::kTimestamp || function->type == Type::kDate;
  if (is_moment && analyst_.dialect() == Dialect::kSqlite) result.type = Type::kText;
  if (expr.name == "sum" && result.type == Type::kDecimal) result.type = Type::kUnknown;
  switch (function->null) {
    case Function::Null::kNever:
      result.nullable = Nullable::kNo;
      break;
    case Function::Null::kStrict:
      result.nullable = any;
      break;
    case Function::Null::kUnknown:
      break;
    case Function::Null::kEmpty:
      result.nullable = any;
      if (expr.has_filter || is_one_group) result.nullable = Nullable::kYes;
      if (expr.has_window) result.nullable = Nullable::kUnknown;
      break;
  }
  return result;
}

Fact ExpressionAnalyser::evaluate_case(const Expr& expr, Scope& scope) {
  std::size_t next = 0;
  std::optional<Operand> subject;
  if (expr.has_subject) subject = operand(expr.operands[next++], scope);
  const std::set<Place> before = scope.not_null;
  const std::size_t pairs_end = expr.operands.size() - (expr.has_else ? 1 : 0);
  std::vector<Operand> values;
  for (; next + 1 < pairs_end; next += 2) {
    const Operand condition = operand(expr.operands[next], scope);
    // Where the condition holds, its columns are not NULL; behind `when x is null` they are not either.
    if (subject) {
      relate(*subject, condition);
    } else {
      assume(*condition.expr, scope);
    }
    values.push_back(operand(expr.operands[next + 1], scope));
    scope.not_null = before;
  }
  if (expr.has_else) {
    if (!subject) assume_not(expr.operands[0], scope);
    values.push_back(operand(expr.operands.back(), scope));
    scope.not_null = before;
  }
  Fact result = alternatives(values, false);
  // Without `else` it is NULL when no condition holds, and whether one always does is not seen here.
  if (!expr.has_else) result.nullable = either(result.nullable, Nullable::kUnknown);
  return result;
}

Fact ExpressionAnalyser::evaluate_subquery(const Expr& expr, Scope& scope) {
  const std::vector<ResultFact> results = analyse_query(*expr.query, &scope);
  if (results.size() != 1) return {};
  Fact fact = results[0].value;
  const std::vector<Core>& cores = expr.query->cores;
  const bool has_one_row =
      cores.size() == 1 && !cores[0].is_values && cores[0].group_by.empty() && !cores[0].having &&
      expr.query->limits.empty() &&
      (llvm::any_of(cores[0].items, [](const Item& item) { return has_aggregate(item.value); }) ||
       (cores[0].from.empty() && !cores[0].where));
  // Whether it finds a row is not seen here.
  if (!has_one_row) fact.nullable = either(fact.nullable, Nullable::kUnknown);
  return fact;
}

bool ExpressionAnalyser::has_aggregate(const Expr& expr) {
  if (expr.kind == ExprKind::kCall && !expr.has_window) {
    const Function* function = find_function(expr.name, expr.operands.size() - (expr.has_filter ? 1 : 0));
    if (function != nullptr && function->is_aggregate) return true;
  }
  return llvm::any_of(expr.operands, [](const Expr& operand) { return has_aggregate(operand); });
}

}  // namespace zc::sql
