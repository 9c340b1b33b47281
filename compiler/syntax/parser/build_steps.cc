// Builds steps: what they do, and their clauses.

#include "compiler/syntax/parser/builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/Casting.h>

namespace zc::syntax {
namespace {

using diagnostics::Kind;
using Grammar = TreeBuilder::Grammar;

JoinKind join_of(std::size_t type) {
  switch (type) {
    case Grammar::ALL_REQUIRED:
      return JoinKind::kAllRequired;
    case Grammar::ANY:
      return JoinKind::kAny;
    case Grammar::FIRST_SUCCESS:
      return JoinKind::kFirstSuccess;
    case Grammar::RACE:
      return JoinKind::kRace;
    case Grammar::QUORUM:
      return JoinKind::kQuorum;
    case Grammar::HEDGE:
      return JoinKind::kHedge;
    case Grammar::SEQUENTIAL:
      return JoinKind::kSequential;
    default:
      return JoinKind::kAll;
  }
}

bool is_request_path(const Expr* expression) {
  const auto* path = llvm::dyn_cast<PathExpr>(expression);
  return path != nullptr && path->segments.size() > 1 && path->segments.front().text == "request";
}

}  // namespace

void TreeBuilder::report_duplicate(Span place, llvm::StringRef what, Span first) {
  engine_.report(Kind::kDuplicateClause, place, what).secondary(first, "first written here");
  saw_error_ = true;
}

llvm::ArrayRef<SlotUse> TreeBuilder::slot_uses(const std::vector<Grammar::SlotUseContext*>& contexts) {
  llvm::SmallVector<SlotUse, 8> uses;
  for (Grammar::SlotUseContext* context : contexts) {
    SlotUse use;
    use.name = qualified_name(context->qualifiedName());
    use.is_optional = context->QUESTION() != nullptr;
    use.span = span(context);
    if (!use.name.is_missing()) uses.push_back(use);
  }
  return copy(uses);
}

llvm::ArrayRef<SlotUse> TreeBuilder::slot_uses(Grammar::ReadsContext* context) {
  return context == nullptr ? llvm::ArrayRef<SlotUse>() : slot_uses(context->slotUse());
}

llvm::ArrayRef<SlotUse> TreeBuilder::slot_uses(Grammar::WritesContext* context) {
  return context == nullptr ? llvm::ArrayRef<SlotUse>() : slot_uses(context->slotUse());
}

EffectClauses TreeBuilder::effect_clauses(const std::vector<Grammar::EffectClauseContext*>& contexts) {
  EffectClauses clauses;
  llvm::SmallVector<Setting, 4> overrides;
  for (Grammar::EffectClauseContext* context : contexts) {
    if (context->exception != nullptr) saw_error_ = true;
    if (context->qualifiedName() != nullptr) {
      const QualifiedName policy = qualified_name(context->qualifiedName());
      if (!clauses.policy.is_missing()) {
        report_duplicate(policy.span, "with", clauses.policy.span);
      } else {
        clauses.policy = policy;
      }
    } else if (context->override() != nullptr) {
      const Setting setting = override_setting(context->override());
      const auto* same = llvm::find_if(
          overrides, [&](const Setting& known) { return known.name.text == setting.name.text; });
      if (same != overrides.end()) {
        report_duplicate(setting.name.span, setting.name.text, same->name.span);
      } else {
        overrides.push_back(setting);
      }
    } else if (context->KEY() != nullptr) {
      const Expr* key = expression(context->expression(), span(context));
      if (clauses.key != nullptr) {
        report_duplicate(span(context->KEY()), "key", clauses.key->span);
      } else {
        clauses.key = key;
        clauses.key_span = span(context);
      }
    }
  }
  clauses.overrides = copy(overrides);
  return clauses;
}

// `retry 2 backoff 20ms on A, B` becomes the terms [2] [backoff] [20ms] [on] [A, B]: as in a policy.
Setting TreeBuilder::override_setting(Grammar::OverrideContext* context) {
  ErrorScope scope(*this);
  Setting setting;
  setting.span = span(context);
  setting.name = name_of(token(context->getStart()));
  llvm::SmallVector<SettingTerm, 6> terms;
  const auto add = [&](const Expr* value) {
    terms.push_back(copy(llvm::SmallVector<const Expr*, 1>{value}));
  };
  llvm::SmallVector<const Expr*, 4> errors;
  for (antlr4::tree::ParseTree* child : context->children) {
    if (auto* value = dynamic_cast<Grammar::ExpressionContext*>(child)) {
      add(expression(value, setting.span));
    } else if (auto* bounds = dynamic_cast<Grammar::RangeValueContext*>(child)) {
      add(range(bounds));
    } else if (auto* error = dynamic_cast<Grammar::QualifiedNameContext*>(child)) {
      auto* path = make<PathExpr>();
      path->segments = qualified_name(error).segments;
      path->span = span(error);
      if (!path->segments.empty()) errors.push_back(path);
    } else if (auto* terminal = dynamic_cast<antlr4::tree::TerminalNode*>(child)) {
      const std::size_t type = token(terminal).getType();
      if (child != context->children.front() && type != Grammar::COMMA) add(word(token(terminal)));
    }
  }
  if (!errors.empty()) terms.push_back(copy(errors));
  setting.terms = copy(terms);
  setting.erroneous = scope.failed(context);
  return setting;
}

const Effect* TreeBuilder::effect(Grammar::EffectCallContext* call,
                                  const std::vector<Grammar::EffectClauseContext*>& clauses) {
  if (call == nullptr || call->exception != nullptr) {
    saw_error_ = true;
    return nullptr;
  }
  ErrorScope scope(*this);
  auto* node = make<CallExpr>();
  node->span = span(call);
  node->callee = qualified_name(call->qualifiedName());
  node->arguments = arguments(call->arguments());
  if (!node->callee.is_missing() && !node->callee.is_qualified()) {
    engine_.report(Kind::kUnexpectedToken, node->callee.span, "a target and its operation, as `db.one`",
                   "`" + node->callee.last().text.str() + "`");
    saw_error_ = true;
    return nullptr;
  }
  node->erroneous = scope.failed(call);
  if (node->callee.is_missing()) return nullptr;
  auto* effect = make<Effect>();
  effect->call = node;
  effect->clauses = effect_clauses(clauses);
  effect->span = span(call, clauses.empty() ? nullptr : clauses.back());
  return effect;
}

const Group* TreeBuilder::group(Grammar::GroupContext* context) {
  ErrorScope scope(*this);
  auto* node = make<Group>();
  node->span = span(context);
  node->join_span = node->span.start_point();
  if (Grammar::JoinContext* join = context->join()) {
    const ParserToken& keyword = token(join->getStart());
    node->join = join_of(keyword.getType());
    node->join_span = span(keyword);
    const std::vector<Grammar::ExpressionContext*> values = join->expression();
    if (!values.empty()) node->count = expression(values[0], node->join_span);
    if (values.size() > 1) node->delay = expression(values[1], node->join_span);
    scope.failed(join);
  }
  if (Grammar::GroupBlockContext* block = context->groupBlock()) {
    llvm::SmallVector<GroupMember, 8> members;
    for (Grammar::GroupMemberContext* member : block->groupMember())
      members.push_back(group_member(member));
    node->members = copy(members);
    scope.failed(block);
  } else {
    saw_error_ = true;
  }
  node->erroneous = scope.failed(context);
  return node;
}

GroupMember TreeBuilder::group_member(Grammar::GroupMemberContext* context) {
  ErrorScope scope(*this);
  GroupMember member;
  member.span = span(context);
  if (context->OPTIONAL() != nullptr) member.requirement = Requirement::kOptional;
  if (context->REQUIRED() != nullptr) member.requirement = Requirement::kRequired;
  if (context->qualifiedName() != nullptr) member.slot = qualified_name(context->qualifiedName());
  if (context->group() != nullptr) {
    member.group = group(context->group());
  } else {
    member.effect = effect(context->effectCall(), context->effectClause());
  }
  member.erroneous = scope.failed(context);
  return member;
}

// What stands behind `=`, by its form: `target.op(...)` is an effect, `request.part` a part of the request.
StepBody TreeBuilder::step_body(Grammar::StepBodyContext* context, const EffectClauses& clauses,
                                Span clauses_span) {
  StepBody body;
  body.span = span(context);
  if (context->group() != nullptr) {
    body.kind = StepBodyKind::kGroup;
    body.group = group(context->group());
    return body;
  }
  const Expr* value = expression(context->expression(), body.span);
  if (context->exception != nullptr) saw_error_ = true;
  if (value->erroneous && llvm::isa<ErrorExpr>(value)) {
    body.kind = StepBodyKind::kError;
    return body;
  }
  if (const auto* call = llvm::dyn_cast<CallExpr>(value); call != nullptr && call->callee.is_qualified()) {
    auto* node = make<Effect>();
    node->call = call;
    node->clauses = clauses;
    node->span = cover(call->span, clauses_span);
    body.kind = StepBodyKind::kEffect;
    body.effect = node;
    return body;
  }
  const auto* binary = llvm::dyn_cast<BinaryExpr>(value);
  const bool has_default = binary != nullptr && binary->links.front().op == BinaryOperator::kCoalesce;
  const Expr* part = has_default ? binary->first : value;
  if (!is_request_path(part)) {
    body.kind = StepBodyKind::kExpression;
    body.expression = value;
    return body;
  }
  auto* request = make<RequestPart>();
  request->segments = llvm::cast<PathExpr>(part)->segments.drop_front();
  request->span = part->span;
  if (has_default) {
    request->default_value = binary->links.front().operand;
    if (binary->links.size() > 1) {
      auto* rest = make<BinaryExpr>();
      rest->first = request->default_value;
      rest->links = binary->links.drop_front();
      rest->span = cover(rest->first->span, binary->span.end_point());
      rest->erroneous = binary->erroneous;
      request->default_value = rest;
    }
  }
  body.kind = StepBodyKind::kRequest;
  body.request = request;
  return body;
}

llvm::ArrayRef<FailsClause> TreeBuilder::failures(const std::vector<Grammar::FailureContext*>& contexts) {
  llvm::SmallVector<FailsClause, 4> clauses;
  for (Grammar::FailureContext* context : contexts) {
    if (context->exception != nullptr) saw_error_ = true;
    FailsClause clause;
    clause.error = qualified_name(context->qualifiedName());
    llvm::SmallVector<Name, 4> kinds;
    llvm::SmallVector<FailureStatus, 4> statuses;
    for (Grammar::FailureCauseContext* cause : context->failureCause()) {
      if (cause->NUMBER() != nullptr) {
        const ParserToken& written = token(cause->NUMBER());
        statuses.push_back({status(written), span(written)});
      } else if (const Name kind = name_of(cause->name()); !kind.is_missing()) {
        kinds.push_back(kind);
      }
    }
    clause.kinds = copy(kinds);
    clause.statuses = copy(statuses);
    clause.span = span(context);
    if (!clause.error.is_missing()) clauses.push_back(clause);
  }
  return copy(clauses);
}

void TreeBuilder::add_decisions(Grammar::StepClauseContext* context, llvm::SmallVectorImpl<MayClause>& may) {
  llvm::SmallVector<QualifiedName, 4> names;
  MayClause* current = nullptr;
  const auto finish = [&] {
    if (current != nullptr) current->names = copy(names);
    names.clear();
  };
  for (Grammar::DecisionContext* decision : context->decision()) {
    if (decision->exception != nullptr) {
      saw_error_ = true;
      continue;
    }
    const bool goes_on = decision->DONE() == nullptr && decision->NEED() == nullptr &&
                         decision->INSERT() == nullptr && decision->REPLACE() == nullptr;
    if (!goes_on || current == nullptr) {
      finish();
      MayClause clause;
      if (decision->NEED() != nullptr) clause.kind = DecisionKind::kNeed;
      if (decision->INSERT() != nullptr) clause.kind = DecisionKind::kInsert;
      if (decision->REPLACE() != nullptr) clause.kind = DecisionKind::kReplace;
      clause.span = span(decision);
      may.push_back(clause);
      current = &may.back();
    }
    if (decision->qualifiedName() == nullptr) continue;
    const QualifiedName name = qualified_name(decision->qualifiedName());
    if (goes_on && (names.empty() || current->kind == DecisionKind::kDone)) {
      engine_.report(Kind::kUnexpectedToken, name.span, "`done`, `need`, `insert` or `replace`",
                     "`" + name.last().text.str() + "`");
      saw_error_ = true;
      continue;
    }
    names.push_back(name);
    current->span = cover(current->span, name.span);
  }
  finish();
}

StepDeclaration* TreeBuilder::step(Grammar::StepDeclarationContext* context) {
  auto* node = make<StepDeclaration>();
  node->name = name_of(context->useName());
  node->reads = slot_uses(context->reads());
  node->writes = slot_uses(context->writes());
  antlr4::ParserRuleContext* head_end = context->writes();
  if (head_end == nullptr) head_end = context->reads();
  node->head_span = span(token(context->getStart()));
  node->head_span = cover(node->head_span, head_end != nullptr ? span(head_end) : node->name.span);

  std::vector<Grammar::EffectClauseContext*> effect_contexts;
  std::vector<Grammar::FailureContext*> failure_contexts;
  llvm::SmallVector<MayClause, 4> may;
  llvm::SmallVector<Name, 2> drops;
  Span fails_span;
  for (Grammar::StepClauseContext* clause : context->stepClause()) {
    if (clause->exception != nullptr) saw_error_ = true;
    const ParserToken& first = token(clause->getStart());
    if (clause->UNDO() != nullptr) {
      const Effect* undo = effect(clause->effectCall(), clause->effectClause());
      if (node->undo != nullptr) {
        report_duplicate(span(first), "undo", node->undo->span);
      } else {
        node->undo = undo;
      }
      continue;
    }
    for (Grammar::EffectClauseContext* effect_clause : clause->effectClause())
      effect_contexts.push_back(effect_clause);
    if (clause->FAILS() != nullptr) {
      if (fails_span.is_valid()) report_duplicate(span(clause->FAILS()), "fails", fails_span);
      fails_span = span(clause->FAILS());
      const auto failing = clause->failure();
      failure_contexts.insert(failure_contexts.end(), failing.begin(), failing.end());
    } else if (clause->MAY() != nullptr) {
      add_decisions(clause, may);
    } else if (clause->THEN() != nullptr) {
      auto* then = make<Continuation>();
      then->name = clause->name().empty() ? Name() : name_of(clause->name(0));
      then->reads = slot_uses(clause->reads());
      then->writes = slot_uses(clause->writes());
      then->span = span(clause);
      if (node->then != nullptr) {
        report_duplicate(then->span, "then", node->then->span);
      } else if (!then->name.is_missing()) {
        node->then = then;
      }
    } else if (clause->DROPS() != nullptr) {
      node->drops_span = span(clause);
      for (const Name& label : names(clause->name()))
        drops.push_back(label);
    } else if (clause->PIVOT() != nullptr) {
      if (node->is_pivot) report_duplicate(span(first), "pivot", node->pivot_span);
      node->is_pivot = true;
      node->pivot_span = span(first);
    }
  }
  node->clauses = effect_clauses(effect_contexts);
  node->fails = failures(failure_contexts);
  node->may = copy(may);
  node->drops = copy(drops);
  const Span clauses_span =
      effect_contexts.empty() ? Span() : span(effect_contexts.front(), effect_contexts.back());
  if (context->stepBody() != nullptr) {
    node->body = step_body(context->stepBody(), node->clauses, clauses_span);
  } else if (context->ASSIGN() != nullptr) {
    saw_error_ = true;
    node->body.kind = StepBodyKind::kError;
  }
  return node;
}

}  // namespace zc::syntax
