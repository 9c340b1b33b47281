// What the templates of a generated header are filled with.

#include "compiler/emit/data.h"
#include "compiler/plan/names/names.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

namespace zc::emit {
namespace {

using plan::AccessPlan;
using plan::DecisionPlan;
using plan::TypePlan;

Data check_data(const plan::CheckPlan& check) {
  return object({{"condition", check.condition}, {"why", plan::string_literal(check.why)}});
}

Data field_data(const plan::FieldPlan& field) {
  return object({{"name", field.name},
                 {"type", field.type},
                 {"initializer", field.initializer},
                 {"doc", doc(field.doc)},
                 {"deprecated", deprecated(field.is_deprecated, field.deprecated)}});
}

// What an implementation that does not have the operation says; empty: it must have it.
std::string lacking_text(const plan::OperationPlan& operation) {
  if (operation.commits) return "\"this implementation has no transactions\"";
  return operation.opens ? "\"this implementation streams nothing\"" : "";
}

Data operation_data(const plan::OperationPlan& operation, const std::string& adapter, std::size_t index) {
  return object(
      {{"name", operation.name},
       {"arguments", operation.arguments},
       {"constant", operation.constant},
       // `kOperation` of the arguments hides that of an operation `operation`.
       {"index_constant", (operation.constant == "kOperation" ? adapter + "::" : "") + operation.constant},
       {"reply", operation.reply},
       {"lacking", when_set(lacking_text(operation))},
       {"index", std::to_string(index)},
       {"flow_name", operation.flow_name},
       {"access", operation.access},
       {"idempotent", flag(operation.idempotent)},
       {"stream", flag(operation.stream)},
       {"fails", when_set(llvm::join(operation.fails, ", "))},
       {"doc", doc(operation.doc)},
       {"parameters", list(operation.parameters, field_data)}});
}

Data adapter_data(const plan::AdapterPlan& adapter) {
  std::size_t index = 0;
  const std::string rpc_count = std::to_string(adapter.operations.size());
  return object({{"name", adapter.name},
                 {"flow_name", adapter.flow_name},
                 {"configuration", when_set(adapter.configuration.name)},
                 {"parameters", list(adapter.configuration.parameters,
                                     [](const auto& parameter) { return field_data(parameter.field); })},
                 {"doc", doc(adapter.doc)},
                 {"table", when_set(adapter.table)},
                 {"rpcs", when_set(adapter.rpcs)},
                 {"rpc_count", rpc_count},
                 {"operations", list(adapter.operations, [&](const plan::OperationPlan& operation) {
                    return operation_data(operation, adapter.name, index++);
                  })}});
}

bool takes_streams(const plan::AdapterPlan& adapter) {
  return llvm::any_of(adapter.operations,
                      [](const plan::OperationPlan& operation) { return operation.takes; });
}

bool has_value(const DecisionPlan& decision) {
  return decision.kind == DecisionPlan::Kind::kFail || decision.kind == DecisionPlan::Kind::kDone;
}

Data decision_data(const DecisionPlan& decision) {
  const bool is_done = decision.kind == DecisionPlan::Kind::kDone;
  return object({{"enumerator", decision.enumerator},
                 {"function", decision.function},
                 {"type", is_done ? std::string("zerver::flow::Answer") : decision.type},
                 {"member", decision.member},
                 {"has_value", flag(has_value(decision))}});
}

// Where a view keeps the place that it writes to: a slot that is read as optional has a place of its own for
// that.
std::string target_member(const AccessPlan& slot) {
  return slot.optional_read && slot.writes ? slot.name + "_storage_" : slot.member;
}

std::vector<Data> parameters_of(const AccessPlan& slot) {
  std::vector<Data> result;
  const auto add = [&](const std::string& declaration, const std::string& member, const std::string& value,
                       const char* access) {
    result.push_back(object({{"declaration", declaration},
                             {"initializer", member + "(" + value + ")"},
                             {"access", access},
                             {"type", slot.type},
                             {"slot", plan::string_literal(slot.flow_name)}}));
  };
  if (slot.reads && slot.optional_read)
    add("const " + slot.type + "* " + slot.name, slot.member, slot.name, "read_if_set");
  if (slot.reads && !slot.optional_read && !slot.writes)
    add("const " + slot.type + "& " + slot.name, slot.member, "&" + slot.name, "read");
  if (slot.writes) {
    const std::string parameter = slot.optional_read ? slot.name + "_storage" : slot.name;
    add(slot.type + "& " + parameter, target_member(slot), "&" + parameter,
        slot.reads && !slot.optional_read ? "updated" : "written");
  }
  return result;
}

Data slot_data(const AccessPlan& slot) {
  return object({{"name", slot.name},
                 {"setter", slot.setter},
                 {"member", slot.member},
                 {"target", target_member(slot)},
                 {"type", slot.type},
                 {"flow_name", slot.flow_name},
                 {"literal", plan::string_literal(slot.flow_name)},
                 {"doc", doc(slot.doc)},
                 {"deprecated", deprecated(slot.is_deprecated, slot.deprecated)},
                 {"is_required_read", flag(slot.reads && !slot.optional_read)},
                 {"is_optional_read", flag(slot.reads && slot.optional_read)},
                 {"writes", flag(slot.writes)},
                 {"is_struct", flag(slot.is_struct)},
                 {"reads_back", flag(slot.writes && slot.optional_read)},
                 {"has_read_member", flag(slot.reads && (slot.optional_read || !slot.writes))}});
}

Data step_data(const plan::StepPlan& step) {
  Data parameters(Data::type::list);
  plan::NameScope parameter_names;
  std::vector<std::string> hidden;
  for (const AccessPlan& slot : step.slots) {
    for (Data& parameter : parameters_of(slot))
      parameters.push_back(std::move(parameter));
    const bool hides =
        llvm::StringSwitch<bool>(slot.name).Cases("text", "bytes", "list", "map", true).Default(false);
    if (slot.reads && hides) hidden.push_back(slot.name);
    parameter_names.claim(slot.name);
  }
  return object(
      {{"name", step.name},
       {"short_name", step.short_name},
       {"file", step.file},
       {"signature", step.signature},
       {"doc", doc(step.doc)},
       {"deprecated", deprecated(step.is_deprecated, step.deprecated)},
       {"explicit", step.slots.empty() ? "explicit " : ""},
       {"has_parameters", flag(!parameters.list_value().empty())},
       {"parameters", parameters},
       {"arena", parameter_names.is_taken("arena") ? parameter_names.claim("request_arena") : "arena"},
       {"has_writes", flag(llvm::any_of(step.slots, [](const AccessPlan& slot) { return slot.writes; }))},
       {"hidden", list(hidden)},
       {"slots", list(step.slots, slot_data)},
       {"decisions", list(step.decisions, decision_data)},
       {"has_values", flag(llvm::any_of(step.decisions, has_value))},
       {"may_done", flag(step.may_done)}});
}

std::vector<std::string> used_ahead(const std::vector<TypePlan>& types) {
  std::vector<std::string> result;
  for (const TypePlan& type : types)
    if (type.is_used_ahead) result.push_back(type.name);
  return result;
}

}  // namespace

Data codec_data(const std::vector<plan::CodecFieldPlan>& fields) {
  Data result(Data::type::list);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const plan::CodecFieldPlan& field = fields[i];
    result.push_back(object({{"name", field.name},
                             {"json", field.json},
                             {"key", field.key},
                             {"column", field.column},
                             {"number", field.number},
                             {"required", flag(field.required)},
                             {"is_optional", flag(field.is_optional)},
                             {"checks", list(field.checks, check_data)},
                             {"branch", i == 0 ? "" : "} else "},
                             {"index", std::to_string(i)},
                             {"is_last", flag(i + 1 == fields.size())}}));
  }
  return result;
}

std::string codec_size(const std::vector<plan::CodecFieldPlan>& fields) {
  std::size_t always = 0;
  std::string optionals;
  for (const plan::CodecFieldPlan& field : fields) {
    if (field.is_optional) {
      optionals += ", value." + field.name;
    } else {
      ++always;
    }
  }
  return std::to_string(always) + optionals;
}

Data message_data(const std::vector<plan::MessageFieldPlan>& fields) {
  return list(fields, [](const plan::MessageFieldPlan& field) {
    return object({{"number", field.number},
                   {"form", field.form},
                   {"name", field.name},
                   {"is_gathered", flag(field.is_gathered)}});
  });
}

bool has_rpcs(const plan::Plan& plan) {
  return llvm::any_of(plan.adapters, [](const plan::AdapterPlan& adapter) { return !adapter.rpcs.empty(); });
}

Data type_data(const TypePlan& type) {
  const bool is_aggregate = type.kind == TypePlan::Kind::kStruct || type.kind == TypePlan::Kind::kError;
  Data checks = list(type.scalar.checks, check_data);
  return object({{"name", type.name},
                 {"type", type.spelled},
                 {"doc", doc(type.doc)},
                 {"deprecated", deprecated(type.is_deprecated, type.deprecated)},
                 {"is_scalar", flag(type.kind == TypePlan::Kind::kScalar)},
                 {"is_enum", flag(type.kind == TypePlan::Kind::kEnum)},
                 {"is_aggregate", flag(is_aggregate)},
                 {"base", type.kind == TypePlan::Kind::kEnum
                              ? std::string(type.values.size() > 256 ? "std::uint16_t" : "std::uint8_t")
                              : type.scalar.base},
                 {"is_ordered", flag(type.scalar.is_ordered)},
                 {"has_checks", flag(!type.scalar.checks.empty())},
                 {"checks", checks},
                 {"values", list(type.values,
                                 [&](const plan::EnumeratorPlan& value) {
                                   return object({{"name", value.name},
                                                  {"json", value.json},
                                                  {"number", value.number},
                                                  {"enum", type.spelled},
                                                  {"doc", doc(value.doc)}});
                                 })},
                 {"has_fields", flag(!type.fields.empty())},
                 {"fields", list(type.fields, field_data)},
                 {"has_equality", flag(type.has_equality)},
                 {"has_json", flag(type.has_json)},
                 {"has_row", flag(type.has_row)},
                 {"has_protobuf", flag(type.has_protobuf)},
                 {"message", message_data(type.message)},
                 {"codec", codec_data(type.codec)},
                 {"codec_size", codec_size(type.codec)}});
}

Data header_data(const plan::Plan& plan) {
  return object({{"source", plan.source},
                 {"namespace", plan.cpp_namespace},
                 {"doc", doc(plan.doc)},
                 {"includes", list(plan.header_includes)},
                 {"has_deprecated", flag(plan.has_deprecated)},
                 {"has_adapters", flag(!plan.adapters.empty())},
                 {"takes_streams", flag(llvm::any_of(plan.adapters, takes_streams))},
                 {"has_configurations", flag(has_configurations(plan))},
                 {"has_rpcs", flag(has_rpcs(plan))},
                 {"has_messages", flag(!has_rpcs(plan) && llvm::any_of(plan.types,
                                                                       [](const TypePlan& type) {
                                                                         return type.kind ==
                                                                                    TypePlan::Kind::kStruct &&
                                                                                type.has_protobuf;
                                                                       }))},
                 {"used_ahead", list(used_ahead(plan.types))},
                 {"types", list(plan.types, type_data)},
                 {"adapters", list(plan.adapters, adapter_data)},
                 {"steps", list(plan.steps, step_data)}});
}

}  // namespace zc::emit
