// How the kinds in which an operation fails become declared errors.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Resolves `fails` of a step, whose kinds `raised` must be covered by exactly one error each, and fills
// `fails` and `mappings`; statuses (`on 402`) come on top of the kinds. Without a clause the prelude's
// standard errors stand for every kind. Reports kinds that are not covered or covered twice, errors that
// stand for nothing that happens, and fields of an error that cannot be filled.
void resolve_effect_failures(Context& context, model::Step& step, llvm::ArrayRef<syntax::FailsClause> written,
                             model::Kinds raised, Span place);

// `fails` of a step whose body is C++: the errors that it may decide for.
void resolve_body_failures(Context& context, model::Step& step, llvm::ArrayRef<syntax::FailsClause> written);

}  // namespace zc::check
