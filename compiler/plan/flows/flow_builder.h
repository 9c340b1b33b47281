// One flow's body as planned operations.

#pragma once

#include "compiler/model/sagas/saga.h"
#include "compiler/plan/build.h"
#include "compiler/plan/flows/scope.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SetVector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zc::plan {

class FlowBuilder {
 public:
  // What is planned: all that the flow does, or what it does instead when there is no time.
  enum class Part : bool { kBody, kOverload };

  FlowBuilder(Builder& builder, model::FlowId id, Part part = Part::kBody);

  [[nodiscard]] FlowPlan run();

 private:
  // A block of a `.flow` file, and whether what comes behind it is never reached.
  struct Result {
    Body body;
    bool ends = false;
  };
  // The locals of a run of `each` around.
  struct Element {
    std::string type, local;
  };
  using Slots = llvm::SmallSetVector<model::SlotId, 16>;

  // flow_builder.cc
  void plan_head();
  void plan_slots(llvm::ArrayRef<model::Statement> statements);
  bool statement(const model::Statement& statement, Body& body);  // whether the flow ends there
  void idempotency(const model::Statement& statement, Body& body);
  void step(const model::Statement& statement, Body& body, bool& ends);
  void check_given_up(Operation& operation);

  // blocks/blocks.cc
  Result block(llvm::ArrayRef<model::Statement> statements);
  Result rescued_block(llvm::ArrayRef<model::Statement> statements);
  // `failures` is what a handler says first.
  void plan_hooks(llvm::ArrayRef<model::Statement> statements, const Scope& scope,
                  const std::string& failures, Operation& operation);
  void when(const model::Statement& statement, Body& body, bool& ends);

  // blocks/parallel.cc
  void parallel(const model::Statement& statement, Body& body);
  bool parallel_effects(const model::Statement& statement, Body& body);
  // A part of the flow as a coroutine of its own: the runs of `each`, or a branch when there is none.
  BranchPlan branch(const std::string& name, llvm::ArrayRef<model::Statement> statements,
                    const EachPlan* each, Arrivals& arrivals);

  // blocks/each.cc
  void each(const model::Statement& statement, Body& body);
  model::SlotId plan_results(const model::Statement& statement, const std::string& number, EachPlan& plan);
  void plan_element(const model::Statement& statement, model::SlotId made, EachPlan& plan);
  void each_side_by_side(const model::Statement& statement, const Bindings& outer, Operation& operation);

  // blocks/sagas.cc
  void saga(const model::Statement& statement, Body& body, bool& ends);
  [[nodiscard]] bool writes_outside(llvm::ArrayRef<model::Statement> statements) const;
  [[nodiscard]] bool enqueues(llvm::ArrayRef<model::Statement> statements) const;
  void record(const model::Statement& statement, Operation& operation);
  std::string use_saga();
  // Statements at the end of a saga, and before an answer inside it.
  std::string commit(const Scope& saga);
  // What a saga is about to do could not be written down.
  std::string break_off_unrecorded(const std::string& fault);

  // blocks/durable.cc
  [[nodiscard]] bool is_durable() const { return flow_.job.is_durable; }
  // An effect of a durable job; of any other flow nothing is planned.
  void keep(const std::string& name, const model::FormerName* was, Operation& operation);
  // The statement by which a handler takes the failures of the sites from `first` on; empty without any.
  std::string take_failures(std::size_t first);

  // blocks/transactions.cc
  void transaction(const model::Statement& statement, Body& body, bool& ends);

  // uses.cc
  // The slots that the statements use, and those that they write; what the runs of an `each` inside have for
  // themselves is left out.
  [[nodiscard]] Slots used(llvm::ArrayRef<model::Statement> statements) const;
  [[nodiscard]] Slots written(llvm::ArrayRef<model::Statement> statements) const;
  // What a run has for itself.
  [[nodiscard]] Slots element_slots(const model::Statement& statement) const;
  [[nodiscard]] bool reads_slots(llvm::ArrayRef<model::Statement> statements) const;
  // Whether the flow can wait there.
  [[nodiscard]] bool waits(llvm::ArrayRef<model::Statement> statements) const;

  // request_parts.cc
  void extract(const model::Step& step, Operation& operation);
  void part(const model::Expression& expression, Operation& operation, Bindings& bindings);

  // body_steps.cc
  void body_step(const model::Statement& statement, const model::Step& step, Operation& operation);
  std::vector<std::string> view_arguments(const model::Statement& statement, const model::Step& step) const;

  // answers.cc
  void answer(const model::Statement& statement, Operation& operation);
  void streamed_answer(const model::Statement& statement, Operation& operation);

  // jobs.cc
  void job();
  void enqueue(const model::Statement& statement, Body& body);

  // calls/effects.cc
  CallPlan call(const model::Step& step, const model::EffectCall& effect, const std::string& prefix,
                const std::string& site);
  std::string site(const model::Step& step, const model::EffectCall& effect, const std::string& name);
  std::vector<FailurePlan> failures(const model::Step& step, const std::string& fault);
  std::string rate(const model::PolicySettings& settings);
  std::vector<std::string> policy(const model::Step& step, const model::PolicySettings& settings);
  std::string json(const model::Expression& argument, const Bindings& bindings, const std::string& local,
                   const std::string& format, std::vector<TextPlan>& texts) const;
  // What an adapter knows a repeated call by, as text.
  std::string key(const model::Expression& key, Bindings bindings) const;
  std::string statement_constant(const std::string& text, const std::string& name);
  void insert_rows(const model::Expression& statement, const model::BulkInsert& bulk,
                   const Bindings& bindings, CallPlan& plan) const;

  // sagas/saga_steps.cc
  // Nothing for a step that does not write.
  std::optional<SagaUsePlan> saga_use(const model::Statement& statement);
  std::size_t plan_saga_step(model::StepId id);
  bool is_last_write(const model::Statement& statement);

  // calls/groups.cc
  class GroupPlanner;
  void effect(const model::Step& step, const std::string& prefix, Operation& operation);
  void group(const model::Step& step, Operation& operation);

  // ways_out.cc: statements that leave the place where they stand, one a line.
  // Raises `error`, a C++ expression; `fault` may be empty.
  std::string raise(model::ErrorId id, const std::string& error, const std::string& fault);
  // The request is given up.
  std::string give_up();
  // `fault` is none that the step's `fails` covers; `may_wait`: it may say that the request is given up.
  std::string break_off(const std::string& fault, bool may_wait);
  std::string break_off_unwritten(const std::string& slot);
  std::string break_off_too_many(const std::string& list, std::uint64_t most);
  // Goes on with an exit: of a block behind its hooks, of a branch.
  std::string pass_on(const std::string& exit, const Arrivals& arrivals);
  AnswerWay answer_way();
  std::string before_answer();
  std::string leave_with(const Event& event, const std::string& exit, const std::string& at_end,
                         const std::string& made_of = "");
  std::string note_taken(const char* function, const Event& event, const std::string& made_of);
  std::string leave_saga(const std::string& name, const Event& event, const std::string& exit);
  std::string error_constant(model::ErrorId id);
  std::string answer_error(model::ErrorId id, const std::string& error, const std::string& fault);

  // `error` with its fields filled from the step's reads and from `fault`.
  // Adds to `plan` what the value takes of the answer.
  std::string error_value(const model::ErrorMapping& mapping, const model::Step& step,
                          const std::string& fault, FailurePlan& plan);
  AssignPlan assign(const model::SlotUse& use, model::TypeId type, const std::string& value);
  // The bindings of a step's expressions, where what is read as required is known to be set.
  Bindings bindings_of(const model::Step& step) const;
  // Whether some statement reads it where nothing tells if it is set.
  [[nodiscard]] bool is_maybe(model::SlotId slot) const {
    return llvm::is_contained(flow_.maybe_slots, slot);
  }
  [[nodiscard]] std::string comment(const model::Step& step) const;
  [[nodiscard]] const model::Type& type(model::TypeId id) const { return builder_.program.types[id]; }
  [[nodiscard]] const char* leave() const { return plan_.is_coroutine ? "co_return" : "return"; }

  Builder& builder_;
  model::FlowId id_;
  const model::Flow& flow_;
  const Part part_;
  const model::Block* const overload_;  // the body of `on overload`; null: there is none
  Bindings slots_;
  FlowPlan plan_;
  std::vector<Scope> scopes_;
  std::vector<std::string> suspensions_;
  std::vector<Element> elements_;  // outermost first
  Slots stored_;                   // in the flow's own slots
  std::size_t rescue_count_ = 0, scope_count_ = 0, each_count_ = 0, branch_count_ = 0;
  std::size_t shields_ = 0;             // of `on cancel`
  std::size_t nesting_ = 0;             // of alternatives
  std::vector<std::string> loops_;      // the index of each `each` around
  bool uses_journal_ = false;           // a site of a durable job was planned
  std::string saga_;                    // the local of the innermost one around; empty: none
  bool is_saga_here_ = false;           // it is a local of the same coroutine
  bool uses_outer_saga_ = false;        // else: something used it
  std::string transaction_;             // the local of the one around; empty: none
  model::TargetId transaction_target_;  // its target
  bool uses_path_ = false;
  bool has_idempotency_ = false;       // its operation is there
  std::unique_ptr<model::Cfg> graph_;  // made when a saga needs it
  std::vector<model::Saga> sagas_;
};

// What stands behind a condition: `text` on the same line, or in braces when it has several.
[[nodiscard]] std::string guarded(const std::string& text);

}  // namespace zc::plan
