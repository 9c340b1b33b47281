// What is sent as Protocol Buffers, and the calls that send it.

#include "compiler/plan/build.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::plan {
namespace {

using model::TypeKind;

// As template argument of the codec; nothing for what is usual.
std::string form_text(model::WireForm form) {
  switch (form) {
    case model::WireForm::kPlain:
      return "";
    case model::WireForm::kSigned:
      return "<zerver::flow::ProtobufForm::kSigned>";
    case model::WireForm::kFixed:
      return "<zerver::flow::ProtobufForm::kFixed>";
    case model::WireForm::kFloat:
      break;
  }
  return "<zerver::flow::ProtobufForm::kFloat>";
}

bool is_gathered(const model::Program& program, model::TypeId id) {
  const model::Type& type = program.types[id];
  if (type.kind == TypeKind::kOptional) return is_gathered(program, type.element);
  return type.kind == TypeKind::kList || type.kind == TypeKind::kMap || type.kind == TypeKind::kStruct;
}

// What makes an answer of the messages that come.
void plan_answer(const Builder& builder, const model::Operation& operation, RpcPlan& plan) {
  const model::Type& type = builder.program.types[operation.result];
  if (type.kind == TypeKind::kStream) {
    plan.part = "zerver::flow::read_rpc_part<" + builder.writer.type(type.element) + ">";
  } else if (operation.stream) {
    plan.answer = "zerver::flow::answer_streaming_rpc<" + builder.writer.type(type.element) + ">";
  } else {
    plan.answer = "zerver::flow::answer_rpc<" + builder.writer.type(operation.result) + ">";
  }
}

}  // namespace

MessageFieldPlan message_field(const model::Program& program, const model::FieldNumber& number,
                               model::TypeId type, const std::string& name) {
  return {std::to_string(number.number), form_text(number.form), name, is_gathered(program, type)};
}

RpcPlan rpc_plan(Builder& builder, const model::Adapter& adapter, const model::Operation& operation,
                 const std::string& arguments, const OperationPlan& plan) {
  RpcPlan result;
  result.path = string_literal("/" + adapter.service + "/" + operation.method);
  plan_answer(builder, operation, result);
  if (plan.takes) {
    // It is the only parameter.
    const std::string member = arguments + "::" + plan.parameters.front().name;
    result.requests = "zerver::flow::request_stream<" + arguments + ", &" + member + ">";
    return result;
  }
  result.function =
      builder.source_scope.claim("write_" + snake(adapter.origin.name) + "_" + snake(operation.origin.name));
  for (std::size_t i = 0; i < operation.parameters.size(); ++i) {
    const model::OperationParameter& parameter = operation.parameters[i];
    if (!parameter.number) {
      result.whole = plan.parameters[i].name;
    } else {
      result.message.push_back(
          message_field(builder.program, *parameter.number, parameter.type, plan.parameters[i].name));
    }
  }
  return result;
}

// No operation has this name: CppNames keeps it.
std::string rpc_table(const model::Adapter& adapter) {
  return adapter.service.empty() || adapter.operations.empty() ? std::string() : "kRpcs";
}

}  // namespace zc::plan
