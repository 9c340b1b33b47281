// Adapters as the interfaces that implementations derive from.

#include "compiler/plan/build.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::plan {
namespace {

std::string reply_type(Builder& builder, const model::Operation& operation) {
  if (operation.format == model::ResultFormat::kRow) return "zerver::flow::RowsReply";
  if (operation.format == model::ResultFormat::kJson) return "zerver::flow::JsonReply";
  return "zerver::flow::Reply<" + builder.writer.type(operation.result) + ">";
}

const char* access_name(model::Access access) {
  switch (access) {
    case model::Access::kRead:
      return "kRead";
    case model::Access::kWrite:
      return "kWrite";
    case model::Access::kByStatement:
      break;
  }
  return "kByStatement";
}

struct KindName {
  model::Kind kind;
  const char* name;
};
constexpr KindName kKinds[] = {{model::kInvalid, "zerver::FaultKind::kInvalid"},
                               {model::kMissing, "zerver::FaultKind::kMissing"},
                               {model::kConflict, "zerver::FaultKind::kConflict"},
                               {model::kRejected, "zerver::FaultKind::kRejected"},
                               {model::kUnavailable, "zerver::FaultKind::kUnavailable"},
                               {model::kTimeout, "zerver::FaultKind::kTimeout"}};

}  // namespace

std::vector<std::string> kind_names(model::Kinds kinds) {
  std::vector<std::string> result;
  for (const KindName& each : kKinds)
    if ((kinds & each.kind) != 0) result.emplace_back(each.name);
  return result;
}

std::string operation_table(const model::Adapter& adapter) {
  const bool is_taken = llvm::any_of(adapter.operations, [](const model::Operation& operation) {
    return constant(operation.origin.name) == "kOperations";
  });
  return is_taken ? "kOperationTable" : "kOperations";
}

void plan_adapters(Builder& builder) {
  for (std::size_t i = 0; i < builder.program.adapters.size(); ++i) {
    const model::AdapterId id(i);
    const model::Adapter& adapter = builder.program.adapters[id];
    if (!builder.is_own(adapter.origin)) continue;
    AdapterPlan result{
        builder.names.name(id), builder.flow_name(adapter.origin), lines_of(adapter.origin.doc), {}, {}};
    NameScope functions({"start", "cancel", "let_go"});
    for (const model::Operation& operation : adapter.operations) {
      OperationPlan plan;
      plan.name = functions.claim(operation.origin.name);
      plan.arguments = upper_camel(operation.origin.name) + "Arguments";
      plan.constant = constant(operation.origin.name);
      plan.reply = reply_type(builder, operation);
      plan.doc = lines_of(operation.origin.doc);
      plan.flow_name = string_literal(operation.origin.name);
      plan.access = access_name(operation.access);
      plan.idempotent = operation.idempotent;
      plan.stream = operation.stream;
      plan.fails = kind_names(operation.fails);
      NameScope members({"kOperation", "Reply"});
      for (const model::OperationParameter& parameter : operation.parameters) {
        builder.require(parameter.type, builder.header_packages);
        plan.parameters.push_back(
            {members.claim(parameter.name), builder.writer.type(parameter.type), "{}", {}, "", false});
      }
      result.operations.push_back(std::move(plan));
    }
    if (!result.operations.empty()) result.table = operation_table(adapter);
    builder.plan.adapters.push_back(std::move(result));
  }
}

}  // namespace zc::plan
