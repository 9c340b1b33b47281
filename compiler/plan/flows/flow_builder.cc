#include "compiler/plan/flows/flow_builder.h"

#include "compiler/model/graph/cfg.h"
#include "compiler/model/outcome/outcome.h"

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

// The body of its `on overload`; null when it has none.
const model::Block* overload_of(const model::Flow& flow) {
  for (const model::Statement& statement : flow.body)
    if (statement.kind == StatementKind::kOnOverload) return &statement.branches.front();
  return nullptr;
}

// What the scheduler is to know of a flow, as initialisers.
std::vector<std::string> flow_settings(const model::Program& program, const model::Flow& flow) {
  std::vector<std::string> result;
  if (flow.priority == model::Priority::kInteractive)
    result.emplace_back(".priority = zerver::async::Priority::kInteractive");
  if (flow.priority == model::Priority::kBatch)
    result.emplace_back(".priority = zerver::async::Priority::kBatch");
  if (flow.in_flight) result.push_back(".in_flight = " + std::to_string(*flow.in_flight));
  if (flow.retry_budget_percent)
    result.push_back(".retry_budget_percent = " + std::to_string(*flow.retry_budget_percent));
  if (flow.deadline) result.push_back(".deadline = " + duration(*flow.deadline));
  if (overload_of(flow) != nullptr) result.emplace_back(".on_overload = true");
  bool streams = false;
  model::for_each_statement(flow, [&](const model::Statement& statement) {
    streams = streams || (statement.answer && model::is_streamed(program, *statement.answer));
  });
  if (streams) result.emplace_back(".streams = true");
  if (model::takes_message_pack(program, flow)) result.emplace_back(".message_pack = true");
  return result;
}

}  // namespace

FlowBuilder::FlowBuilder(Builder& builder, model::FlowId id, Part part)
    : builder_(builder),
      id_(id),
      flow_(builder.program.flows[id]),
      part_(part),
      overload_(overload_of(flow_)) {}

FlowPlan FlowBuilder::run() {
  plan_head();
  const llvm::ArrayRef<model::Statement> statements = part_ == Part::kBody ? flow_.body : *overload_;
  plan_slots(statements);
  plan_.uses_slots = reads_slots(statements);
  plan_.body = block(statements).body;
  if (flow_.trigger == model::Trigger::kJob) job();
  plan_.suspensions = std::move(suspensions_);
  plan_.uses_path = uses_path_;
  if (part_ == Part::kBody && overload_ != nullptr)
    plan_.on_overload.push_back(FlowBuilder(builder_, id_, Part::kOverload).run());
  return std::move(plan_);
}

void FlowBuilder::plan_head() {
  const bool is_body = part_ == Part::kBody;
  const std::string suffix = is_body ? "" : "_on_overload";
  plan_.name = flow_.origin.name;
  plan_.flow_name = builder_.flow_name(flow_.origin);
  plan_.function = builder_.source_scope.claim("run_" + flow_.origin.name + suffix);
  plan_.storage = builder_.source_scope.claim(upper_camel(flow_.origin.name + suffix) + "Slots");
  if (flow_.route) {
    for (const SegmentMatch& segment : segments_of(*flow_.route))
      plan_.captures += segment.value_count();
  }
  if (!is_body) {
    plan_.heading = "flow " + flow_.origin.name + ", on overload";
    return;
  }
  plan_.constant = builder_.source_scope.claim(constant("route_" + flow_.origin.name));
  plan_.slug = flow_.slug;
  plan_.heading = "flow " + flow_.origin.name;
  plan_.doc = lines_of(flow_.origin.doc);
  plan_.owner = flow_.owner.value_or("");
  if (flow_.route) {
    plan_.method = method_text(flow_.route->method);
    plan_.path = flow_.route->pattern;
    plan_.heading +=
        " on " + (plan_.method.empty() ? std::string("ANY") : plan_.method) + " \"" + plan_.path + "\"";
  } else if (flow_.trigger == model::Trigger::kSlug) {
    plan_.method = "POST";
    plan_.path = "/flow/v1/" + flow_.slug;
  } else {
    plan_.heading = (flow_.trigger == model::Trigger::kJob ? "job " : "cron ") + flow_.origin.name;
    plan_.is_routed = false;
  }
  plan_.is_coroutine = flow_.has_effects;
  if (flow_.deadline && flow_.has_effects) plan_.deadline = duration(*flow_.deadline);
  plan_.settings = flow_settings(builder_.program, flow_);
  plan_.settings.push_back(".package = " + string_literal(builder_.plan.package));
  plan_.settings.push_back(".place = " + builder_.place(flow_.origin));
  if (flow_.sample_percent) builder_.plan.unsupported.push_back({flow_.origin.span, "`sample`", true});
}

void FlowBuilder::plan_slots(llvm::ArrayRef<model::Statement> statements) {
  NameScope scope({plan_.storage});
  Slots elsewhere;
  model::for_each_statement(flow_, [&](const model::Statement& statement) {
    if (!statement.each) return;
    for (const model::SlotId slot : element_slots(statement))
      elsewhere.insert(slot);
  });
  stored_ = used(statements);
  if (part_ == Part::kBody) {
    if (overload_ != nullptr)
      for (const model::SlotId slot : used(*overload_))
        if (!stored_.contains(slot)) elsewhere.insert(slot);  // nothing of the body
    for (const model::SlotId slot : flow_.slots)
      if (!elsewhere.contains(slot)) stored_.insert(slot);
  }
  for (const model::Parameter& parameter : flow_.parameters)
    if (parameter.slot.is_valid()) stored_.insert(parameter.slot);
  std::vector<model::SlotId> ids;
  llvm::copy_if(flow_.slots, std::back_inserter(ids), [&](model::SlotId id) { return stored_.contains(id); });
  llvm::DenseSet<llvm::StringRef> own;
  for (const model::SlotId id : ids) {
    const model::Origin& origin = builder_.program.slots[id].origin;
    if (builder_.is_own(origin)) own.insert(origin.name);
  }
  for (const model::SlotId id : ids) {
    const model::Slot& slot = builder_.program.slots[id];
    const std::string written = builder_.written_name(slot.origin);
    const bool clashes = !builder_.is_own(slot.origin) && own.contains(slot.origin.name);
    SlotPlan each;
    each.name = scope.claim(clashes ? written : slot.origin.name);
    each.type = builder_.writer.type(slot.type);
    each.flow_name = written;
    each.alignment = alignment_of(builder_.program, slot.type);
    builder_.require(slot.type, builder_.source_packages);
    slots_.slots[id] = "slots." + each.name;
    plan_.slots.push_back(std::move(each));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!is_maybe(ids[i])) continue;
    plan_.slots[i].presence = scope.claim("has_" + plan_.slots[i].name);
    slots_.presence[ids[i]] = "slots." + plan_.slots[i].presence;
  }
  // The largest alignment first, which leaves no gaps; among equals the first that is used.
  std::vector<std::size_t> order(plan_.slots.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  llvm::sort(order, [&](std::size_t left, std::size_t right) {
    return std::pair(plan_.slots[right].alignment, left) < std::pair(plan_.slots[left].alignment, right);
  });
  std::vector<SlotPlan> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order)
    sorted.push_back(std::move(plan_.slots[index]));
  plan_.slots = std::move(sorted);
}

// In front of the first statement that is written in the flow: those before it know who asks.
void FlowBuilder::idempotency(const model::Statement& statement, Body& body) {
  if (!flow_.idempotency || has_idempotency_) return;
  const llvm::ArrayRef<model::Statement> written = llvm::ArrayRef(flow_.body).drop_front(flow_.before);
  if (&statement < written.begin() || &statement >= written.end()) return;
  has_idempotency_ = true;
  const model::Idempotency& wanted = *flow_.idempotency;
  // A request cannot be under way for longer than its deadline, and a while for what it undoes.
  constexpr model::Nanoseconds kGrace = 10'000'000'000;
  constexpr model::Nanoseconds kNoDeadline = 60'000'000'000;
  const model::Nanoseconds lease =
      wanted.lease.value_or(flow_.deadline ? *flow_.deadline + kGrace : kNoDeadline);
  builder_.targets.insert(wanted.target);
  suspensions_.emplace_back("idempotency");
  Operation operation;
  operation.kind = Operation::Kind::kIdempotency;
  operation.comment =
      "idempotency on " + builder_.written_name(builder_.program.targets[wanted.target].origin);
  operation.settings.push_back(
      ".target = " + std::to_string(llvm::find(builder_.targets, wanted.target) - builder_.targets.begin()));
  operation.settings.push_back(".flow = " + string_literal(builder_.flow_name(flow_.origin)));
  if (wanted.is_required) operation.settings.emplace_back(".required = true");
  if (wanted.waits) operation.settings.emplace_back(".waits = true");
  if (wanted.retries) operation.settings.emplace_back(".retries_interrupted = true");
  operation.settings.push_back(".life = " + duration(wanted.life));
  operation.settings.push_back(".lease = " + duration(lease));
  constexpr llvm::StringLiteral kHeader = "<zerver/std/idempotency.h>";
  std::vector<std::string>& includes = builder_.plan.source_includes;
  if (!llvm::is_contained(includes, kHeader)) includes.emplace_back(kHeader);
  body.push_back(std::move(operation));
}

bool FlowBuilder::statement(const model::Statement& statement, Body& body) {
  idempotency(statement, body);
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
      each(statement, body);
      break;
    case StatementKind::kSaga:
      saga(statement, body, ends);
      break;
    case StatementKind::kTx:
      transaction(statement, body, ends);
      break;
    case StatementKind::kEnqueue:
      enqueue(statement, body);
      break;
    case StatementKind::kRescue:
    case StatementKind::kOnError:
    case StatementKind::kOnCancel:
    case StatementKind::kOnOverload:
      break;  // block(), run()
  }
  return ends;
}

void FlowBuilder::step(const model::Statement& statement, Body& body, bool& ends) {
  const model::Step& step = builder_.program.steps[statement.step];
  builder_.note_place(statement.step);
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
      operation.may_throw = may_throw(operation.assigns.front().value);
      break;
    case model::StepKind::kEffect:
      operation.kind = Operation::Kind::kCalls;
      effect(step, "", operation);
      check_given_up(operation);
      record(statement, operation);
      keep(builder_.written_name(step.origin), step.origin.was ? &*step.origin.was : nullptr, operation);
      suspensions_.push_back(builder_.written_name(step.origin));
      break;
    case model::StepKind::kGroup:
      operation.kind = Operation::Kind::kCalls;
      group(step, operation);
      check_given_up(operation);
      record(statement, operation);
      keep(builder_.written_name(step.origin), step.origin.was ? &*step.origin.was : nullptr, operation);
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

// Optional effects hide failures: that the request was given up must still be seen.
void FlowBuilder::check_given_up(Operation& operation) {
  const bool is_hidden =
      operation.calls.size() > 1 ||
      llvm::any_of(operation.outcomes, [](const OutcomePlan& outcome) { return !outcome.may_fail; });
  if (is_hidden && shields_ == 0) operation.given_up = guarded(give_up());
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
