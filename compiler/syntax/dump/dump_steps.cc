// The syntax tree as text: steps.

#include "compiler/syntax/dump/ast_dumper.h"

#include <llvm/Support/ErrorHandling.h>

#include <utility>

namespace zc::syntax {
namespace {

llvm::StringRef join_name(JoinKind join) {
  switch (join) {
    case JoinKind::kAll:
      return "all";
    case JoinKind::kAllRequired:
      return "all_required";
    case JoinKind::kAny:
      return "any";
    case JoinKind::kFirstSuccess:
      return "first_success";
    case JoinKind::kRace:
      return "race";
    case JoinKind::kQuorum:
      return "quorum";
    case JoinKind::kHedge:
      return "hedge";
    case JoinKind::kSequential:
      return "sequential";
  }
  llvm_unreachable("not a join");
}

llvm::StringRef decision_name(DecisionKind decision) {
  switch (decision) {
    case DecisionKind::kDone:
      return "done";
    case DecisionKind::kNeed:
      return "need";
    case DecisionKind::kInsert:
      return "insert";
    case DecisionKind::kReplace:
      return "replace";
  }
  llvm_unreachable("not a decision");
}

}  // namespace

void AstDumper::dump_slot_uses(llvm::StringRef before, llvm::ArrayRef<SlotUse> uses, llvm::StringRef after) {
  if (uses.empty()) return;
  out_ << before;
  list(uses, [&](const SlotUse& use) {
    dump(use.name, out_);
    if (use.is_optional) out_ << "?";
  });
  out_ << after;
}

void AstDumper::dump_fails(llvm::ArrayRef<FailsClause> clauses) {
  if (clauses.empty()) return;
  out_ << " fails ";
  list(clauses, [&](const FailsClause& clause) {
    dump(clause.error, out_);
    const char* before = " on ";
    for (const Name& kind : clause.kinds)
      out_ << std::exchange(before, " | ") << kind.text;
    for (const FailureStatus& status : clause.statuses)
      out_ << std::exchange(before, " | ") << status.value;
  });
}

void AstDumper::dump_step_head(const StepDeclaration& step) {
  dump_slot_uses(" (", step.reads, ")");
  dump_slot_uses(" -> ", step.writes, "");
  dump_fails(step.fails);
  if (step.is_pivot) out_ << " pivot";
}

void AstDumper::dump_names(llvm::ArrayRef<QualifiedName> names) {
  list(names, [&](const QualifiedName& name) { dump(name, out_); });
}

void AstDumper::dump_clauses(const EffectClauses& clauses) {
  if (!clauses.policy.is_missing()) {
    line([&] {
      out_ << "with ";
      dump(clauses.policy, out_);
    });
  }
  for (const Setting& setting : clauses.overrides) {
    line([&] {
      out_ << "override ";
      dump(setting, out_);
    });
  }
  label("key", clauses.key);
}

void AstDumper::dump_effect(llvm::StringRef title, const Effect& effect) {
  line([&] {
    out_ << title << " ";
    dump(*effect.call, out_);
  });
  ++depth_;
  dump_clauses(effect.clauses);
  --depth_;
}

void AstDumper::dump_group(const Group& group) {
  begin(group);
  out_ << "group " << join_name(group.join);
  finish(group.span);
  ++depth_;
  label("count", group.count);
  label("delay", group.delay);
  for (const GroupMember& member : group.members) {
    begin(member);
    out_ << "member";
    if (member.requirement != Requirement::kUnspecified) {
      out_ << (member.requirement == Requirement::kOptional ? " optional" : " required");
    }
    if (!member.slot.is_missing()) {
      out_ << " ";
      dump(member.slot, out_);
    }
    finish(member.span);
    ++depth_;
    if (member.effect != nullptr) dump_effect("effect", *member.effect);
    if (member.group != nullptr) dump_group(*member.group);
    --depth_;
  }
  --depth_;
}

void AstDumper::dump_step(const StepDeclaration& step) {
  switch (step.body.kind) {
    case StepBodyKind::kNone:
      break;
    case StepBodyKind::kError:
      line([&] { out_ << "<error>"; });
      break;
    case StepBodyKind::kRequest:
      line([&] {
        out_ << "request ";
        dump(QualifiedName{step.body.request->segments, step.body.request->span}, out_);
      });
      label("default", step.body.request->default_value);
      break;
    case StepBodyKind::kEffect:
      dump_effect("effect", *step.body.effect);
      break;
    case StepBodyKind::kGroup:
      dump_group(*step.body.group);
      break;
    case StepBodyKind::kExpression:
      label("expression", step.body.expression);
      break;
  }
  if (step.body.kind != StepBodyKind::kEffect) dump_clauses(step.clauses);
  for (const MayClause& may : step.may) {
    line([&] {
      out_ << "may " << decision_name(may.kind);
      if (!may.names.empty()) out_ << " ";
      dump_names(may.names);
    });
  }
  if (step.then != nullptr) {
    line([&] {
      out_ << "then " << step.then->name.text;
      dump_slot_uses(" (", step.then->reads, ")");
      dump_slot_uses(" -> ", step.then->writes, "");
    });
  }
  if (step.undo != nullptr) dump_effect("undo", *step.undo);
  if (!step.drops.empty()) {
    line([&] {
      out_ << "drops ";
      list(step.drops, [&](const Name& label) { out_ << label.text; });
    });
  }
}

}  // namespace zc::syntax
