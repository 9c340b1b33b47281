#include "compiler/plan/flows/flow_builder.h"

#include "compiler/model/cfg.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <numeric>
#include <utility>

namespace zc::plan {
namespace {

using model::StatementKind;
using model::TypeKind;

const char* method_text(model::Method method) {
  switch (method) {
    case model::Method::kGet:
      return "GET";
    case model::Method::kHead:
      return "HEAD";
    case model::Method::kPost:
      return "POST";
    case model::Method::kPut:
      return "PUT";
    case model::Method::kPatch:
      return "PATCH";
    case model::Method::kDelete:
      return "DELETE";
    case model::Method::kOptions:
      return "OPTIONS";
    case model::Method::kTrace:
      return "TRACE";
    case model::Method::kConnect:
      return "CONNECT";
    case model::Method::kAny:
      return "";
  }
  return "";
}

// How values are aligned, as far as it matters for gaps.
unsigned alignment_of(const model::Program& program, model::TypeId id) {
  const model::Type& type = program.types[id];
  switch (type.kind) {
    case TypeKind::kBool:
    case TypeKind::kEnum:
    case TypeKind::kUuid:
      return 1;
    case TypeKind::kI32:
    case TypeKind::kU32:
      return 4;
    case TypeKind::kOptional:
      return alignment_of(program, type.element);
    case TypeKind::kScalar:
      return alignment_of(program, program.scalars[model::ScalarId(type.declaration)].base);
    default:
      return 8;
  }
}

// What the scheduler is to know of a flow, as initialisers.
std::vector<std::string> flow_settings(const model::Flow& flow) {
  std::vector<std::string> result;
  if (flow.priority == model::Priority::kInteractive)
    result.emplace_back(".priority = zerver::async::Priority::kInteractive");
  if (flow.priority == model::Priority::kBatch)
    result.emplace_back(".priority = zerver::async::Priority::kBatch");
  if (flow.in_flight) result.push_back(".in_flight = " + std::to_string(*flow.in_flight));
  if (flow.retry_budget_percent)
    result.push_back(".retry_budget_percent = " + std::to_string(*flow.retry_budget_percent));
  if (flow.deadline) result.push_back(".deadline = " + duration(*flow.deadline));
  return result;
}

// A flow may fill slots only to check a part of the request: compilers warn of what is set and never used.
bool uses_slots(const model::Program& program, const model::Flow& flow) {
  bool uses = false;
  std::vector<model::SlotUse> mentioned;
  model::for_each_statement(flow, [&](const model::Statement& statement) {
    if (statement.step.is_valid()) {
      const model::Step& step = program.steps[statement.step];
      uses = uses || !step.reads.empty() || step.kind == model::StepKind::kBody;
    }
    if (statement.condition) model::collect_slots(*statement.condition, mentioned);
    if (!statement.answer) return;
    if (statement.answer->body) model::collect_slots(*statement.answer->body, mentioned);
    for (const model::AnswerHeader& header : statement.answer->headers)
      model::collect_slots(header.value, mentioned);
  });
  return uses || !mentioned.empty();
}

}  // namespace

FlowBuilder::FlowBuilder(Builder& builder, model::FlowId id)
    : builder_(builder), id_(id), flow_(builder.program.flows[id]) {}

FlowPlan FlowBuilder::run() {
  FlowPlan plan;
  plan.name = flow_.origin.name;
  plan.flow_name = builder_.flow_name(flow_.origin);
  plan.function = builder_.source_scope.claim("run_" + flow_.origin.name);
  plan.storage = builder_.source_scope.claim(upper_camel(flow_.origin.name) + "Slots");
  plan.constant = builder_.source_scope.claim(constant("route_" + flow_.origin.name));
  plan.slug = flow_.slug;
  plan.heading = "flow " + flow_.origin.name;
  plan.doc = lines_of(flow_.origin.doc);
  plan.owner = flow_.owner.value_or("");
  if (flow_.route) {
    plan.method = method_text(flow_.route->method);
    plan.path = flow_.route->pattern;
    plan.heading +=
        " on " + (plan.method.empty() ? std::string("ANY") : plan.method) + " \"" + plan.path + "\"";
    for (const SegmentMatch& segment : segments_of(*flow_.route))
      plan.captures += segment.value_count();
  } else {
    plan.method = "POST";
    plan.path = "/flow/v1/" + flow_.slug;
  }
  plan.is_coroutine = flow_.has_effects;
  if (flow_.deadline && flow_.has_effects) plan.deadline = duration(*flow_.deadline);
  plan.settings = flow_settings(flow_);
  if (flow_.trigger == model::Trigger::kJob) builder_.unsupported(flow_.origin.span, "a job");
  if (flow_.trigger == model::Trigger::kCron) builder_.unsupported(flow_.origin.span, "a cron");
  if (flow_.sample_percent) builder_.plan.unsupported.push_back({flow_.origin.span, "`sample`", true});
  plan_slots(plan);
  plan.uses_slots = uses_slots(builder_.program, flow_);
  plan.body = block(flow_.body).body;
  plan.suspensions = std::move(suspensions_);
  plan.uses_path = uses_path_;
  return plan;
}

void FlowBuilder::plan_slots(FlowPlan& plan) {
  NameScope scope;
  llvm::DenseSet<model::SlotId> maybe(flow_.maybe_slots.begin(), flow_.maybe_slots.end());
  llvm::DenseSet<llvm::StringRef> own;
  for (const model::SlotId id : flow_.slots) {
    const model::Origin& origin = builder_.program.slots[id].origin;
    if (builder_.is_own(origin)) own.insert(origin.name);
  }
  for (const model::SlotId id : flow_.slots) {
    const model::Slot& slot = builder_.program.slots[id];
    const std::string written = builder_.written_name(slot.origin);
    const bool clashes = !builder_.is_own(slot.origin) && own.contains(slot.origin.name);
    SlotPlan each;
    each.name = scope.claim(clashes ? written : slot.origin.name);
    each.type = builder_.writer.type(slot.type);
    each.flow_name = written;
    each.alignment = alignment_of(builder_.program, slot.type);
    builder_.require(slot.type, builder_.source_packages);
    names_[id] = each.name;
    slots_.slots[id] = "slots." + each.name;
    plan.slots.push_back(std::move(each));
  }
  for (std::size_t i = 0; i < flow_.slots.size(); ++i) {
    if (!maybe.contains(flow_.slots[i])) continue;
    plan.slots[i].presence = scope.claim("has_" + plan.slots[i].name);
    slots_.presence[flow_.slots[i]] = "slots." + plan.slots[i].presence;
  }
  // The largest alignment first, which leaves no gaps; among equals the first that is used.
  std::vector<std::size_t> order(plan.slots.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  llvm::sort(order, [&](std::size_t left, std::size_t right) {
    return std::pair(plan.slots[right].alignment, left) < std::pair(plan.slots[left].alignment, right);
  });
  std::vector<SlotPlan> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order)
    sorted.push_back(std::move(plan.slots[index]));
  plan.slots = std::move(sorted);
}

FlowBuilder::Result FlowBuilder::block(llvm::ArrayRef<model::Statement> statements) {
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
    rescues_.push_back({&rescue.errors, operation.label});
    Result guarded = block(statements.take_front(i));
    rescues_.pop_back();
    Result handler = rescue.branches.empty() ? Result{} : block(rescue.branches[0]);
    operation.body = std::move(guarded.body);
    operation.otherwise = std::move(handler.body);
    Result result;
    result.body.push_back(std::move(operation));
    Result behind = block(statements.drop_front(i + 1));
    llvm::append_range(result.body, std::move(behind.body));
    result.ends = behind.ends || (guarded.ends && handler.ends);
    return result;
  }
  Result result;
  for (const model::Statement& each : statements) {
    if (result.ends) break;  // check has said that it is not reachable
    result.ends = statement(each, result.body);
  }
  return result;
}

bool FlowBuilder::statement(const model::Statement& statement, Body& body) {
  bool ends = false;
  switch (statement.kind) {
    case StatementKind::kStep:
      step(statement, body, ends);
      break;
    case StatementKind::kChain:
    case StatementKind::kCall:
      if (!statement.branches.empty()) {
        Result inner = block(statement.branches[0]);
        llvm::append_range(body, std::move(inner.body));
        ends = inner.ends;
      }
      break;
    case StatementKind::kParallel:
      parallel(statement, body);
      break;
    case StatementKind::kWhen:
      when(statement, body, ends);
      break;
    case StatementKind::kReturn: {
      Operation operation;
      operation.kind = Operation::Kind::kAnswer;
      answer(statement, operation);
      body.push_back(std::move(operation));
      ends = true;
      break;
    }
    case StatementKind::kEach:
      builder_.unsupported(statement.span, "`each`");
      break;
    case StatementKind::kSaga:
      builder_.unsupported(statement.span, "`saga`");
      break;
    case StatementKind::kOnError:
      builder_.unsupported(statement.span, "`on error`");
      break;
    case StatementKind::kOnCancel:
      builder_.unsupported(statement.span, "`on cancel`");
      break;
    case StatementKind::kEnqueue:
      builder_.unsupported(statement.span, "`enqueue`");
      break;
    case StatementKind::kRescue:
      break;  // block()
  }
  return ends;
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

void FlowBuilder::parallel(const model::Statement& statement, Body& body) {
  Operation operation;
  operation.kind = Operation::Kind::kCalls;
  std::vector<std::string> comments;
  for (const model::Block& branch : statement.branches) {
    const bool is_step = branch.size() == 1 && branch[0].kind == StatementKind::kStep;
    const model::Step* const each = is_step ? &builder_.program.steps[branch[0].step] : nullptr;
    if (each == nullptr || each->kind != model::StepKind::kEffect) {
      builder_.unsupported(branch.empty() ? statement.span : branch[0].span,
                           "what is not one effect inside `parallel`");
      continue;
    }
    effect(*each, identifier(each->origin.name) + "_", operation);
    comments.push_back(comment(*each));
  }
  operation.comment = "parallel: " + llvm::join(comments, "; ");
  if (operation.calls.empty()) return;
  if (operation.calls.size() > 1) {
    GroupPlan all{"all", "zerver::flow::Join::kAll", "", {}};
    for (const CallPlan& each : operation.calls)
      all.members.push_back("{&" + each.call + "}");
    operation.groups.push_back(std::move(all));
  }
  suspensions_.push_back("parallel");
  body.push_back(std::move(operation));
}

void FlowBuilder::step(const model::Statement& statement, Body& body, bool& ends) {
  const model::Step& step = builder_.program.steps[statement.step];
  Operation operation;
  operation.comment = comment(step);
  operation.flow_name = string_literal(builder_.written_name(step.origin));
  switch (step.kind) {
    case model::StepKind::kExtract:
      operation.kind = Operation::Kind::kExtract;
      extract(step, operation);
      break;
    case model::StepKind::kPure:
      operation.kind = Operation::Kind::kAssign;
      operation.assigns.push_back(
          assign(step.writes[0], step.value->type, builder_.writer.value(*step.value, bindings_of(step))));
      break;
    case model::StepKind::kEffect:
      operation.kind = Operation::Kind::kCalls;
      effect(step, "", operation);
      suspensions_.push_back(builder_.written_name(step.origin));
      break;
    case model::StepKind::kGroup:
      operation.kind = Operation::Kind::kCalls;
      group(step, operation);
      suspensions_.push_back(builder_.written_name(step.origin));
      break;
    case model::StepKind::kBody:
      operation.kind = Operation::Kind::kStep;
      body_step(statement, step, operation);
      break;
  }
  ends = false;
  body.push_back(std::move(operation));
}

Bindings FlowBuilder::bindings_of(const model::Step& step) const {
  Bindings result = slots_;
  for (const model::SlotUse& use : step.reads)
    if (!use.optional) result.presence.erase(use.slot);
  return result;
}

std::string FlowBuilder::comment(const model::Step& step) const {
  const auto slots = [&](const std::vector<model::SlotUse>& uses) {
    std::vector<std::string> names;
    for (const model::SlotUse& use : uses)
      names.push_back(builder_.written_name(builder_.program.slots[use.slot].origin) +
                      (use.optional ? "?" : ""));
    return llvm::join(names, ", ");
  };
  std::string text = builder_.written_name(step.origin);
  if (!step.reads.empty()) text += "(" + slots(step.reads) + ")";
  if (!step.writes.empty()) text += " -> " + slots(step.writes);
  return text;
}

AssignPlan FlowBuilder::assign(const model::SlotUse& use, model::TypeId type, const std::string& value) {
  const model::Slot& slot = builder_.program.slots[use.slot];
  const std::string target = slots_.slots.lookup(use.slot);
  const std::string presence = slots_.presence.lookup(use.slot);
  model::TypeId inner = type;
  std::string given = value;
  AssignPlan result;
  const bool unwraps =
      this->type(type).kind == TypeKind::kOptional && this->type(slot.type).kind != TypeKind::kOptional;
  if (unwraps) {
    // A value that is not there leaves the slot unset.
    result.condition = llvm::StringRef(value).starts_with("*") || llvm::StringRef(value).contains(" ? ")
                           ? "(" + value + ").has_value()"
                           : value + ".has_value()";
    if (llvm::StringRef(value).starts_with("*")) result.condition = value;
    given = llvm::StringRef(value).contains(" ? ") ? "*(" + value + ")" : "*" + value;
    inner = this->type(type).element;
  }
  const TypeKind to = this->type(slot.type).kind;
  const TypeKind from = this->type(inner).kind;
  if (to == TypeKind::kScalar && from != TypeKind::kScalar && inner != slot.type)
    given = builder_.writer.type(slot.type) + "{" + given + "}";
  result.target = target;
  result.value = given;
  result.presence = presence;
  return result;
}

void plan_flows(Builder& builder) {
  for (std::size_t i = 0; i < builder.program.flows.size(); ++i) {
    const model::FlowId id(i);
    if (!builder.is_own(builder.program.flows[id].origin)) continue;
    builder.plan.flows.push_back(FlowBuilder(builder, id).run());
  }
}

}  // namespace zc::plan
