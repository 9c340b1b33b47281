// Flows, jobs, crons, chains and services: heads, settings and bodies.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Heads and settings of all flows, and services. Needs slots and policies.
void resolve_flow_heads(Context& context);
void resolve_services(Context& context);

// The bodies of chains and flows, without expansion. Needs steps and heads.
struct WrittenBodies {
  std::vector<model::Block> flows;  // by FlowId, `before` first
};
[[nodiscard]] WrittenBodies resolve_bodies(Context& context);

}  // namespace zc::check
