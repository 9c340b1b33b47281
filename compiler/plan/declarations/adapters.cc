// Adapters as the interfaces that implementations derive from.

#include "compiler/plan/build.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::plan {
namespace {

using model::TypeKind;

std::string reply_type(Builder& builder, const model::Operation& operation) {
  if (builder.program.types[operation.result].kind == TypeKind::kStream) return "zerver::flow::StreamReply";
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

// The type of a parameter without `?` and the names of scalars: those are for the steps of a flow.
model::TypeId plain_type(const model::Program& program, model::TypeId type) {
  for (;;) {
    const model::Type& inner = program.types[type];
    if (inner.kind == TypeKind::kOptional) {
      type = inner.element;
    } else if (inner.kind == TypeKind::kScalar) {
      type = program.scalars[model::ScalarId(inner.declaration)].base;
    } else {
      return type;
    }
  }
}

std::string expected_form(const model::Program& program, const model::Type& type) {
  switch (type.kind) {
    case TypeKind::kBool:
      return "`true` or `false`";
    case TypeKind::kI32:
      return "a whole number of 32 bits";
    case TypeKind::kI64:
      return "a whole number of 64 bits";
    case TypeKind::kU32:
      return "a whole number from 0 to 4294967295";
    case TypeKind::kU64:
      return "a whole number that is not negative, or a size such as `64KiB`";
    case TypeKind::kF64:
    case TypeKind::kDecimal:
      return "a number";
    case TypeKind::kUuid:
      return "a UUID";
    case TypeKind::kTimestamp:
      return "a time such as `2030-01-31T12:00:00Z`";
    case TypeKind::kDuration:
      return "a duration such as `250ms`";
    case TypeKind::kEnum: {
      std::string names;
      const model::Enum& enumeration = program.enums[model::EnumId(type.declaration)];
      for (std::size_t i = 0; i < enumeration.values.size(); ++i) {
        if (i != 0) names += i + 1 == enumeration.values.size() ? " or " : ", ";
        names += "`" + enumeration.values[i].json_name + "`";
      }
      return names;
    }
    default:
      return "text";
  }
}

ConfigurationPlan plan_configuration(Builder& builder, model::AdapterId id) {
  const model::Adapter& adapter = builder.program.adapters[id];
  ConfigurationPlan result;
  result.name = builder.names.configuration(id);
  NameScope members({"parse", result.name});
  for (const model::OperationParameter& parameter : adapter.parameters) {
    const model::TypeId plain = plain_type(builder.program, parameter.type);
    const model::Type& type = builder.program.types[plain];
    const bool is_text = type.kind == TypeKind::kString;
    const bool may_be_absent = builder.program.types[parameter.type].kind == TypeKind::kOptional;
    const bool has_value =
        parameter.default_value && parameter.default_value->kind != model::Constant::Kind::kNull;
    builder.require(plain, builder.header_packages);
    ConfigurationPlan::Parameter each;
    each.field.name = members.claim(parameter.name);
    each.field.type = is_text ? "std::string" : builder.writer.type(plain);
    if (may_be_absent) each.field.type = "std::optional<" + each.field.type + ">";
    if (!has_value) {
      each.field.initializer = "{}";
    } else if (is_text) {
      each.field.initializer = " = " + string_literal(parameter.default_value->text);
    } else {
      each.field.initializer = " = " + builder.writer.constant(*parameter.default_value, plain);
    }
    each.flow_name = string_literal(parameter.name);
    each.read = parameter.default_value ? "optional" : "required";
    each.expected = string_literal(expected_form(builder.program, type));
    result.parameters.push_back(std::move(each));
  }
  return result;
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

void plan_adapters(Builder& builder) {
  for (std::size_t i = 0; i < builder.program.adapters.size(); ++i) {
    const model::AdapterId id(i);
    const model::Adapter& adapter = builder.program.adapters[id];
    if (!builder.is_own(adapter.origin)) continue;
    AdapterPlan result{
        builder.names.name(id), builder.flow_name(adapter.origin), lines_of(adapter.origin.doc), {}, {}};
    for (const model::Operation& operation : adapter.operations) {
      const CppNames::OperationNames& names = builder.names.operation(id, result.operations.size());
      OperationPlan plan;
      plan.name = names.function;
      plan.arguments = names.arguments;
      plan.constant = names.constant;
      plan.reply = reply_type(builder, operation);
      plan.commits = operation.commits;
      plan.doc = lines_of(operation.origin.doc);
      plan.flow_name = string_literal(operation.origin.name);
      plan.access = access_name(operation.access);
      plan.idempotent = operation.idempotent;
      plan.stream = operation.stream;
      plan.takes = llvm::any_of(operation.parameters, [&](const model::OperationParameter& parameter) {
        return builder.program.types[parameter.type].kind == TypeKind::kStream;
      });
      plan.opens = builder.program.types[operation.result].kind == TypeKind::kStream;
      plan.fails = kind_names(operation.fails);
      NameScope members({"kOperation", "Reply", names.arguments});
      for (const model::OperationParameter& parameter : operation.parameters) {
        builder.require(parameter.type, builder.header_packages);
        plan.parameters.push_back(
            {members.claim(parameter.name), builder.writer.type(parameter.type), "{}", {}, "", false});
      }
      if (!operation.method.empty())
        plan.rpc = rpc_plan(builder, adapter, operation, result.name + "::" + plan.arguments, plan);
      result.operations.push_back(std::move(plan));
    }
    if (!result.operations.empty()) result.table = builder.names.operation_table(id);
    result.rpcs = rpc_table(adapter);
    // The parameters of a service of gRPC are those of the adapter `grpc`, which reads them.
    if (!adapter.parameters.empty() && adapter.service.empty())
      result.configuration = plan_configuration(builder, id);
    builder.plan.adapters.push_back(std::move(result));
  }
}

}  // namespace zc::plan
