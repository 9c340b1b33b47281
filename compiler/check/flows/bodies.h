// Statements of flows and chains, resolved but not yet expanded.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Statements that name chains and flows leave their `branches` empty: see `expand_flows`.
// `answers`: it is the body of a flow that clients reach.
[[nodiscard]] model::Block resolve_block(Context& context, model::PackageId package,
                                         const syntax::Block& block, bool answers);

// `before a, b`: uses of steps and chains.
[[nodiscard]] model::Block resolve_before(Context& context, model::PackageId package,
                                          llvm::ArrayRef<syntax::QualifiedName> names);

}  // namespace zc::check
