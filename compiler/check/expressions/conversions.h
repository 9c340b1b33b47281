// Which values may stand where a type is wanted.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Whether a value of `from` may stand for `to` without being asked: the same type, a wider number, an
// optional of it. Scalars are strong: they convert to nothing and nothing converts to them.
[[nodiscard]] bool can_convert(const Context& context, model::TypeId from, model::TypeId to);

// `value` as `wanted`; reports a mismatch, and then answers an expression of type `kError`.
[[nodiscard]] model::Expression convert(Context& context, model::Expression value, model::TypeId wanted);

// Whether text can be made of it by interpolation.
[[nodiscard]] bool is_formattable(const Context& context, model::TypeId type);
// Whether it can be one column of a row.
[[nodiscard]] bool is_column(const Context& context, model::TypeId type);
// Whether it can be a parameter of a statement: what can be a column, and lists of structs, which are JSON.
[[nodiscard]] bool is_bindable(const Context& context, model::TypeId type);
// Whether one can be read from a path, query, header or cookie.
[[nodiscard]] bool is_text_decodable(const Context& context, model::TypeId type);

}  // namespace zc::check
