// Flows, jobs, crons, chains and services: heads, settings and bodies.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Heads and settings of all flows, and services. Needs slots and policies.
void resolve_flow_heads(Context& context);
void resolve_services(Context& context);
// What the service of the flow's package says of it: the base of its route, its deadline when it has none.
void apply_service(const model::Program& program, model::Flow& flow);

// The bodies of chains and flows, without expansion. Needs steps and heads.
struct WrittenBodies {
  std::vector<model::Block> flows;  // by FlowId, `before` first
};
[[nodiscard]] WrittenBodies resolve_bodies(Context& context);

}  // namespace zc::check
