// One flow's body as planned operations.

#pragma once

#include "compiler/model/sagas/saga.h"
#include "compiler/plan/build.h"

#include <llvm/ADT/ArrayRef.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zc::plan {

class FlowBuilder {
 public:
  FlowBuilder(Builder& builder, model::FlowId id);

  [[nodiscard]] FlowPlan run();

 private:
  // A block of a `.flow` file, and whether what comes behind it is never reached.
  struct Result {
    Body body;
    bool ends = false;
  };
  // Where failures go that a `rescue` handles.
  struct Rescue {
    const std::vector<model::ErrorId>* errors;
    std::string label;
  };

  // flow_builder.cc
  void plan_slots(FlowPlan& plan);
  Result block(llvm::ArrayRef<model::Statement> statements);
  bool statement(const model::Statement& statement, Body& body);  // whether the flow ends there
  void when(const model::Statement& statement, Body& body, bool& ends);
  void parallel(const model::Statement& statement, Body& body);
  void step(const model::Statement& statement, Body& body, bool& ends);

  // request_parts.cc
  void extract(const model::Step& step, Operation& operation);
  void part(const model::Expression& expression, Operation& operation, Bindings& bindings);

  // body_steps.cc
  void body_step(const model::Statement& statement, const model::Step& step, Operation& operation);
  std::vector<std::string> view_arguments(const model::Statement& statement, const model::Step& step) const;

  // answers.cc
  void answer(const model::Statement& statement, Operation& operation);

  // effects.cc
  CallPlan call(const model::Step& step, const model::EffectCall& effect, const std::string& prefix,
                const std::string& site);
  std::string site(const model::Step& step, const model::EffectCall& effect, const std::string& name);
  std::vector<FailurePlan> failures(const model::Step& step, const std::string& fault);
  std::string rate(const model::PolicySettings& settings);
  std::vector<std::string> policy(const model::Step& step, const model::PolicySettings& settings);
  std::string json(const model::Expression& argument, const Bindings& bindings, const std::string& local,
                   std::vector<TextPlan>& texts) const;
  // What an adapter knows a repeated call by, as text.
  std::string key(const model::Expression& key, Bindings bindings) const;
  std::string statement_constant(const model::Expression& statement, const std::string& name);

  // sagas/saga_steps.cc
  // Nothing for a step that does not write.
  std::optional<SagaUsePlan> saga_use(const model::Statement& statement);
  std::size_t plan_saga_step(model::StepId id);
  bool is_last_write(const model::Statement& statement);

  // groups.cc
  class GroupPlanner;
  void effect(const model::Step& step, const std::string& prefix, Operation& operation);
  void group(const model::Step& step, Operation& operation);

  // Ends the flow with `error`, a C++ expression, or goes to what rescues it. `fault` may be empty.
  std::string fail(model::ErrorId id, const std::string& error, const std::string& fault);
  // `error` with its fields filled from the step's reads and from `fault`.
  std::string error_value(model::ErrorId id, const model::Step& step, const std::string& fault);
  AssignPlan assign(const model::SlotUse& use, model::TypeId type, const std::string& value);
  // The bindings of a step's expressions, where what is read as required is known to be set.
  Bindings bindings_of(const model::Step& step) const;
  [[nodiscard]] std::string comment(const model::Step& step) const;
  [[nodiscard]] const model::Type& type(model::TypeId id) const { return builder_.program.types[id]; }
  [[nodiscard]] const char* leave() const { return flow_.has_effects ? "co_return" : "return"; }

  Builder& builder_;
  model::FlowId id_;
  const model::Flow& flow_;
  Bindings slots_;
  llvm::DenseMap<model::SlotId, std::string> names_;
  std::vector<Rescue> rescues_;
  std::vector<std::string> suspensions_;
  std::size_t rescue_count_ = 0;
  std::size_t nesting_ = 0;  // of alternatives
  bool uses_path_ = false;
  std::unique_ptr<model::Cfg> graph_;  // made when a saga needs it
  std::vector<model::Saga> sagas_;
};

}  // namespace zc::plan
