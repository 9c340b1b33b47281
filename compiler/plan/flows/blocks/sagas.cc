// `saga`: what it has done is undone when control leaves it before its end.

#include "compiler/model/effects.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::plan {

// Of the block and of what may come in its place.
bool FlowBuilder::enqueues(llvm::ArrayRef<model::Statement> statements) const {
  return llvm::any_of(statements, [&](const model::Statement& statement) {
    if (statement.kind == model::StatementKind::kEnqueue) return true;
    return llvm::any_of(statement.branches, [&](const model::Block& branch) { return enqueues(branch); }) ||
           llvm::any_of(statement.alternatives,
                        [&](std::uint32_t index) { return enqueues(flow_.alternatives[index].body); });
  });
}

// Steps of the block and of what may come in its place: a saga without a write has nothing to undo.
bool FlowBuilder::writes_outside(llvm::ArrayRef<model::Statement> statements) const {
  return llvm::any_of(statements, [&](const model::Statement& statement) {
    if (statement.step.is_valid() && model::is_write(builder_.program.steps[statement.step])) return true;
    return llvm::any_of(statement.branches,
                        [&](const model::Block& branch) { return writes_outside(branch); }) ||
           llvm::any_of(statement.alternatives,
                        [&](std::uint32_t index) { return writes_outside(flow_.alternatives[index].body); });
  });
}

void FlowBuilder::saga(const model::Statement& statement, Body& body, bool& ends) {
  const bool enqueues_something = enqueues(statement.branches[0]);
  if (!enqueues_something && !writes_outside(statement.branches[0])) {
    Result inner = block(statement.branches[0]);
    llvm::append_range(body, std::move(inner.body));
    ends = inner.ends;
    return;
  }
  const std::string number = std::to_string(++scope_count_);
  Operation operation;
  operation.kind = Operation::Kind::kSaga;
  operation.comment = "saga";
  operation.saga_local = "saga_" + number;
  operation.exit = "exit_" + number;
  if (saga_.empty())
    operation.arguments = {"exchange", string_literal(builder_.flow_name(flow_.origin))};
  else
    operation.arguments = {use_saga()};
  Scope scope{Scope::Kind::kSaga};
  scope.label = "leave_" + number;
  scope.exit = operation.exit;
  scope.saga = operation.saga_local;
  scope.hands_over = enqueues_something && saga_.empty();
  const std::string outer = std::exchange(saga_, operation.saga_local);
  const bool is_outer_here = std::exchange(is_saga_here_, true);
  scope.outer_saga = outer;
  scope.is_outer_here = is_outer_here;
  scopes_.push_back(std::move(scope));
  Result inner = block(statement.branches[0]);
  operation.body = std::move(inner.body);
  if (!inner.ends) operation.commit = commit(scopes_.back());
  scope = std::move(scopes_.back());
  scopes_.pop_back();
  saga_ = outer;
  is_saga_here_ = is_outer_here;
  if (scope.is_used) operation.label = scope.label;
  scope.arrivals.broken = true;  // an exception
  operation.pass_on = pass_on(operation.exit, scope.arrivals);
  body.push_back(std::move(operation));
  ends = inner.ends;
}

// A step that writes tells its saga before and behind its effects.
void FlowBuilder::record(const model::Statement& statement, Operation& operation) {
  if (saga_.empty()) return;
  const std::size_t shields = std::exchange(shields_, 0);  // its undo runs in a request of its own
  operation.saga = saga_use(statement);
  shields_ = shields;
  if (!operation.saga) return;
  operation.saga->saga = use_saga();
  operation.saga->unrecorded = guarded(break_off_unrecorded("noted.error()"));
}

// The innermost saga, for what stands inside it.
std::string FlowBuilder::use_saga() {
  uses_outer_saga_ = uses_outer_saga_ || !is_saga_here_;
  return saga_;
}

std::string FlowBuilder::commit(const Scope& saga) {
  std::string failed;
  // An enqueue waits where the queue has no room.
  if (saga.hands_over)
    failed = "if (noted.error().kind == zerver::FaultKind::kCancelled) {\n" + give_up() + "\n}\n";
  return "if (const zerver::Result<void> noted = co_await " + saga.saga + ".commit(); !noted)" +
         guarded(failed + break_off_unrecorded("noted.error()"));
}

std::string FlowBuilder::break_off_unrecorded(const std::string& fault) {
  // A saga is around, which takes it.
  return leave_with({Event::Kind::kBroken, {}}, "zerver::flow::exit_unrecorded(exchange, " + fault + ")", "");
}

}  // namespace zc::plan
