// `return` statements: what a flow answers.

#pragma once

#include "compiler/check/expressions/expressions.h"

namespace zc::check {

[[nodiscard]] model::Answer resolve_answer(Context& context, ExpressionChecker& checker,
                                           const syntax::ReturnStatement& written);

}  // namespace zc::check
