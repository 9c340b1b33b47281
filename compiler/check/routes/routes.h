// Routes: the templates of paths, and how routes and slugs stand to each other.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Reads a trigger. Reports templates that are none, double parameters, and methods that do not exist.
[[nodiscard]] model::Route resolve_route(Context& context, const syntax::RouteTrigger& trigger);

// Reports routes that match the same requests with equal rank, and slugs and aliases that stand twice. Linear
// in the number of routes.
void check_routes(Context& context);

// Reports parameters of a path that no step reads, and steps that read parameters which the path does not
// have. Needs expanded flows.
void check_path_parameters(Context& context);

}  // namespace zc::check
