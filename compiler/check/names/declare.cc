// The first pass over declarations: ids and names, so that order in a file does not matter.

#include "compiler/check/names/declare.h"

#include "compiler/check/types/traits.h"

#include <array>
#include <cstddef>
#include <utility>

namespace zc::check {

namespace {

class Declarer {
 public:
  Declarer(Context& context, model::PackageId package) : context_(context), package_(package) {}

  void declare(const syntax::Declaration& declaration) {
    using syntax::DeclarationKind;
    Declarations& table = context_.declarations;
    model::Program& program = context_.program;
    switch (declaration.kind) {
      case DeclarationKind::kScalar:
        enter(program.scalars, table.scalars, SymbolKind::kScalar, declaration, kOnScalar);
        break;
      case DeclarationKind::kStruct:
        enter(program.structs, table.structs, SymbolKind::kStruct, declaration, kOnStruct);
        break;
      case DeclarationKind::kEnum:
        enter(program.enums, table.enums, SymbolKind::kEnum, declaration, kOnEnum);
        break;
      case DeclarationKind::kExternType:
        enter(program.externs, table.externs, SymbolKind::kExtern, declaration, kOnExtern);
        break;
      case DeclarationKind::kErrorType:
        enter(program.errors, table.errors, SymbolKind::kError, declaration, kOnError);
        break;
      case DeclarationKind::kDomain:
        enter(program.domains, table.domains, SymbolKind::kDomain, declaration, kOnDomain);
        break;
      case DeclarationKind::kAdapter:
        enter(program.adapters, table.adapters, SymbolKind::kAdapter, declaration, kOnAdapter);
        break;
      case DeclarationKind::kTarget:
        enter(program.targets, table.targets, SymbolKind::kTarget, declaration, kOnTarget);
        break;
      case DeclarationKind::kPolicy:
        enter(program.policies, table.policies, SymbolKind::kPolicy, declaration, kOnPolicy);
        break;
      case DeclarationKind::kSlots:
        declare_slots(llvm::cast<syntax::SlotsDeclaration>(declaration));
        break;
      case DeclarationKind::kStep:
        declare_step(llvm::cast<syntax::StepDeclaration>(declaration));
        break;
      case DeclarationKind::kChain:
        enter(program.chains, table.chains, SymbolKind::kChain, declaration, kOnChain);
        break;
      case DeclarationKind::kFlow:
        declare_flow(declaration, SymbolKind::kFlow);
        break;
      case DeclarationKind::kJob:
        declare_flow(declaration, SymbolKind::kJob);
        break;
      case DeclarationKind::kCron:
        declare_flow(declaration, SymbolKind::kCron);
        break;
      case DeclarationKind::kService:
        declare_service(declaration);
        break;
      case DeclarationKind::kEdition:
      case DeclarationKind::kPackage:
      case DeclarationKind::kImport:
      case DeclarationKind::kSchema:
        check_traits(context_, declaration.traits, kOnFile);
        break;
      case DeclarationKind::kError:
        if (!declaration.name.is_missing()) context_.names.poison(package_, declaration.name.text);
        break;
    }
  }

  // The function behind `then` is a step with a view of its own, unless it names a declared step. Runs when
  // all steps are known.
  void declare_continuation(model::StepId step) {
    Declarations& table = context_.declarations;
    const syntax::StepDeclaration* declaration = table.steps[step.index()];
    if (declaration == nullptr || declaration->then == nullptr || declaration->then->name.is_missing())
      return;
    const syntax::Continuation& then = *declaration->then;
    const Symbol* known = context_.names.find(package_, NameSpace::kSteps, then.name.text);
    if (known != nullptr && known->kind == SymbolKind::kStep && then.reads.empty() && then.writes.empty())
      return;
    model::Step continuation;
    continuation.origin = make_origin(context_, package_, then.name, {}, {});
    const model::StepId id = context_.program.steps.push_back(std::move(continuation));
    table.steps.push_back(nullptr);
    table.continuations.push_back(&then);
    table.continued.push_back(step);
    name(then.name, {SymbolKind::kStep, id.raw()});
  }

 private:
  // `T` values have an `origin`; the syntax is a kind of declaration.
  template <typename IdType, typename T, typename Syntax>
  IdType enter(IdVector<IdType, T>& values, std::vector<const Syntax*>& syntax, SymbolKind kind,
               const syntax::Declaration& declaration, TraitPlace place) {
    if (declaration.name.is_missing()) return IdType();
    check_traits(context_, declaration.traits, place);
    T value{};
    value.origin = make_origin(context_, package_, declaration.name, declaration.doc, declaration.traits);
    const IdType id = values.push_back(std::move(value));
    if constexpr (std::is_same_v<Syntax, syntax::Declaration>) {
      syntax.push_back(&declaration);
    } else {
      syntax.push_back(llvm::cast<Syntax>(&declaration));
    }
    name(declaration.name, {kind, id.raw()});
    return id;
  }

  void name(const syntax::Name& declared, Symbol symbol) {
    if (const Symbol* first = context_.names.add(package_, declared.text, symbol)) {
      context_.is_incomplete = true;  // which of the two a use means is not known
      const model::Origin& origin = origin_of(context_.program, *first);
      context_.engine.report(Kind::kDuplicateName, declared.span, noun(symbol.kind), declared.text)
          .secondary(origin.span, "the " + noun(first->kind) + " `" + origin.name + "` is declared here");
      return;
    }
    const bool may_hide = symbol.kind == SymbolKind::kSlot || symbol.kind == SymbolKind::kTarget;
    const int import = may_hide ? context_.names.find_import(package_, declared.text) : -1;
    if (import >= 0) {
      context_.engine.report(Kind::kShadowedImport, declared.span, declared.text)
          .secondary(context_.program.packages[package_].imports[static_cast<std::size_t>(import)].span,
                     "imported here")
          .help("rename the " + noun(symbol.kind) + ", or import the package `as` another name");
    }
    if (symbol.kind == SymbolKind::kSlot &&
        (declared.text == "request" || declared.text == "env" || declared.text == "secret")) {
      context_.engine.report(Kind::kReservedName, declared.span, declared.text, noun(symbol.kind));
    }
  }

  void declare_slots(const syntax::SlotsDeclaration& slots) {
    check_traits(context_, slots.traits, kOnFile);
    for (const syntax::Field& field : slots.slots) {
      if (field.name.is_missing()) continue;
      check_traits(context_, field.traits, kOnSlot);
      model::Slot slot;
      slot.origin = make_origin(context_, package_, field.name, field.doc, field.traits);
      slot.type = context_.types.error();
      slot.is_private = field.is_private;
      slot.labels = labels_of(field.traits);
      const model::SlotId id = context_.program.slots.push_back(std::move(slot));
      context_.declarations.slots.push_back(&field);
      name(field.name, {SymbolKind::kSlot, id.raw()});
      if (field.default_value != nullptr) {
        context_.engine.report(Kind::kMisplacedExpression, field.default_value->span, "the default of a slot")
            .help("write `??` where the slot is read or written");
      }
    }
  }

  void declare_step(const syntax::StepDeclaration& declaration) {
    Declarations& table = context_.declarations;
    if (!enter(context_.program.steps, table.steps, SymbolKind::kStep, declaration, kOnStep).is_valid())
      return;
    table.continuations.push_back(nullptr);
    table.continued.emplace_back();
  }

  void declare_flow(const syntax::Declaration& declaration, SymbolKind kind) {
    const model::FlowId id =
        enter(context_.program.flows, context_.declarations.flows, kind, declaration, kOnFlow);
    if (!id.is_valid()) return;
    model::Flow& flow = context_.program.flows[id];
    switch (kind) {
      case SymbolKind::kJob:
        flow.trigger = model::Trigger::kJob;
        break;
      case SymbolKind::kCron:
        flow.trigger = model::Trigger::kCron;
        break;
      default:
        flow.trigger = llvm::cast<syntax::FlowDeclaration>(declaration).trigger != nullptr
                           ? model::Trigger::kRoute
                           : model::Trigger::kSlug;
    }
  }

  void declare_service(const syntax::Declaration& declaration) {
    const model::ServiceId id = enter(context_.program.services, context_.declarations.services,
                                      SymbolKind::kService, declaration, kOnService);
    if (!id.is_valid()) return;
    model::Package& package = context_.program.packages[package_];
    if (package.service.is_valid()) {
      context_.engine.report(Kind::kDuplicateName, declaration.name.span, "service of package", package.name)
          .secondary(context_.program.services[package.service].origin.span, "the first one is here");
      return;
    }
    package.service = id;
  }

  Context& context_;
  model::PackageId package_;
};

// Generated C++ puts types and steps of a package into one namespace.
void report_collisions(Context& context, model::PackageId package) {
  for (const llvm::StringRef name : context.names.all(package, NameSpace::kSteps)) {
    const Symbol* step = context.names.find(package, NameSpace::kSteps, name);
    const Symbol* type = context.names.find(package, NameSpace::kTypes, name);
    if (type == nullptr || step->kind != SymbolKind::kStep) continue;
    const model::Origin& origin = origin_of(context.program, *step);
    context.engine.report(Kind::kDuplicateName, origin.span, noun(step->kind), name)
        .secondary(origin_of(context.program, *type).span,
                   "the " + noun(type->kind) + " `" + name.str() + "` is declared here")
        .note("a step becomes a C++ namespace, which cannot share the name of a type");
  }
}

// Gives the large tables the room that they need: those that grow end up with up to twice of it.
void reserve_tables(Context& context) {
  std::array<std::size_t, static_cast<std::size_t>(syntax::DeclarationKind::kService) + 1> counts{};
  const auto count = [&](syntax::DeclarationKind kind) -> std::size_t& {
    return counts[static_cast<std::size_t>(kind)];
  };
  std::size_t slots = 0;
  std::size_t continuations = 0;
  for (const LoadedFile& file : context.files) {
    for (const syntax::Declaration* declaration : file.tree.declarations) {
      ++count(declaration->kind);
      if (const auto* block = llvm::dyn_cast<syntax::SlotsDeclaration>(declaration)) {
        slots += block->slots.size();
      } else if (const auto* step = llvm::dyn_cast<syntax::StepDeclaration>(declaration)) {
        continuations += step->then != nullptr ? 1 : 0;
      }
    }
  }
  using syntax::DeclarationKind;
  const auto reserve = [](std::size_t size, auto& values, auto&... tables) {
    values.reserve(size);
    (tables.reserve(size), ...);
  };
  model::Program& program = context.program;
  Declarations& table = context.declarations;
  reserve(count(DeclarationKind::kScalar), program.scalars, table.scalars);
  reserve(count(DeclarationKind::kStruct), program.structs, table.structs);
  reserve(count(DeclarationKind::kEnum), program.enums, table.enums);
  reserve(count(DeclarationKind::kErrorType), program.errors, table.errors);
  reserve(slots, program.slots, table.slots);
  reserve(count(DeclarationKind::kStep) + continuations, program.steps, table.steps, table.continuations,
          table.continued);
  reserve(count(DeclarationKind::kChain), program.chains, table.chains);
  reserve(count(DeclarationKind::kFlow) + count(DeclarationKind::kJob) + count(DeclarationKind::kCron),
          program.flows, table.flows);
}

}  // namespace

void collect_declarations(Context& context) {
  reserve_tables(context);
  for (std::size_t i = 0; i < context.program.packages.size(); ++i) {
    const model::PackageId package = context.program.packages.id_at(i);
    if (context.files[context.file_of_package[i]].tree.has_errors) context.is_incomplete = true;
    Declarer declarer(context, package);
    const std::size_t first_step = context.program.steps.size();
    for (const syntax::Declaration* declaration :
         context.files[context.file_of_package[i]].tree.declarations) {
      declarer.declare(*declaration);
    }
    const std::size_t step_count = context.program.steps.size();
    for (std::size_t step = first_step; step < step_count; ++step)
      declarer.declare_continuation(model::StepId(step));
    report_collisions(context, package);
  }
}

}  // namespace zc::check
