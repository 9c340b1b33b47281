// Structs and enums that are sent as Protocol Buffers: the numbers of their parts, and what has a form there.

#pragma once

#include "compiler/check/context.h"

#include <cstdint>

namespace zc::check {

// The number of a field or an enumerator whose trait could not be read.
constexpr std::uint32_t kUnknownNumber = 0xFFFF'FFF0;

// `@field(3)`, `@field(3, fixed)` of a field or parameter of that type.
[[nodiscard]] std::optional<model::FieldNumber> field_number(Context& context,
                                                             llvm::ArrayRef<syntax::Trait> traits,
                                                             model::TypeId type);
// `@number(2)` of an enumerator.
[[nodiscard]] std::optional<std::uint32_t> enumerator_number(Context& context,
                                                             llvm::ArrayRef<syntax::Trait> traits);

// Says which structs are messages and which enums have numbers, and what is wrong with them. Behind the
// fields of all structs.
void check_messages(Context& context);

// The parameters of a call as the fields of its message; of only one, which is a message or a stream of
// messages, as that.
void check_message(Context& context, llvm::ArrayRef<model::OperationParameter> parameters);
[[nodiscard]] bool is_message(const Context& context, model::TypeId type);

}  // namespace zc::check
