// Writes of a saga that stay when it ends early.

#include "compiler/check/sagas/saga_checks.h"

#include "compiler/model/effects.h"
#include "compiler/model/outcome/outcome.h"

#include <optional>
#include <string>
#include <utility>

namespace zc::check {

namespace {

using model::SagaStep;

class SagaChecker {
 public:
  SagaChecker(FlowContext& flow, SagaUses& uses) : flow_(flow), uses_(uses) {}

  void check() {
    for (const model::NodeIndex node : flow_.cfg.order) {
      if (flow_.cfg.nodes[node].kind == model::NodeKind::kStep)
        uses_.add(statement(node).step, SagaUses::Use::kOutside, statement(node).span);
    }
    for (const model::Saga& saga : model::find_sagas(program(), flow_.cfg)) {
      for (const SagaStep& step : saga.steps)
        check_step(saga, step);
    }
  }

 private:
  [[nodiscard]] const model::Program& program() const { return flow_.context.program; }
  [[nodiscard]] const model::Statement& statement(model::NodeIndex node) const {
    return *flow_.cfg.statements[flow_.cfg.nodes[node].statement];
  }
  [[nodiscard]] const model::Step& declared(const SagaStep& step) const { return program().steps[step.step]; }
  [[nodiscard]] Span use(const SagaStep& step) const { return statement(step.node).span; }
  [[nodiscard]] const std::string& name(const SagaStep& step) const { return declared(step).origin.name; }

  void check_step(const model::Saga& saga, const SagaStep& step) {
    const model::Step& declared = this->declared(step);
    uses_.add(step.step, step.is_before_pivot ? SagaUses::Use::kInSaga : SagaUses::Use::kBehindPivot,
              use(step));
    if (declared.pivot) {
      check_pivot(saga, step);
    } else if (step.writes) {
      if (!declared.undo) check_write(saga, step);
      if (declared.group) check_group(step, *declared.group);
    }
  }

  void check_pivot(const model::Saga& saga, const SagaStep& step) {
    if (step.pivot != model::kNoIndex && flow_.reports.is_new(Kind::kSecondPivot, use(step))) {
      const SagaStep& first = saga.steps[step.pivot];
      auto& diagnostic = flow_.context.engine.report(Kind::kSecondPivot, use(step), name(step));
      if (first.node == step.node) {
        diagnostic.label("in a loop, the second run is behind the first");
      } else {
        diagnostic.secondary(use(first), "no way back from here, whatever the second one does");
      }
      diagnostic.help("end the saga before it, or let an `undo` take one of them back");
    }
    if (step.ends_beside != model::kNoIndex && flow_.reports.is_new(Kind::kUnorderedPivot, use(step))) {
      const SagaStep& beside = saga.steps[step.ends_beside];
      flow_.context.engine.report(Kind::kUnorderedPivot, use(step), name(step), name(beside))
          .secondary(use(beside), "may fail when the pivot has happened, and before")
          .help("put the pivot behind the `parallel` block");
    }
  }

  void check_write(const model::Saga& saga, const SagaStep& step) {
    std::uint32_t end = model::kNoIndex;
    bool is_behind_pivot = false;
    if (step.is_before_pivot) end = step.ends_after != model::kNoIndex ? step.ends_after : step.ends_beside;
    if (end == model::kNoIndex && step.pivot != model::kNoIndex) {
      end = step.fails_after;
      is_behind_pivot = true;
    }
    if (end == model::kNoIndex || !flow_.reports.is_new(Kind::kUncompensatedWrite, use(step))) return;
    const SagaStep& last = saga.steps[end];
    auto& diagnostic = flow_.context.engine.report(Kind::kUncompensatedWrite, use(step), name(step),
                                                   reason(last, last.node == step.node));
    model::for_each_call(declared(step), [&](const model::EffectCall& call) {
      if (call.access == model::Access::kWrite) diagnostic.secondary(call.span, "this write would stay");
    });
    if (last.node != step.node) diagnostic.secondary(use(last), "the saga can end here");
    if (is_behind_pivot) {
      diagnostic.secondary(use(saga.steps[step.pivot]), "behind this pivot nothing is undone")
          .help("let `" + name(last) + "` be retried, with a `key` where it writes, or put the write last");
    } else {
      diagnostic.help("give step `" + name(step) +
                      "` an `undo`, or mark it `pivot` when there is no way back from it");
    }
  }

  // "step `book` fails with `Unavailable`"
  [[nodiscard]] std::string reason(const SagaStep& step, bool is_itself) const {
    const std::string subject = is_itself ? "it" : "step `" + name(step) + "`";
    const std::string again = is_itself ? " for a later element" : "";
    if (step.leaving.empty())
      return "the request is cancelled or out of time while " + subject + " waits" + again;
    std::string errors;
    for (const model::ErrorId error : step.leaving)
      errors += (errors.empty() ? "`" : ", `") + program().errors[error].origin.name + "`";
    return subject + " fails" + again + " with " + errors;
  }

  // A group that fails has no `undo`: its step has not completed.
  void check_group(const SagaStep& step, const model::Group& group) {
    if (step.leaving.empty()) return;
    const auto members = half_done(group);
    if (!members) return;
    const auto& [write, failing] = *members;
    if (!flow_.reports.is_new(Kind::kHalfDoneGroup, write->call.span)) return;
    flow_.context.engine
        .report(Kind::kHalfDoneGroup, write->call.span, name(step),
                "`" + model::call_name(program(), write->call) + "`")
        .secondary(failing->call.span, "when this fails, so does the step")
        .secondary(use(step), "in this saga")
        .note("an `undo` takes back a step that has completed")
        .help("perform them in steps of their own, each with its `undo`");
  }

  using Members = std::pair<const model::GroupMember*, const model::GroupMember*>;

  // A write, and an effect beside or behind it whose failure makes the group fail.
  static std::optional<Members> half_done(const model::Group& group) {
    const bool waits_for_all = group.join == model::Join::kAll || group.join == model::Join::kAllRequired ||
                               group.join == model::Join::kSequential;
    if (!waits_for_all) return std::nullopt;
    const model::GroupMember* write = nullptr;
    const model::GroupMember* failing = nullptr;
    for (const model::GroupMember& member : group.members) {
      if (member.group && member.required)
        if (const auto inside = half_done(*member.group)) return inside;
      const model::GroupMember* own_write = nullptr;
      const model::GroupMember* own_failing = nullptr;
      const bool fails = member.required && (!member.group || model::raised_by(*member.group) != 0);
      model::for_each_effect(member, [&](const model::GroupMember& effect) {
        if (effect.call.access == model::Access::kWrite && own_write == nullptr) own_write = &effect;
        if (fails && effect.required && effect.call.raises != 0 && own_failing == nullptr)
          own_failing = &effect;
      });
      if (own_failing != nullptr && write != nullptr) return Members{write, own_failing};
      if (own_write != nullptr && failing != nullptr && group.join != model::Join::kSequential)
        return Members{own_write, failing};
      if (own_write != nullptr) write = own_write;
      if (own_failing != nullptr) failing = own_failing;
    }
    return std::nullopt;
  }

  FlowContext& flow_;
  SagaUses& uses_;
};

}  // namespace

void check_sagas(FlowContext& flow, SagaUses& uses) { SagaChecker(flow, uses).check(); }

}  // namespace zc::check
