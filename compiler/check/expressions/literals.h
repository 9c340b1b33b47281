// Literals as constants of a type: defaults of fields and parameters, bounds of `@range`.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// The value of `expr` as a constant of `type`; reports what is no literal or does not fit. Enumerators may be
// written with or without their enum.
[[nodiscard]] std::optional<model::Constant> literal_constant(Context& context, const syntax::Expr& expr,
                                                              model::TypeId type);

// Less than, equal to or greater than zero. Both are constants of one type that has an order.
[[nodiscard]] int compare_constants(const model::Constant& left, const model::Constant& right);

// Whether the integer fits into a built-in integer type.
[[nodiscard]] bool fits_integer(model::TypeKind kind, bool negative, std::uint64_t magnitude);
[[nodiscard]] bool is_integer(model::TypeKind kind);
[[nodiscard]] bool is_number(model::TypeKind kind);  // integers, f64 and decimal

// `expr` as a literal of that kind; null when it is nothing or something else.
[[nodiscard]] const syntax::LiteralExpr* literal_of(const syntax::Expr* expr, syntax::LiteralKind kind);

// A number literal for diagnostics and constants: "-12".
struct NumberLiteral {
  const syntax::LiteralExpr* literal = nullptr;
  bool negative = false;
};
// `12`, `-12`, `1.5`: none for anything else.
[[nodiscard]] std::optional<NumberLiteral> number_literal(const syntax::Expr& expr);

// What a scalar holds in the end; any other type itself.
[[nodiscard]] model::TypeId strip_scalar(const Context& context, model::TypeId type);

// Whether text from outside can say a value of the type: what a target takes from the environment.
[[nodiscard]] bool is_configurable(const Context& context, model::TypeId type);

// The index of an enumerator, none when the enum has no such value.
[[nodiscard]] std::optional<std::uint32_t> find_enumerator(const model::Enum& enumeration,
                                                           llvm::StringRef name);

// A number as a constant of the number type `kind`, which is no scalar; reports what does not fit.
[[nodiscard]] std::optional<model::Constant> number_constant(Context& context, const syntax::Expr& expr,
                                                             const NumberLiteral& number, model::TypeId type);

}  // namespace zc::check
