// Flows, jobs, crons, chains and services: heads, settings and bodies.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Heads and settings of all flows, and services. Needs slots and policies.
void resolve_flow_heads(Context& context);
void resolve_services(Context& context);
// What the service of the flow's package says of it: the base of its route, its deadline when it has none.
void apply_service(const model::Program& program, model::Flow& flow);

// The bodies of chains and flows, without expansion. Needs steps and heads. By FlowId.
struct WrittenBodies {
  std::vector<model::Block> before;      // the list of the flow: what runs where it is called, too
  std::vector<model::Block> middleware;  // the same with what its service adds, in order
  std::vector<model::Block> flows;
};
[[nodiscard]] WrittenBodies resolve_bodies(Context& context);

}  // namespace zc::check
