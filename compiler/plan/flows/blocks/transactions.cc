// `tx`: what stands inside runs on one connection; it goes by its commit, or by a rollback when control
// leaves it.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::plan {
namespace {

const char* isolation_spelling(model::Isolation isolation) {
  switch (isolation) {
    case model::Isolation::kDefault:
      return "zerver::flow::Isolation::kDefault";
    case model::Isolation::kReadCommitted:
      return "zerver::flow::Isolation::kReadCommitted";
    case model::Isolation::kRepeatableRead:
      return "zerver::flow::Isolation::kRepeatableRead";
    case model::Isolation::kSerializable:
      return "zerver::flow::Isolation::kSerializable";
  }
  return "";
}

}  // namespace

void FlowBuilder::transaction(const model::Statement& statement, Body& body, bool& ends) {
  const model::Transaction& transaction = *statement.transaction;
  const std::string number = std::to_string(++scope_count_);
  builder_.targets.insert(transaction.target);
  Operation operation;
  operation.kind = Operation::Kind::kTransaction;
  operation.comment = "tx " + builder_.written_name(builder_.program.targets[transaction.target].origin);
  operation.transaction_local = "tx_" + number;
  const auto target = llvm::find(builder_.targets, transaction.target) - builder_.targets.begin();
  operation.arguments = {"exchange", std::to_string(target)};
  if (transaction.isolation != model::Isolation::kDefault || transaction.retries != 0)
    operation.arguments.emplace_back(isolation_spelling(transaction.isolation));
  if (transaction.retries != 0) operation.arguments.push_back(std::to_string(transaction.retries));

  Scope scope{Scope::Kind::kTransaction};
  scope.label = "again_" + number;
  scope.exit = "exit_" + number;
  // What is not repeated leaves it as if it were not there: its local rolls it back.
  const bool repeats = transaction.retries != 0;
  if (repeats) scopes_.push_back(scope);
  transaction_ = operation.transaction_local;
  transaction_target_ = transaction.target;
  Result inner = block(statement.branches[0]);
  transaction_.clear();
  transaction_target_ = {};
  operation.body = std::move(inner.body);
  if (repeats) {
    scope = std::move(scopes_.back());
    scopes_.pop_back();
  }
  if (scope.is_used) {
    operation.label = scope.label;
    operation.exit = scope.exit;
    operation.pass_on = pass_on(operation.exit, scope.arrivals);
    operation.ends = inner.ends;
    for (const model::SlotId slot : written(statement.branches[0]))
      if (const std::string presence = slots_.presence.lookup(slot); !presence.empty())
        operation.forgotten.push_back(presence);
  }
  body.push_back(std::move(operation));
  ends = inner.ends;
}

}  // namespace zc::plan
