// Gates that let nothing pass: what they were for is gone, or was never there.

#include "compiler/check/data/data_checks.h"
#include "compiler/model/effects.h"
#include "compiler/model/graph/cfg.h"

#include <algorithm>
#include <string>

namespace zc::check {

namespace {

template <typename Visit> void for_each_call_with_slot(const model::Step& step, const Visit& visit) {
  const model::SlotUse nowhere;
  if (step.call) visit(*step.call, step.writes.empty() ? nowhere : step.writes.front());
  if (step.group) {
    model::for_each_member(*step.group,
                           [&visit](const model::GroupMember& member) { visit(member.call, member.writes); });
  }
  if (step.undo) visit(*step.undo, nowhere);
}

class IdleGates {
 public:
  IdleGates(Context& context, const LabelTable& table, const DataFindings& found)
      : context_(context), table_(table), found_(found) {}

  void report() {
    const model::Program& program = context_.program;
    for (const model::Flow& flow : program.flows) {
      if (!is_root(flow.origin)) continue;
      model::for_each_statement(flow, [this](const model::Statement& statement) {
        if (statement.answer) report_reveals(*statement.answer);
      });
    }
    for (std::size_t i = 0; i < program.steps.size(); ++i)
      report_drops(model::StepId(i));
    report_accepts();
  }

 private:
  [[nodiscard]] bool is_root(const model::Origin& origin) const {
    return context_.program.packages[origin.package].is_root;
  }
  // A chain, and so its answers, may run in several flows.
  [[nodiscard]] bool is_idle(const model::Gate& gate) {
    return found_.open_gates.count(gate.span) == 0 && reported_.insert(gate.span).second;
  }

  void suggest(diagnostics::Diagnostic& diagnostic, const model::Gate& gate) {
    if (gate.clause.is_valid()) diagnostic.fix("leave it out", gate.clause, "");
  }

  void report_reveals(const model::Answer& answer) {
    for (const model::Gate& gate : answer.reveals) {
      if (!is_idle(gate)) continue;
      std::string what = gate.label == model::kNoLabel ? "`" : label_text(gate.label);
      for (const std::string& segment : gate.path)
        what += (what == "`" ? "" : ".") + segment;
      if (gate.label == model::kNoLabel) what += "`";
      auto& diagnostic = context_.engine.report(Kind::kRevealNothing, gate.span, what);
      if (gate.label == model::kNoLabel)
        diagnostic.note("`reveal` takes `pii`, `secret`, or the path of labelled data in the answer");
      suggest(diagnostic, gate);
    }
  }

  void report_drops(model::StepId id) {
    const model::Step& step = context_.program.steps[id];
    if (!is_root(step.origin) || found_.steps.count(id.raw()) == 0) return;
    for (const model::Gate& gate : step.drops) {
      if (!is_idle(gate)) continue;
      suggest(context_.engine.report(Kind::kDropsNothing, gate.span, step.origin.name, label_word(gate.label),
                                     label_text(gate.label)),
              gate);
    }
  }

  void report_accepts() {
    const model::Program& program = context_.program;
    std::set<std::pair<std::uint32_t, model::Label>> busy = found_.targets;
    std::set<std::uint32_t> called;
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      const model::StepId id(i);
      const model::Step& step = program.steps[id];
      model::Labels read = model::kNoLabel;
      // What no flow runs was not looked at: it may send whatever it reads.
      if (found_.steps.count(id.raw()) == 0) {
        for (const model::SlotUse& use : step.reads)
          read |= table_.labels_of(use.slot);
      }
      for_each_call_with_slot(step, [&](const model::EffectCall& call, const model::SlotUse& result) {
        called.insert(call.target.raw());
        model::Labels labels = read | table_.labels_of(call.result);
        if (result.slot.is_valid()) labels |= table_.labels_of(result.slot);
        for (const model::Label label : {model::kPii, model::kSecret}) {
          if ((labels & label) != 0) busy.insert({call.target.raw(), label});
        }
      });
    }
    for (std::size_t i = 0; i < program.targets.size(); ++i) {
      const model::TargetId id(i);
      const model::Target& target = program.targets[id];
      if (!is_root(target.origin) || called.count(id.raw()) == 0) continue;
      for (const model::Gate& gate : target.accepts) {
        if (busy.count({id.raw(), gate.label}) != 0) continue;
        suggest(context_.engine.report(Kind::kAcceptsNothing, gate.span, target.origin.name,
                                       label_text(gate.label)),
                gate);
      }
    }
  }

  Context& context_;
  const LabelTable& table_;
  const DataFindings& found_;
  std::set<Span> reported_;
};

}  // namespace

void report_idle_gates(Context& context, const LabelTable& table, const DataFindings& found) {
  // Where something could not be read, a gate that seems idle may not be.
  if (context.is_incomplete || context.engine.has_errors()) return;
  IdleGates(context, table, found).report();
}

}  // namespace zc::check
