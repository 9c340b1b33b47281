// Operators, and the arguments of calls.

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/expressions/expressions.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <algorithm>
#include <utility>

namespace zc::check {

using model::Expression;
using model::ExpressionKind;
using model::Operator;
using model::TypeKind;

namespace {

Operator operator_of(syntax::BinaryOperator op) {
  switch (op) {
    case syntax::BinaryOperator::kCoalesce:
      return Operator::kCoalesce;
    case syntax::BinaryOperator::kOr:
      return Operator::kOr;
    case syntax::BinaryOperator::kAnd:
      return Operator::kAnd;
    case syntax::BinaryOperator::kEqual:
      return Operator::kEqual;
    case syntax::BinaryOperator::kNotEqual:
      return Operator::kNotEqual;
    case syntax::BinaryOperator::kLess:
      return Operator::kLess;
    case syntax::BinaryOperator::kLessEqual:
      return Operator::kLessEqual;
    case syntax::BinaryOperator::kGreater:
      return Operator::kGreater;
    case syntax::BinaryOperator::kGreaterEqual:
      return Operator::kGreaterEqual;
    case syntax::BinaryOperator::kAdd:
      return Operator::kAdd;
    case syntax::BinaryOperator::kSubtract:
      return Operator::kSubtract;
    case syntax::BinaryOperator::kMultiply:
      return Operator::kMultiply;
    case syntax::BinaryOperator::kDivide:
      return Operator::kDivide;
    case syntax::BinaryOperator::kRemainder:
      return Operator::kRemainder;
  }
  return Operator::kOr;
}

bool is_equality(Operator op) { return op == Operator::kEqual || op == Operator::kNotEqual; }
bool is_ordering(Operator op) {
  return op == Operator::kLess || op == Operator::kLessEqual || op == Operator::kGreater ||
         op == Operator::kGreaterEqual;
}

bool is_null_literal(const syntax::Expr& expr) {
  const auto* literal = llvm::dyn_cast<syntax::LiteralExpr>(&expr);
  return literal != nullptr && literal->literal == syntax::LiteralKind::kNull;
}

bool has_order(const Context& context, model::TypeId type) {
  const TypeKind kind = context.types.kind(strip_scalar(context, type));
  return is_number(kind) || kind == TypeKind::kString || kind == TypeKind::kTimestamp ||
         kind == TypeKind::kDuration;
}

// The result of arithmetic, none when the operands do not fit.
std::optional<TypeKind> arithmetic_result(Operator op, TypeKind left, TypeKind right) {
  const bool sums = op == Operator::kAdd || op == Operator::kSubtract;
  if (left == TypeKind::kTimestamp) {
    if (sums && right == TypeKind::kDuration) return TypeKind::kTimestamp;
    if (op == Operator::kSubtract && right == TypeKind::kTimestamp) return TypeKind::kDuration;
    return std::nullopt;
  }
  if (left == TypeKind::kDuration) {
    if (sums && right == TypeKind::kDuration) return TypeKind::kDuration;
    if ((op == Operator::kMultiply || op == Operator::kDivide) && is_integer(right))
      return TypeKind::kDuration;
    return std::nullopt;
  }
  if (!is_number(left) || left != right) return std::nullopt;
  if (op == Operator::kRemainder && !is_integer(left)) return std::nullopt;
  if (op == Operator::kDivide && left == TypeKind::kDecimal) return std::nullopt;  // has no exact result
  return left;
}

}  // namespace

Expression ExpressionChecker::unary(const syntax::UnaryExpr& unary, model::TypeId hint) {
  if (unary.operand == nullptr) return error(unary.span);
  const bool is_not = unary.op == syntax::UnaryOperator::kNot;
  const model::TypeId boolean = context_.types.simple(TypeKind::kBool);
  Expression operand = is_not ? check(*unary.operand, boolean) : infer(*unary.operand, hint);
  const TypeKind kind = context_.types.kind(operand.type);
  const bool is_signed = is_number(kind) && kind != TypeKind::kU32 && kind != TypeKind::kU64;
  if (!is_not && !is_signed && kind != TypeKind::kDuration && kind != TypeKind::kError) {
    context_.engine.report(Kind::kOperandType, unary.span, "-", "`" + context_.text(operand.type) + "`");
    return error(unary.span);
  }
  Expression result = make(ExpressionKind::kUnary, is_not ? boolean : operand.type, unary.span);
  result.op = is_not ? Operator::kNot : Operator::kNegate;
  result.operands.push_back(std::move(operand));
  return result;
}

Expression ExpressionChecker::coalesce(const syntax::BinaryExpr& binary, model::TypeId hint) {
  // Folded from the right: the last operand decides whether the whole may be absent.
  std::vector<const syntax::Expr*> operands{binary.first};
  for (const syntax::BinaryLink& link : binary.links)
    operands.push_back(link.operand);
  if (std::any_of(operands.begin(), operands.end(),
                  [](const syntax::Expr* operand) { return operand == nullptr; })) {
    return error(binary.span);
  }
  const model::TypeId optional_hint = hint.is_valid() ? context_.types.optional(hint) : hint;
  std::vector<Expression> values;
  model::TypeId known = hint;
  for (std::size_t i = 0; i + 1 < operands.size(); ++i) {
    Expression value = type(*operands[i], optional_hint, /*may_be_unset=*/true);
    const TypeKind kind = context_.types.kind(value.type);
    const bool is_environment =
        value.kind == ExpressionKind::kEnvironment || value.kind == ExpressionKind::kSecret;
    if (kind != TypeKind::kOptional && kind != TypeKind::kNull && kind != TypeKind::kError &&
        !is_environment) {
      context_.engine.report(Kind::kNeverAbsent, operands[i]->span, context_.text(value.type))
          .help("leave the `??` and what follows it out");
    }
    if (!known.is_valid()) known = context_.types.strip_optional(value.type);
    values.push_back(std::move(value));
  }
  Expression result = type(*operands.back(), known, /*may_be_unset=*/false);
  for (std::size_t i = values.size(); i-- > 0;) {
    const model::TypeId inner = context_.types.strip_optional(values[i].type);
    const bool stays_optional =
        context_.types.is_optional(result.type) || context_.types.kind(result.type) == TypeKind::kNull;
    const model::TypeId type = stays_optional ? context_.types.optional(inner) : inner;
    const Span span = cover(values[i].span, result.span);
    Expression right = convert(context_, std::move(result), type);
    result = make(ExpressionKind::kBinary, type, span);
    result.op = Operator::kCoalesce;
    result.operands.push_back(std::move(values[i]));
    result.operands.push_back(std::move(right));
  }
  return result;
}

bool ExpressionChecker::is_open(const syntax::Expr& expr) {
  if (const auto* path = llvm::dyn_cast<syntax::PathExpr>(&expr)) {
    std::size_t used = 0;
    return path->segments.size() == 1 && !find_slot(*path, used);
  }
  if (const auto* string = llvm::dyn_cast<syntax::StringExpr>(&expr))
    return !string->has_interpolation() && string->tag.is_missing();
  return llvm::isa<syntax::LiteralExpr>(expr);
}

Expression ExpressionChecker::binary(const syntax::BinaryExpr& binary, model::TypeId hint) {
  if (binary.first == nullptr || binary.links.front().operand == nullptr) return error(binary.span);
  const Operator op = operator_of(binary.links.front().op);
  const bool compares = is_equality(op) || is_ordering(op);
  const bool is_logical = op == Operator::kAnd || op == Operator::kOr;
  if (compares && binary.links.size() > 1) return error(binary.span);  // reported: comparisons do not chain
  const syntax::Expr& second = *binary.links.front().operand;
  const model::TypeId hint_of_operands =
      is_logical ? context_.types.simple(TypeKind::kBool) : (compares ? model::TypeId() : hint);
  Expression result;
  Expression right;
  const bool is_left_open = number_literal(*binary.first) || is_null_literal(*binary.first) ||
                            (is_open(*binary.first) && !is_open(second));
  if (compares && is_left_open) {
    // A literal on the left takes its type from the right.
    right = type(second, {}, is_equality(op) && is_null_literal(*binary.first));
    result = type(*binary.first, right.type, false);
  } else {
    result = type(*binary.first, hint_of_operands, is_equality(op) && is_null_literal(second));
    right = type(second, is_logical ? hint_of_operands : result.type, false);
  }
  result = combine(binary.links.front(), std::move(result), std::move(right));
  for (const syntax::BinaryLink& link : binary.links.drop_front()) {
    if (link.operand == nullptr) return error(binary.span);
    right = type(*link.operand, result.type, false);
    result = combine(link, std::move(result), std::move(right));
  }
  return result;
}

Expression ExpressionChecker::combine(const syntax::BinaryLink& link, Expression left, Expression right) {
  const Operator op = operator_of(link.op);
  const model::TypeId boolean = context_.types.simple(TypeKind::kBool);
  const bool is_logical = op == Operator::kAnd || op == Operator::kOr;
  const Span span = cover(left.span, right.span);
  const TypeKind left_kind = context_.types.kind(left.type);
  const TypeKind right_kind = context_.types.kind(right.type);
  if (left_kind == TypeKind::kError || right_kind == TypeKind::kError) {
    const bool is_boolean = is_logical || is_equality(op) || is_ordering(op);
    return is_boolean ? make(ExpressionKind::kError, boolean, span) : error(span);
  }
  const auto mismatch = [&]() {
    context_.engine.report(Kind::kOperandType, span, syntax::spelling(link.op),
                           "`" + context_.text(left.type) + "` and `" + context_.text(right.type) + "`");
    return error(span);
  };
  if (left.type != right.type) {  // the narrower number becomes the wider one
    if (can_convert(context_, right.type, left.type)) {
      right = convert(context_, std::move(right), left.type);
    } else if (can_convert(context_, left.type, right.type)) {
      left = convert(context_, std::move(left), right.type);
    } else if (is_equality(op) || is_ordering(op)) {
      return mismatch();
    }
  }
  model::TypeId type = boolean;
  if (is_logical) {
    if (left.type != boolean || right.type != boolean) return mismatch();
  } else if (is_ordering(op)) {
    if (!has_order(context_, left.type)) return mismatch();
  } else if (!is_equality(op)) {
    const auto kind = arithmetic_result(op, context_.types.kind(left.type), context_.types.kind(right.type));
    if (!kind) return mismatch();
    type = context_.types.simple(*kind);
  }
  Expression result = make(ExpressionKind::kBinary, type, span);
  result.op = op;
  result.operands.push_back(std::move(left));
  result.operands.push_back(std::move(right));
  return result;
}

std::optional<std::vector<const syntax::Expr*>> match_arguments(
    Context& context, llvm::ArrayRef<syntax::Argument> written,
    llvm::ArrayRef<model::OperationParameter> parameters, Span call, llvm::StringRef callee, Span declared) {
  std::vector<const syntax::Expr*> matched(parameters.size());
  bool is_good = true;
  std::size_t position = 0;
  for (const syntax::Argument& argument : written) {
    if (argument.value == nullptr) return std::nullopt;
    std::size_t index = position;
    if (!argument.name.is_missing()) {
      index = 0;
      while (index < parameters.size() && parameters[index].name != argument.name.text)
        ++index;
      if (index == parameters.size()) {
        auto& diagnostic = context.engine.report(
            Kind::kWrongArguments, argument.name.span,
            "`" + callee.str() + "` has no parameter `" + argument.name.text.str() + "`");
        std::vector<llvm::StringRef> known;
        for (const model::OperationParameter& parameter : parameters)
          known.push_back(parameter.name);
        if (const auto guess = diagnostics::did_you_mean(argument.name.text, known)) {
          diagnostic.fix("write `" + *guess + "`", argument.name.span, *guess);
        }
        is_good = false;
        continue;
      }
    } else {
      ++position;
    }
    if (index >= parameters.size()) {
      context.engine
          .report(Kind::kWrongArguments, argument.value->span,
                  "`" + callee.str() + "` takes " + std::to_string(parameters.size()) +
                      (parameters.size() == 1 ? " argument, not " : " arguments, not ") +
                      std::to_string(written.size()))
          .secondary(declared, "declared here");
      return std::nullopt;
    }
    if (matched[index] != nullptr) {
      context.engine
          .report(Kind::kWrongArguments, argument.value->span,
                  "parameter `" + parameters[index].name + "` is given twice")
          .secondary(matched[index]->span, "first given here");
      is_good = false;
      continue;
    }
    matched[index] = argument.value;
  }
  for (std::size_t i = 0; i < parameters.size() && is_good; ++i) {
    if (matched[i] != nullptr || parameters[i].default_value) continue;
    context.engine
        .report(Kind::kWrongArguments, call,
                "`" + callee.str() + "` needs an argument for `" + parameters[i].name + "`")
        .secondary(parameters[i].span, "declared here");
    is_good = false;
  }
  if (!is_good) return std::nullopt;
  return matched;
}

std::vector<Expression> ExpressionChecker::arguments(llvm::ArrayRef<syntax::Argument> written,
                                                     llvm::ArrayRef<model::OperationParameter> parameters,
                                                     Span call, llvm::StringRef callee, Span declared) {
  std::vector<Expression> result;
  const auto matched = match_arguments(context_, written, parameters, call, callee, declared);
  if (!matched) return result;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const model::TypeId type = parameters[i].type;
    result.push_back((*matched)[i] != nullptr
                         ? check(*(*matched)[i], type)
                         : constant_expression(*parameters[i].default_value, type, call));
  }
  return result;
}

}  // namespace zc::check
