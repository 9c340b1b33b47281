// Builds declarations.

#include "compiler/syntax/parser/builder.h"

#include <llvm/ADT/STLExtras.h>

#include <cassert>

namespace zc::syntax {

using diagnostics::Kind;

namespace {

// As `part_of` the kind that `declaration` will give.
Part part_of(TreeBuilder::Grammar::DeclarationContext& context) {
  if (context.stepDeclaration() != nullptr) return Part::kSteps;
  const bool is_type = context.structDeclaration() != nullptr || context.slotsDeclaration() != nullptr ||
                       context.errorDeclaration() != nullptr || context.domainDeclaration() != nullptr ||
                       context.scalarDeclaration() != nullptr || context.externDeclaration() != nullptr ||
                       context.enumDeclaration() != nullptr;
  return is_type ? Part::kTypes : Part::kRest;
}

}  // namespace

const Declaration* TreeBuilder::build_error(const Unit& unit) {
  part_ = Part::kRest;
  auto* node = make<ErrorDeclaration>();
  node->span = unit.span;
  node->name = unit.name;
  saw_error_ = true;
  return node;
}

const Declaration* TreeBuilder::build(Grammar::UnitContext* context, const Unit& unit) {
  Grammar::DeclarationContext* inner = context->declaration();
  if (inner == nullptr) return build_error(unit);
  part_ = part_of(*inner);
  ErrorScope scope(*this);
  const Doc doc = doc_before(inner);
  const llvm::ArrayRef<Trait> leading = traits(inner->trait());
  Declaration* node = declaration(inner);
  if (node == nullptr) return build_error(unit);
  node->span = span(inner);
  node->doc = doc;
  node->traits = leading;
  node->erroneous = scope.failed(context) || inner->exception != nullptr;
  assert(part_of(node->kind) == part_);
  return node;
}

// Null when not even the kind is known.
Declaration* TreeBuilder::declaration(Grammar::DeclarationContext* context) {
  if (auto* inner = context->stepDeclaration()) return step(inner);
  if (auto* inner = context->flowDeclaration()) return flow(inner);
  if (auto* inner = context->structDeclaration()) {
    auto* node = make<StructDeclaration>();
    node->name = name_of(inner->name());
    node->fields = fields(inner->fieldBlock());
    return node;
  }
  if (auto* inner = context->slotsDeclaration()) {
    auto* node = make<SlotsDeclaration>();
    node->slots = fields(inner->fieldBlock());
    return node;
  }
  if (auto* inner = context->errorDeclaration()) {
    auto* node = make<ErrorTypeDeclaration>();
    node->name = name_of(inner->name());
    if (inner->fieldBlock() != nullptr) node->fields = fields(inner->fieldBlock());
    return node;
  }
  if (auto* inner = context->domainDeclaration()) {
    auto* node = make<DomainDeclaration>();
    node->name = name_of(inner->name());
    return node;
  }
  if (auto* inner = context->scalarDeclaration()) {
    auto* node = make<ScalarDeclaration>();
    node->name = name_of(inner->name());
    node->type = type(inner->typeRef(), span(inner));
    return node;
  }
  if (auto* inner = context->policyDeclaration()) {
    auto* node = make<PolicyDeclaration>();
    node->name = name_of(inner->name());
    node->settings = settings(inner->settingBlock());
    return node;
  }
  if (auto* inner = context->serviceDeclaration()) {
    auto* node = make<ServiceDeclaration>();
    node->name = name_of(inner->name());
    node->settings = settings(inner->settingBlock());
    return node;
  }
  if (auto* inner = context->jobDeclaration()) {
    auto* node = make<JobDeclaration>();
    node->name = name_of(inner->name());
    node->parameters = slot_uses(inner->reads());
    node->body = flow_body(inner->block(), {"durable"});
    return node;
  }
  if (auto* inner = context->packageDeclaration()) {
    auto* node = make<PackageDeclaration>();
    node->path = qualified_name(inner->qualifiedName());
    return node;
  }
  if (auto* inner = context->importDeclaration()) {
    auto* node = make<ImportDeclaration>();
    node->path = qualified_name(inner->qualifiedName());
    if (inner->AS() != nullptr) node->alias = name_of(inner->name());
    return node;
  }
  if (auto* inner = context->schemaDeclaration()) {
    auto* node = make<SchemaDeclaration>();
    if (inner->string() != nullptr) node->file = string(inner->string(), StringUse::kPlain);
    return node;
  }
  if (auto* inner = context->editionDeclaration()) {
    auto* node = make<EditionDeclaration>();
    if (inner->NUMBER() == nullptr) return node;
    const ParserToken& year = token(inner->NUMBER());
    if (year.text().getAsInteger(10, node->year)) {
      engine_.report(Kind::kInvalidNumber, span(year), year.text());
      saw_error_ = true;
    }
    return node;
  }
  if (auto* inner = context->externDeclaration()) return extern_type(inner);
  if (auto* inner = context->enumDeclaration()) return enumeration(inner);
  if (auto* inner = context->adapterDeclaration()) return adapter(inner);
  if (auto* inner = context->targetDeclaration()) return target(inner);
  if (auto* inner = context->chainDeclaration()) return chain(inner);
  if (auto* inner = context->cronDeclaration()) return cron(inner);
  return nullptr;
}

Declaration* TreeBuilder::extern_type(Grammar::ExternDeclarationContext* context) {
  auto* node = make<ExternTypeDeclaration>();
  node->name = name_of(context->name());
  const std::vector<Grammar::StringContext*> strings = context->string();
  if (!strings.empty()) node->cpp_name = string(strings[0], StringUse::kPlain);
  if (strings.size() > 1) node->header = string(strings[1], StringUse::kPlain);
  return node;
}

Declaration* TreeBuilder::enumeration(Grammar::EnumDeclarationContext* context) {
  auto* node = make<EnumDeclaration>();
  node->name = name_of(context->name());
  Grammar::EnumBlockContext* block = context->enumBlock();
  if (block == nullptr) {
    saw_error_ = true;
    return node;
  }
  if (block->exception != nullptr) saw_error_ = true;
  const std::vector<Grammar::EnumMemberContext*> contexts = block->enumMember();
  llvm::SmallVector<EnumMember, 8> members;
  for (Grammar::EnumMemberContext* member : contexts) {
    const EnumMember built = enum_member(member, member == contexts.back());
    if (!built.name.is_missing()) members.push_back(built);
  }
  node->members = copy(members);
  return node;
}

EnumMember TreeBuilder::enum_member(Grammar::EnumMemberContext* context, bool is_last) {
  ErrorScope scope(*this);
  EnumMember member;
  member.span = span(context);
  member.doc = doc_before(context);
  member.traits = traits(context->trait());
  member.name = name_of(context->memberName());
  if (context->string() != nullptr) member.value = string(context->string(), StringUse::kPlain);
  const bool has_separator = context->COMMA() != nullptr || context->SEMICOLON() != nullptr;
  if (!is_last && !has_separator && context->exception == nullptr) {
    const Span place = member.span.end_point();
    engine_.report(Kind::kMissingToken, place, "`,`", "between members").fix("insert `,`", place, ",");
  }
  member.erroneous = scope.failed(context);
  return member;
}

Declaration* TreeBuilder::adapter(Grammar::AdapterDeclarationContext* context) {
  auto* node = make<AdapterDeclaration>();
  node->name = name_of(context->name());
  if (context->parameters() != nullptr) node->parameters = parameters(context->parameters());
  Grammar::OperationBlockContext* block = context->operationBlock();
  if (block == nullptr) {
    saw_error_ = true;
    return node;
  }
  if (block->exception != nullptr) saw_error_ = true;
  llvm::SmallVector<Operation, 8> operations;
  for (Grammar::OperationContext* member : block->operation()) {
    const Operation built = operation(member);
    if (!built.name.is_missing()) operations.push_back(built);
  }
  node->operations = copy(operations);
  return node;
}

Operation TreeBuilder::operation(Grammar::OperationContext* context) {
  ErrorScope scope(*this);
  Operation operation;
  operation.span = span(context);
  operation.doc = doc_before(context);
  operation.traits = traits(context->trait());
  operation.name = name_of(context->name());
  if (context->typeParameters() != nullptr)
    operation.type_parameters = names(context->typeParameters()->name());
  operation.parameters = parameters(context->parameters());
  if (context->resultFormat() != nullptr) operation.result_format = name_of(context->resultFormat()->name());
  if (context->ARROW() != nullptr) operation.result = type(context->typeRef(), operation.span);
  operation.fails = failures(context->failure());
  operation.erroneous = scope.failed(context);
  return operation;
}

Declaration* TreeBuilder::target(Grammar::TargetDeclarationContext* context) {
  auto* node = make<TargetDeclaration>();
  node->name = name_of(context->name());
  node->adapter = qualified_name(context->qualifiedName());
  if (context->arguments() != nullptr) node->arguments = arguments(context->arguments());
  if (context->settingBlock() != nullptr) node->settings = settings(context->settingBlock());
  return node;
}

Declaration* TreeBuilder::chain(Grammar::ChainDeclarationContext* context) {
  auto* node = make<ChainDeclaration>();
  node->name = name_of(context->name());
  llvm::SmallVector<OrderClause, 4> order;
  for (Grammar::ChainClauseContext* clause : context->chainClause()) {
    if (clause->exception != nullptr) saw_error_ = true;
    const Order word = clause->BEFORE() != nullptr  ? Order::kBefore
                       : clause->AFTER() != nullptr ? Order::kAfter
                                                    : Order::kRequires;
    order.push_back({word, qualified_names(clause->qualifiedName())});
  }
  node->order = copy(order);
  if (context->block() != nullptr) {
    node->body = block(context->block(), nullptr);
    return node;
  }
  node->is_list = true;
  node->body.span = span(context);
  llvm::SmallVector<const Statement*, 8> uses;
  for (const QualifiedName& name : qualified_names(context->qualifiedName())) {
    auto* use = make<UseStatement>();
    use->name = name;
    use->span = name.span;
    uses.push_back(use);
  }
  node->body.statements = copy(uses);
  return node;
}

Declaration* TreeBuilder::flow(Grammar::FlowDeclarationContext* context) {
  auto* node = make<FlowDeclaration>();
  node->name = name_of(context->name());
  node->head_span = cover(span(token(context->getStart())), node->name.span);
  llvm::SmallVector<QualifiedName, 4> before;
  for (Grammar::FlowClauseContext* clause : context->flowClause()) {
    if (clause->exception != nullptr) saw_error_ = true;
    const Span place = span(clause);
    node->head_span = cover(node->head_span, place);
    if (clause->ON() != nullptr) {
      if (clause->string() == nullptr) {
        saw_error_ = true;
        continue;
      }
      auto* trigger = make<RouteTrigger>();
      trigger->method = name_of(clause->name());
      trigger->path = string(clause->string(), StringUse::kRoute);
      trigger->span = place;
      if (node->trigger != nullptr) {
        report_duplicate(place, "on", node->trigger->span);
      } else {
        node->trigger = trigger;
      }
    } else if (clause->PUBLIC() != nullptr) {
      if (node->is_public) report_duplicate(place, "public", node->public_span);
      node->is_public = true;
      node->public_span = place;
    } else {
      for (const QualifiedName& name : qualified_names(clause->qualifiedName()))
        before.push_back(name);
    }
  }
  node->before = copy(before);
  node->body = flow_body(context->block());
  return node;
}

Declaration* TreeBuilder::cron(Grammar::CronDeclarationContext* context) {
  auto* node = make<CronDeclaration>();
  const std::vector<Grammar::NameContext*> words = context->name();
  const std::vector<Grammar::StringContext*> strings = context->string();
  node->name = words.empty() ? Name() : name_of(words[0]);
  if (words.empty()) saw_error_ = true;
  if (!strings.empty()) node->schedule = string(strings[0], StringUse::kPlain);
  if (words.size() > 1) node->time_zone = word(token(words[1]->getStart()));
  if (strings.size() > 1) node->time_zone = string(strings[1], StringUse::kPlain);
  node->body = flow_body(context->block());
  return node;
}

}  // namespace zc::syntax
