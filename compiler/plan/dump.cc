#include "compiler/plan/dump.h"

#include "compiler/model/sagas/saga.h"
#include "compiler/plan/make_plan.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/ErrorHandling.h>

#include <algorithm>
#include <string>

namespace zc::plan {
namespace {

llvm::StringRef name_of(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::kExtract:
      return "extract";
    case Operation::Kind::kAssign:
      return "assign";
    case Operation::Kind::kCalls:
      return "effects";
    case Operation::Kind::kStep:
      return "step";
    case Operation::Kind::kWhen:
      return "when";
    case Operation::Kind::kEnqueue:
      return "enqueue";
    case Operation::Kind::kRescue:
      return "rescue";
    case Operation::Kind::kAnswer:
      return "answer";
    case Operation::Kind::kBlock:
      return "block";
    case Operation::Kind::kParallel:
      return "parallel";
    case Operation::Kind::kEach:
      return "each";
    case Operation::Kind::kSaga:
      return "saga";
    case Operation::Kind::kTransaction:
      return "transaction";
    case Operation::Kind::kIdempotency:
      return "idempotency";
  }
  llvm_unreachable("every kind of operation has a name");
}

std::string on_one_line(std::string statements) {
  std::replace(statements.begin(), statements.end(), '\n', ' ');
  return statements;
}

class Dumper {
 public:
  explicit Dumper(llvm::raw_ostream& out) : out_(out) {}

  void package(const Plan& plan) {
    out_ << "package " << plan.package << " -> namespace " << plan.cpp_namespace << ", " << plan.path
         << ".flow.h\n";
    for (const TypePlan& type : plan.types)
      this->type(type);
    for (const StepPlan& step : plan.steps)
      this->step(step);
    for (const FlowPlan& flow : plan.flows)
      this->flow(flow);
    for (const SitePlan& site : plan.sites) {
      out_ << "site " << site.name << ": " << site.operation << " of target " << site.target;
      if (!site.policy.empty()) out_ << ", " << llvm::join(site.policy, ", ");
      out_ << "\n";
      if (!site.effective.empty()) out_ << "  " << site.effective << "\n";
    }
    for (const TargetPlan& target : plan.targets) {
      out_ << "target " << target.name << ": " << target.adapter << "\n";
      if (!target.effective.empty()) out_ << "  " << target.effective << "\n";
    }
    for (const RouteTablePlan& table : plan.routes)
      routes(plan, table);
    for (const Unsupported& each : plan.unsupported)
      out_ << (each.is_hint ? "without effect: " : "not generated: ") << each.what << "\n";
  }

 private:
  void type(const TypePlan& type) {
    constexpr const char* kNames[] = {"scalar", "enum", "struct", "error"};
    out_ << kNames[static_cast<std::size_t>(type.kind)] << " " << type.name;
    if (type.kind == TypePlan::Kind::kScalar) out_ << ": " << type.scalar.base;
    if (type.has_json) out_ << " json";
    if (type.has_row) out_ << " row";
    if (type.has_protobuf) out_ << " protobuf";
    out_ << "\n";
    for (const FieldPlan& field : type.fields)
      out_ << "  " << field.type << " " << field.name << field.initializer << "\n";
    for (const EnumeratorPlan& value : type.values)
      out_ << "  " << value.name << " = " << value.json << "\n";
  }

  void step(const StepPlan& step) {
    out_ << "step " << step.name << ": view";
    for (const AccessPlan& slot : step.slots) {
      out_ << " " << slot.name << (slot.reads ? (slot.optional_read ? " reads?" : " reads") : "")
           << (slot.writes ? (slot.optional_write ? " writes?" : " writes") : "") << ";";
    }
    out_ << " decisions proceed";
    for (const DecisionPlan& decision : step.decisions)
      out_ << ", " << decision.enumerator;
    out_ << "\n";
  }

  void flow(const FlowPlan& flow) {
    out_ << flow.heading << ": " << (flow.is_coroutine ? "coroutine" : "function") << " " << flow.function
         << "\n";
    out_ << "  storage " << flow.storage << "\n";
    slots(flow.slots);
    for (std::size_t i = 0; i < flow.suspensions.size(); ++i)
      out_ << "  suspension point " << i + 1 << ": " << flow.suspensions[i] << "\n";
    for (const StoragePlan& storage : flow.storages) {
      out_ << "  storage " << storage.name << "\n";
      slots(storage.slots);
    }
    for (const BranchPlan& branch : flow.branches) {
      out_ << "  branch " << branch.function << "\n";
      body(branch.body, 2);
    }
    body(flow.body, 1);
    for (const FlowPlan& overload : flow.on_overload)
      this->flow(overload);
  }

  void slots(const std::vector<SlotPlan>& slots) {
    for (const SlotPlan& slot : slots)
      out_ << "    " << slot.type << " " << slot.name
           << (slot.presence.empty() ? "" : " with " + slot.presence) << "\n";
  }

  void body(const Body& body, std::size_t depth) {
    for (const Operation& operation : body) {
      const std::string& text = operation.comment.empty() ? operation.condition : operation.comment;
      const llvm::StringRef kind = name_of(operation.kind);
      const bool says_it = llvm::StringRef(text + " ").starts_with((kind + " ").str());
      line(depth) << (says_it ? "" : kind.str() + (text.empty() ? "" : " ")) << text << "\n";
      for (const CallPlan& call : operation.calls) {
        line(depth + 1) << "call " << call.site << " as " << call.call << "\n";
      }
      for (const GroupPlan& group : operation.groups) {
        line(depth + 1) << "group " << group.join << (group.quorum.empty() ? "" : " ") << group.quorum
                        << " as " << group.local << ": " << llvm::join(group.members, ", ") << "\n";
      }
      for (const OutcomePlan& outcome : operation.outcomes) {
        line(depth + 1) << "result of " << outcome.local << (outcome.may_fail ? "" : ", which cannot fail")
                        << "\n";
        failures(outcome.failures, depth + 2);
        for (const OutcomePlan::Kept& kept : outcome.kept)
          for (const AssignPlan& assign : kept.assigns)
            line(depth + 2) << (kept.condition.empty() ? "" : "if " + kept.condition + ": ") << assign.target
                            << " = " << assign.value << "\n";
      }
      if (operation.durable) line(depth + 1) << "kept as " << operation.durable->place << "\n";
      failures(operation.failures, depth + 1);
      for (const CasePlan& each : operation.cases) {
        line(depth + 1) << each.label << ": " << on_one_line(each.statement) << "\n";
        this->body(each.body, depth + 2);
      }
      this->body(operation.body, depth + 1);
      for (const auto* hooks : {&operation.on_error, &operation.on_cancel}) {
        for (const HookPlan& hook : *hooks) {
          line(depth) << hook.comment << "\n";
          this->body(hook.body, depth + 1);
        }
      }
      if (!operation.otherwise.empty()) {
        line(depth) << "otherwise\n";
        this->body(operation.otherwise, depth + 1);
      }
    }
  }

  void failures(const std::vector<FailurePlan>& failures, std::size_t depth) {
    for (const FailurePlan& failure : failures)
      line(depth) << "on " << llvm::join(failure.statuses, " | ")
                  << (failure.statuses.empty() || failure.kinds.empty() ? "" : " | ")
                  << llvm::join(failure.kinds, " | ") << ": " << on_one_line(failure.statement) << "\n";
  }

  void routes(const Plan& plan, const RouteTablePlan& table) {
    out_ << "routes " << (table.method.empty() ? "any" : table.method) << "\n";
    for (const RouteNode& node : table.tree.nodes)
      if (node.route)
        out_ << "  " << (node.pattern.empty() ? "/" : node.pattern) << " -> " << plan.flows[*node.route].name
             << "\n";
  }

  llvm::raw_ostream& line(std::size_t depth) { return out_.indent(static_cast<unsigned>(2 * depth)); }

  llvm::raw_ostream& out_;
};

}  // namespace

void dump_plan(const model::Program& program, llvm::raw_ostream& out) {
  for (std::size_t i = 0; i < program.packages.size(); ++i) {
    const model::PackageId id(i);
    if (!program.packages[id].is_root) continue;
    Dumper(out).package(make_plan(program, id));
    for (std::size_t flow = 0; flow < program.flows.size(); ++flow) {
      const model::FlowId flow_id(flow);
      if (program.flows[flow_id].origin.package == id) model::dump_sagas(program, flow_id, out);
    }
  }
}

}  // namespace zc::plan
