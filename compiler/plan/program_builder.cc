#include "compiler/plan/program_builder.h"

namespace zc::plan {

ProgramBuilder::ProgramBuilder(const std::string& name) : types(program.types) {
  model::Package root;
  root.name = name;
  root.output_path = name.substr(0, name.find('.'));
  root.is_root = true;
  package = program.packages.push_back(std::move(root));
}

model::Origin ProgramBuilder::origin(const std::string& name, const std::string& doc) const {
  model::Origin result;
  result.package = package;
  result.name = name;
  result.doc = doc;
  return result;
}

model::SlotId ProgramBuilder::slot(const std::string& name, model::TypeId type, const std::string& doc) {
  model::Slot result;
  result.origin = origin(name, doc);
  result.type = type;
  return program.slots.push_back(std::move(result));
}

model::Field ProgramBuilder::field(const std::string& name, model::TypeId type) const {
  model::Field result;
  result.origin = origin(name);
  result.json_name = name;
  result.type = type;
  return result;
}

model::ErrorId ProgramBuilder::error(const std::string& name, std::uint16_t status, model::Kinds kinds,
                                     std::vector<model::Field> fields) {
  model::ErrorType result;
  result.origin = origin(name);
  result.http_status = status;
  result.kinds = kinds;
  result.fields = std::move(fields);
  return program.errors.push_back(std::move(result));
}

model::StructId ProgramBuilder::structure(const std::string& name, std::vector<model::Field> fields) {
  model::Struct result;
  result.origin = origin(name);
  result.fields = std::move(fields);
  return program.structs.push_back(std::move(result));
}

model::StepId ProgramBuilder::body_step(const std::string& name, std::vector<model::SlotUse> reads,
                                        std::vector<model::SlotUse> writes,
                                        std::vector<model::ErrorId> fails) {
  model::Step result;
  result.origin = origin(name);
  result.kind = model::StepKind::kBody;
  result.reads = std::move(reads);
  result.writes = std::move(writes);
  result.fails = std::move(fails);
  return program.steps.push_back(std::move(result));
}

model::StepId ProgramBuilder::extract(const std::string& name, model::SlotUse writes, model::RequestPart part,
                                      model::TypeId type, const std::string& part_name,
                                      model::ErrorId error) {
  model::Step result;
  result.origin = origin(name);
  result.kind = model::StepKind::kExtract;
  result.writes = {writes};
  model::Expression value;
  value.kind = model::ExpressionKind::kRequest;
  value.part = part;
  value.type = type;
  value.name = part_name;
  result.value = std::move(value);
  if (error.is_valid()) {
    result.fails = {error};
    result.mappings.push_back({error, model::kInvalid, {}});
  }
  return program.steps.push_back(std::move(result));
}

model::Route ProgramBuilder::route(model::Method method, std::string_view pattern) {
  model::Route result;
  result.method = method;
  result.pattern = pattern;
  while (pattern.size() > 1) {
    pattern.remove_prefix(1);
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(segment.size());
    model::PathSegment plan;
    plan.text = segment;
    if (segment.starts_with('{')) {
      plan.text = segment.substr(1, segment.size() - 2);
      plan.kind = model::PathSegment::Kind::kParameter;
      if (plan.text.ends_with("...")) {
        plan.text.resize(plan.text.size() - 3);
        plan.kind = model::PathSegment::Kind::kRest;
      }
    }
    result.segments.push_back(std::move(plan));
  }
  return result;
}

model::FlowId ProgramBuilder::flow(const std::string& name, model::Route route, model::Block body,
                                   std::vector<model::SlotId> slots) {
  model::Flow result;
  result.origin = origin(name);
  result.trigger = model::Trigger::kRoute;
  result.route = std::move(route);
  result.slug = name;
  result.body = std::move(body);
  result.slots = std::move(slots);
  return program.flows.push_back(std::move(result));
}

model::Statement ProgramBuilder::run(model::StepId step) {
  model::Statement result;
  result.step = step;
  return result;
}

model::Statement ProgramBuilder::answer(std::uint16_t status, model::AnswerFormat format,
                                        std::optional<model::Expression> body) {
  model::Statement result;
  result.kind = model::StatementKind::kReturn;
  model::Answer& answer = result.answer.emplace();
  answer.status = status;
  answer.format = format;
  if (body) answer.body = std::move(*body);
  return result;
}

model::Expression ProgramBuilder::text(const std::string& text) {
  model::Expression result;
  result.kind = model::ExpressionKind::kConstant;
  result.type = types.simple(model::TypeKind::kString);
  result.constant.kind = model::Constant::Kind::kString;
  result.constant.text = text;
  return result;
}

model::Expression ProgramBuilder::read(model::SlotId slot) const {
  model::Expression result;
  result.kind = model::ExpressionKind::kSlot;
  result.slot = slot;
  result.type = program.slots[slot].type;
  return result;
}

}  // namespace zc::plan
