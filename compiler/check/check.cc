// The order of the checks: names, types, steps, flows, then the analyses of each flow's graph.

#include "compiler/check/check.h"

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/context.h"
#include "compiler/check/effects/effect_checks.h"
#include "compiler/check/flows/call_graph.h"
#include "compiler/check/flows/expansion.h"
#include "compiler/check/flows/flows.h"
#include "compiler/check/flows/idempotency.h"
#include "compiler/check/governance/deprecation.h"
#include "compiler/check/governance/governance.h"
#include "compiler/check/middleware/middleware.h"
#include "compiler/check/names/declare.h"
#include "compiler/check/names/former_names.h"
#include "compiler/check/names/packages.h"
#include "compiler/check/names/unused.h"
#include "compiler/check/routes/routes.h"
#include "compiler/check/sagas/saga_checks.h"
#include "compiler/check/sql/sql.h"
#include "compiler/check/steps/adapters.h"
#include "compiler/check/steps/steps.h"
#include "compiler/check/types/types.h"

#include <utility>

namespace zc::check {

model::Program check(llvm::MutableArrayRef<LoadedFile> files, diagnostics::DiagnosticEngine& engine,
                     sql::Server* server, PhaseObserver observe) {
  Context context(files, engine, observe);
  context.begin("names");
  collect_packages(context);
  collect_declarations(context);
  context.begin("types");
  resolve_types(context);
  context.release(syntax::Part::kTypes);
  resolve_adapters(context);
  resolve_policies(context);
  resolve_targets(context);
  resolve_services(context);
  context.begin("steps");
  resolve_steps(context);
  check_step_effects(context);
  check_undos(context);
  context.release(syntax::Part::kSteps);
  context.begin("sql");
  check_sql(context, server);
  context.begin("flows");
  resolve_flow_heads(context);
  WrittenBodies bodies = resolve_bodies(context);
  const MiddlewareRules rules(context.program);
  check_rule_cycles(context, rules);
  arrange_middleware(context.program, rules, bodies);
  context.release(syntax::Part::kRest);
  const CutCalls cut = find_recursion(context, bodies);
  expand_flows(context, std::move(bodies), cut);
  check_middleware(context, rules);
  check_former_names(context);
  context.begin("routes");
  check_routes(context);
  check_path_parameters(context);
  context.begin("governance");
  check_owners(context);
  check_addresses(context);
  check_deprecations(context);
  check_url_data(context);
  check_flows(context);
  check_idempotency(context);
  context.begin("unused");
  report_unused(context);
  return std::move(context.program);
}

}  // namespace zc::check
