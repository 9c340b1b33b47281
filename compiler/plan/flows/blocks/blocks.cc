// Blocks: what their handlers take, and conditions.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::plan {
namespace {

using model::StatementKind;

bool is_hook(const model::Statement& statement) {
  return statement.kind == StatementKind::kOnError || statement.kind == StatementKind::kOnCancel;
}

}  // namespace

FlowBuilder::Result FlowBuilder::block(llvm::ArrayRef<model::Statement> statements) {
  if (llvm::none_of(statements, is_hook)) return rescued_block(statements);
  const std::string number = std::to_string(++scope_count_);
  Scope scope{Scope::Kind::kBlock};
  scope.label = "leave_" + number;
  scope.exit = "exit_" + number;
  std::vector<model::ErrorId> errors;
  for (const model::Statement& hook : statements) {
    if (hook.kind == StatementKind::kOnCancel) scope.takes_cancel = true;
    if (hook.kind != StatementKind::kOnError) continue;
    scope.any_error = scope.any_error || hook.errors.empty();
    llvm::append_range(errors, hook.errors);
  }
  scope.errors = errors;
  scopes_.push_back(scope);
  const std::size_t first_site = plan_.durable_sites.size();
  Result body = rescued_block(statements);
  const std::string taken = take_failures(first_site);
  scope = std::move(scopes_.back());
  scopes_.pop_back();
  if (!scope.is_used) return body;  // check has said that the hooks never run
  Operation operation;
  operation.kind = Operation::Kind::kBlock;
  operation.label = scope.label;
  operation.exit = scope.exit;
  operation.body = std::move(body.body);
  plan_hooks(statements, scope, taken, operation);
  Result result;
  result.body.push_back(std::move(operation));
  result.ends = body.ends;
  return result;
}

void FlowBuilder::plan_hooks(llvm::ArrayRef<model::Statement> statements, const Scope& scope,
                             const std::string& failures, Operation& operation) {
  const bool is_of_saga = !scopes_.empty() && scopes_.back().kind == Scope::Kind::kSaga;
  Arrivals going_on = scope.arrivals;
  llvm::SmallSetVector<model::ErrorId, 8> left = scope.arrivals.errors;
  scopes_.push_back({Scope::Kind::kHook});
  scopes_.back().takes_cancel = scope.takes_cancel;
  scopes_.back().label = "cancelled_" + scope.label.substr(scope.label.rfind('_') + 1);
  scopes_.back().exit = scope.exit;
  // The hooks of a saga run when it has ended: what they write is none of its steps.
  const std::string saga = saga_;
  const bool is_saga_here = is_saga_here_;
  if (is_of_saga) {
    const Scope& ended = scopes_[scopes_.size() - 2];
    scopes_.back().saga = ended.saga;
    saga_ = ended.outer_saga;
    is_saga_here_ = ended.is_outer_here;
  }
  for (const model::Statement& hook : statements) {
    if (hook.kind != StatementKind::kOnError) continue;
    std::vector<model::ErrorId> taken;
    std::vector<std::string> constants, names;
    for (const model::ErrorId error : left) {
      if (!hook.errors.empty() && !llvm::is_contained(hook.errors, error)) continue;
      taken.push_back(error);
      constants.push_back(error_constant(error));
      names.push_back(builder_.written_name(builder_.program.errors[error].origin));
    }
    if (taken.empty()) continue;
    for (const model::ErrorId error : taken)
      left.remove(error);
    HookPlan plan;
    plan.comment = hook.errors.empty() ? std::string("on error") : "on error " + llvm::join(names, ", ");
    plan.condition = operation.exit +
                     (hook.errors.empty() ? ".raised()" : ".raised_any(" + llvm::join(constants, ", ") + ")");
    Result body = hook.branches.empty() ? Result{} : block(hook.branches[0]);
    // An error that goes on behind its handler ends the attempt: what has failed is tried again.
    if (body.ends) {
      plan.taken = failures;
      for (const model::ErrorId error : taken)
        going_on.errors.remove(error);
    }
    plan.body = std::move(body.body);
    operation.on_error.push_back(std::move(plan));
  }
  const Scope hook_scope = std::move(scopes_.back());
  scopes_.pop_back();
  if (hook_scope.arrivals.cancelled) {
    operation.cancel_label = hook_scope.label;
    going_on.cancelled = true;
  }
  for (const model::Statement& hook : statements) {
    if (hook.kind != StatementKind::kOnCancel || !going_on.cancelled) continue;
    scopes_.push_back({Scope::Kind::kOnCancel});
    scopes_.back().label = "cancel_done_" + std::to_string(++scope_count_);
    scopes_.back().exit = scope.exit;
    ++shields_;
    Result body = hook.branches.empty() ? Result{} : block(hook.branches[0]);
    --shields_;
    HookPlan plan;
    plan.comment = "on cancel";
    plan.body = std::move(body.body);
    if (scopes_.back().is_used) plan.label = scopes_.back().label;
    scopes_.pop_back();
    operation.on_cancel.push_back(std::move(plan));
  }
  saga_ = saga;
  is_saga_here_ = is_saga_here;
  if (going_on.any()) operation.pass_on = pass_on(operation.exit, going_on);
}

FlowBuilder::Result FlowBuilder::rescued_block(llvm::ArrayRef<model::Statement> statements) {
  // `rescue` guards what stands before it, an earlier `rescue` included: the last one is the outermost.
  for (std::size_t i = statements.size(); i-- > 0;) {
    const model::Statement& rescue = statements[i];
    if (rescue.kind != StatementKind::kRescue) continue;
    Operation operation;
    operation.kind = Operation::Kind::kRescue;
    std::vector<std::string> errors;
    for (const model::ErrorId id : rescue.errors)
      errors.push_back(builder_.written_name(builder_.program.errors[id].origin));
    operation.comment = "rescue " + llvm::join(errors, ", ");
    operation.label = "rescue_" + std::to_string(++rescue_count_);
    Scope scope{Scope::Kind::kRescue};
    scope.errors = rescue.errors;
    scope.label = operation.label;
    scopes_.push_back(std::move(scope));
    const std::size_t first_site = plan_.durable_sites.size();
    Result guarded = rescued_block(statements.take_front(i));
    operation.taken = take_failures(first_site);
    const bool is_used = scopes_.back().is_used;
    scopes_.pop_back();
    Result result;
    if (is_used) {
      Result handler = rescue.branches.empty() ? Result{} : block(rescue.branches[0]);
      operation.body = std::move(guarded.body);
      operation.otherwise = std::move(handler.body);
      result.body.push_back(std::move(operation));
      guarded.ends = guarded.ends && handler.ends;
    } else {
      result.body = std::move(guarded.body);  // check has said that it never runs
    }
    Result behind = rescued_block(statements.drop_front(i + 1));
    llvm::append_range(result.body, std::move(behind.body));
    result.ends = behind.ends || guarded.ends;
    return result;
  }
  Result result;
  for (const model::Statement& each : statements) {
    if (is_hook(each) || each.kind == StatementKind::kOnOverload) continue;
    if (result.ends) break;  // check has said that it is not reachable
    result.ends = statement(each, result.body);
  }
  return result;
}

void FlowBuilder::when(const model::Statement& statement, Body& body, bool& ends) {
  Operation operation;
  operation.kind = Operation::Kind::kWhen;
  operation.condition = builder_.writer.value(*statement.condition, slots_);
  Result then = block(statement.branches[0]);
  Result otherwise = statement.branches.size() > 1 ? block(statement.branches[1]) : Result{};
  ends = then.ends && otherwise.ends;
  operation.body = std::move(then.body);
  operation.otherwise = std::move(otherwise.body);
  body.push_back(std::move(operation));
}

}  // namespace zc::plan
