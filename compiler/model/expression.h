// Resolved, typed expressions: what steps, targets and answers are made of.

#pragma once

#include "compiler/model/types.h"

#include <cstdint>
#include <string>
#include <vector>

namespace zc::model {

enum class RequestPart : std::uint8_t {
  kJson,
  kBody,
  kPath,
  kQuery,
  kHeader,
  kCookie,
  kClientIp,
  kIdempotencyKey,
  kMethod
};

enum class Operator : std::uint8_t {
  kOr,
  kAnd,
  kCoalesce,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
  kNot,
  kNegate
};

enum class ExpressionKind : std::uint8_t {
  kError,
  kConstant,   // `constant`
  kSlot,       // `slot`; optional when the slot may be unset here (`type` says so)
  kParameter,  // `parameter`: a parameter of the enclosing job, or the element of an `each`
  kRequest,    // `part`, with `name` for path, query, header and cookie
  kField,      // operands[0].`field` of a struct
  kUnary,
  kBinary,  // `op` over the operands
  kObject,  // `names[i]`: operands[i]
  kList,
  kStruct,  // construction of a struct from an object literal; operands in the struct's field order, kError
            // kind = default
  kInterpolation,  // plain string: operands are string constants and values to format, in order
  kUrl,            // like kInterpolation, but each value is percent-encoded as one path segment
  kStatement,      // tagged sql: operands are string constants and values to bind, in order
  kEnvironment,    // env.`name`, in a target's arguments
  kSecret,         // secret.`name`
  kConvert,        // operands[0] implicitly converted to `type` (widening, wrapping into optional)
};

struct Expression {
  ExpressionKind kind = ExpressionKind::kError;
  Operator op = Operator::kOr;
  RequestPart part = RequestPart::kJson;
  TypeId type;
  Span span;
  SlotId slot;
  StructId structure;       // kField: the struct that owns the field
  std::uint32_t field = 0;  // kField: index in it
  std::uint32_t parameter = 0;
  std::string name;
  Constant constant;
  std::vector<std::string> names;
  std::vector<Expression> operands;
};

}  // namespace zc::model
