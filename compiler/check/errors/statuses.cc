// Statuses of the errors that reach a client.

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/model/outcome/outcome.h"

namespace zc::check {

namespace {

// What is written where none is: that of the error's first kind, else what a client is answered with anyway.
unsigned usual_status(model::Kinds kinds) {
  struct Usual {
    model::Kind kind;
    unsigned status;
  };
  constexpr Usual kUsual[] = {{model::kInvalid, 400},  {model::kMissing, 404},     {model::kConflict, 409},
                              {model::kRejected, 422}, {model::kUnavailable, 503}, {model::kTimeout, 504}};
  for (const Usual& usual : kUsual) {
    if ((kinds & usual.kind) != 0) return usual.status;
  }
  return 500;
}

// The place in a step's `fails` that says so, else the step's name.
Span raise_place(const model::Step& step, model::ErrorId error) {
  for (const model::ErrorMapping& mapping : step.mappings) {
    if (mapping.error == error) return mapping.span;
  }
  return step.origin.span;
}

}  // namespace

void report_missing_statuses(Context& context, const FlowReports& reports) {
  const model::Program& program = context.program;
  for (std::size_t i = 0; i < program.errors.size(); ++i) {
    const model::ErrorId id(i);
    const model::ErrorType& error = program.errors[id];
    const ClientError& place = reports.client_error(id);
    if (error.http_status || !place.flow.is_valid()) continue;
    const model::Step& step = program.steps[place.raiser];
    const std::string& flow = program.flows[place.flow].origin.name;
    const std::string status = std::to_string(usual_status(error.kinds));
    auto& diagnostic = context.engine.report(Kind::kMissingStatus, error.origin.span, error.origin.name);
    diagnostic.secondary(raise_place(step, id), "step `" + step.origin.name + "` raises it")
        .secondary(place.use, "and leaves flow `" + flow + "` with it")
        .note("step `" + step.origin.name + "` raises it when " + model::cause_text(program, step, id))
        .fix("answer it with " + status, error.begin, "@http(" + status + ") ");
    if (error.domain.is_valid()) {
      const model::Origin& domain = program.domains[error.domain].origin;
      diagnostic.help("`@http` of domain `" + domain.name + "` counts for its errors that have none");
    }
    diagnostic.help("or handle it in the flow: `rescue " + error.origin.name + " { ... }`");
  }
}

}  // namespace zc::check
