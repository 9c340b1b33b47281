// What is in force for a call once the defaults have filled in what nobody has written, for people.
#pragma once

#include "compiler/model/program.h"

#include <string>

namespace zc::plan {

// Empty for `clock` and `random`, which answer at once. "attempts 3 of 200 ms each, pauses of at most 20 ms,
// 40 ms, hedges none". Of a flow without a deadline, when the policy has no timeout.
[[nodiscard]] std::string effective_policy(const model::Program& program, const model::EffectCall& call);
// "in_flight 64, queue 0, breaker 50 % of 20 open 5 s, retry_budget unbounded".
[[nodiscard]] std::string effective_limits(const model::Target& target);

}  // namespace zc::plan
