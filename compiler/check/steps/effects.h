// Calls of operations on targets, and groups of them.

#pragma once

#include "compiler/check/expressions/expressions.h"

namespace zc::check {

// Where the result of a call goes. `slot` is none when it goes nowhere.
struct Destination {
  model::SlotId slot;
  bool optional = false;
};

// Resolves an effect of `scope`'s step: target, operation, arguments, result against the destination, policy,
// key. None when the target or operation is not known, which was reported.
[[nodiscard]] std::optional<model::EffectCall> resolve_effect(Context& context, const ExpressionScope& scope,
                                                              const syntax::Effect& effect,
                                                              Destination destination);

// The group of a step; its members write the step's slots.
[[nodiscard]] model::Group resolve_group(Context& context, const ExpressionScope& scope,
                                         const syntax::Group& group);

}  // namespace zc::check
