// Steps that take a part of the request.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/StringRef.h>

#include <algorithm>
#include <optional>

namespace zc::plan {
namespace {

using model::TypeKind;

}  // namespace

void FlowBuilder::part(const model::Expression& expression, Operation& operation, Bindings& bindings) {
  for (const model::Expression& operand : expression.operands)
    part(operand, operation, bindings);
  if (expression.kind != model::ExpressionKind::kRequest) return;
  const std::string type = builder_.writer.type(expression.type);
  const std::string name = string_literal(expression.name);
  const std::string local =
      operation.parts.empty() ? "part" : "part_" + std::to_string(operation.parts.size() + 1);
  std::string field = llvm::StringRef(expression.name).lower();
  std::replace(field.begin(), field.end(), '_',
               '-');  // names of header fields have hyphens, identifiers cannot
  std::string read;
  std::string direct;  // cannot fail
  switch (expression.part) {
    case model::RequestPart::kJson:
      read = "zerver::flow::json_part<" + type + ">(exchange)";
      break;
    case model::RequestPart::kBody:
      if (this->type(expression.type).kind == TypeKind::kBytes)
        direct = "zerver::flow::body_bytes(exchange)";
      else
        read = "zerver::flow::body_text(exchange)";
      break;
    case model::RequestPart::kPath: {
      std::size_t index = 0;
      std::optional<std::size_t> found;
      if (flow_.route) {
        for (const model::PathSegment& segment : flow_.route->segments) {
          if (segment.kind == model::PathSegment::Kind::kLiteral) continue;
          if (segment.text == expression.name) found = index;
          ++index;
          for (const model::SegmentParameter& more : segment.more) {
            if (more.name == expression.name) found = index;
            ++index;
          }
        }
      }
      if (!found) builder_.unsupported(expression.span, "a path parameter that the route does not have");
      uses_path_ = true;
      read = "zerver::flow::path_part<" + type + ">(exchange, " + name + ", path[" +
             std::to_string(found.value_or(0)) + "])";
      break;
    }
    case model::RequestPart::kQuery:
      read = "zerver::flow::query_part<" + type + ">(exchange, " + name + ")";
      break;
    case model::RequestPart::kHeader:
      read = "zerver::flow::header_part<" + type + ">(exchange, " + string_literal(field) + ")";
      break;
    case model::RequestPart::kCookie:
      read = "zerver::flow::cookie_part<" + type + ">(exchange, " + name + ")";
      break;
    case model::RequestPart::kIdempotencyKey:
      read = "zerver::flow::header_part<" + type + ">(exchange, \"idempotency-key\")";
      break;
    case model::RequestPart::kClientIp:
      direct = "zerver::String::borrowed(exchange.request.client_ip)";
      break;
    case model::RequestPart::kMethod:
      direct = "zerver::String::borrowed(exchange.request.method_name)";
      break;
  }
  if (direct.empty()) {
    bindings.parts[&expression] = "*" + local;
    operation.parts.push_back({local, type, read});
  } else {
    bindings.parts[&expression] = direct;
  }
}

void FlowBuilder::extract(const model::Step& step, Operation& operation) {
  Bindings bindings = bindings_of(step);
  part(*step.value, operation, bindings);
  if (!operation.parts.empty()) {
    operation.failures = failures(step, "fault");
    operation.uncovered = break_off("fault", false);
  }
  if (step.writes.size() == 1)
    operation.assigns.push_back(
        assign(step.writes[0], step.value->type, builder_.writer.value(*step.value, bindings)));
  else
    builder_.unsupported(step.origin.span, "a request part that writes several slots");
}

}  // namespace zc::plan
