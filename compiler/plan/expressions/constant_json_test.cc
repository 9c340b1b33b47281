#include "compiler/plan/expressions/constant_json.h"

#include "compiler/plan/program_builder.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace zc::plan {
namespace {

using model::Constant;
using model::Expression;
using model::ExpressionKind;
using model::TypeKind;

class ConstantJson : public ::testing::Test {
 protected:
  ProgramBuilder builder;

  Expression of(Constant constant, TypeKind type) {
    Expression result;
    result.kind = ExpressionKind::kConstant;
    result.type = builder.simple(type);
    result.constant = std::move(constant);
    return result;
  }
  Expression integer(std::uint64_t magnitude, TypeKind type, bool negative = false) {
    Constant constant;
    constant.kind = Constant::Kind::kInteger;
    constant.integer = magnitude;
    constant.negative = negative;
    return of(constant, type);
  }
  Expression floating(double value, TypeKind type) {
    Constant constant;
    constant.kind = Constant::Kind::kFloat;
    constant.floating = value;
    return of(constant, type);
  }
  static Expression sequence(ExpressionKind kind, std::vector<std::string> names,
                             std::vector<Expression> operands) {
    Expression result;
    result.kind = kind;
    result.names = std::move(names);
    result.operands = std::move(operands);
    return result;
  }
  std::optional<std::string> json(const Expression& expression) const {
    return constant_json(builder.program, expression);
  }
};

TEST_F(ConstantJson, ValuesAreWrittenAsTheRuntimeWritesThem) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(json(integer(kMost, TypeKind::kU64)), "18446744073709551615");
  EXPECT_EQ(json(integer(std::uint64_t{1} << 63U, TypeKind::kI64, true)), "-9223372036854775808");
  EXPECT_EQ(json(integer(0, TypeKind::kI32, true)), "0");
  EXPECT_EQ(json(integer(2, TypeKind::kF64)), "2");
  EXPECT_EQ(json(floating(0.1, TypeKind::kF64)), "0.1");
  EXPECT_EQ(json(floating(1e300, TypeKind::kF64)), "1e+300");
  EXPECT_EQ(json(of(Constant(), TypeKind::kNull)), "null");
  EXPECT_EQ(json(builder.text("plain")), R"("plain")");
}

TEST_F(ConstantJson, OnlyWhatMustBeIsEscaped) {
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(json_string(llvm::StringRef("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(json_string("h\xC3\xA9"), "\"h\xC3\xA9\"");
}

TEST_F(ConstantJson, ObjectsAndListsNest) {
  const Expression list =
      sequence(ExpressionKind::kList, {}, {integer(1, TypeKind::kI64), integer(2, TypeKind::kI64)});
  const Expression inner = sequence(ExpressionKind::kObject, {"x-\"y\""}, {list});
  EXPECT_EQ(json(sequence(ExpressionKind::kObject, {"a", "b"}, {builder.text(""), inner})),
            R"({"a":"","b":{"x-\"y\"":[1,2]}})");
  EXPECT_EQ(json(sequence(ExpressionKind::kObject, {}, {})), "{}");
}

TEST_F(ConstantJson, OneValueOfARequestIsEnoughForNone) {
  const Expression read = builder.read(builder.slot("left", builder.simple(TypeKind::kI64)));
  EXPECT_EQ(json(read), std::nullopt);
  EXPECT_EQ(json(sequence(ExpressionKind::kObject, {"a", "left"}, {builder.text("a"), read})), std::nullopt);
}

TEST_F(ConstantJson, DecimalsAreLeftToTheRuntime) {
  EXPECT_EQ(json(integer(1, TypeKind::kDecimal)), std::nullopt);
  EXPECT_EQ(json(floating(0.5, TypeKind::kDecimal)), std::nullopt);
}

}  // namespace
}  // namespace zc::plan
