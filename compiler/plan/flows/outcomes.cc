// How flows can answer, for tests that want to see every way.

#include "compiler/model/outcome/outcome.h"
#include "compiler/plan/build.h"

#include <llvm/ADT/STLExtras.h>

#include <string>

namespace zc::plan {
namespace {

// As an initialiser of zerver::flow::OutcomeInfo.
std::string outcome(const Builder& builder, const model::FlowAnswer& answer) {
  std::string type;
  switch (answer.source) {
    case model::FlowAnswer::Source::kReturn:
      break;
    case model::FlowAnswer::Source::kError:
      type = "urn:zerver:error:" + builder.flow_name(builder.program.errors[answer.error].origin);
      break;
    case model::FlowAnswer::Source::kRuntime:
      type = "about:blank";
      break;
  }
  return "{" + std::to_string(answer.status) + (type.empty() ? "" : ", " + string_literal(type)) + "}";
}

}  // namespace

void plan_outcomes(Builder& builder) {
  std::size_t position = 0;
  for (std::size_t i = 0; i < builder.program.flows.size(); ++i) {
    const model::FlowId id(i);
    if (!builder.is_own(builder.program.flows[id].origin)) continue;
    FlowPlan& plan = builder.plan.flows[position++];
    const model::FlowAnswers answers = model::answers_of(builder.program, id);
    for (const model::FlowAnswer& answer : answers.answers) {
      std::string text = outcome(builder, answer);
      if (!llvm::is_contained(plan.outcomes, text)) plan.outcomes.push_back(std::move(text));
    }
    if (!answers.may_answer.empty()) plan.outcomes.emplace_back("{}");
    if (!plan.outcomes.empty())
      plan.outcomes_name = builder.source_scope.claim(constant(plan.name + "_outcomes"));
  }
}

}  // namespace zc::plan
