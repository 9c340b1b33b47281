// Resolves what stands on errors and domains.

#include "compiler/check/errors/error_types.h"

#include "compiler/check/steps/settings.h"
#include "compiler/check/types/traits.h"
#include "compiler/check/types/types.h"

namespace zc::check {

namespace {

constexpr std::uint16_t kInternal = 500;

// What `@http` says; 500 when it cannot be answered with, so that it is not missing as well.
std::optional<std::uint16_t> status_of(Context& context, llvm::ArrayRef<syntax::Trait> traits) {
  const syntax::Trait* http = find_trait(traits, "http");
  if (http == nullptr) return std::nullopt;
  if (http->erroneous) return kInternal;
  const syntax::Expr* value = http->arguments.size() == 1 ? http->arguments.front().value : nullptr;
  const auto* literal = llvm::dyn_cast_or_null<syntax::LiteralExpr>(value);
  const bool is_number = literal != nullptr && literal->literal == syntax::LiteralKind::kInteger;
  if (is_number && literal->value >= 400 && literal->value <= 599)
    return static_cast<std::uint16_t>(literal->value);
  auto& diagnostic = context.engine.report(Kind::kBadStatus, value != nullptr ? value->span : http->span);
  if (is_number && literal->value >= 200 && literal->value < 400) {
    diagnostic.note("an error is answered with a status from 400 to 599 (RFC 9110, sections 15.5 and 15.6)")
        .help("what is no failure is answered with `return " + std::to_string(literal->value) + " ...;`");
  } else {
    diagnostic.note("an error is answered with a status from 400 to 599 (RFC 9110, sections 15.5 and 15.6)");
  }
  return kInternal;
}

model::Kinds kinds_of(Context& context, const syntax::Trait& trait) {
  std::vector<syntax::Name> names;
  for (const syntax::Argument& argument : trait.arguments) {
    const auto* path = llvm::dyn_cast_or_null<syntax::PathExpr>(argument.value);
    if (path != nullptr && path->is_single_name()) {
      names.push_back(path->segments.front());
    } else if (argument.value != nullptr && !argument.value->erroneous) {
      context.engine.report(Kind::kBadTraitArgument, argument.value->span, "kind", "names of kinds");
    }
  }
  if (trait.arguments.empty())
    context.engine.report(Kind::kBadTraitArgument, trait.span, "kind", "names of kinds");
  return kinds_of(context, names);
}

model::DomainId domain_of(Context& context, model::PackageId package, const syntax::Trait& trait) {
  const syntax::Expr* value = trait.arguments.size() == 1 ? trait.arguments.front().value : nullptr;
  const std::optional<syntax::QualifiedName> name = path_name(value);
  if (!name) {
    context.engine.report(Kind::kBadTraitArgument, value != nullptr ? value->span : trait.span, "domain",
                          "the name of a domain");
    return {};
  }
  const auto symbol = context.resolve(package, NameSpace::kTypes, *name, Kind::kUnknownDomain, "a domain");
  if (!symbol) return {};
  if (symbol->kind == SymbolKind::kDomain) return symbol->id<model::DomainId>();
  context.engine.report(Kind::kWrongKindOfName, name->span, dotted(*name), noun(symbol->kind), "a domain")
      .secondary(origin_of(context.program, *symbol).span, "declared here")
      .help("declare it: `domain " + dotted(*name) + ";`");
  return {};
}

void resolve_error(Context& context, model::ErrorType& error, const syntax::ErrorTypeDeclaration& source) {
  error.begin = source.span.start_point();
  error.fields = resolve_fields(context, error.origin.package, source.fields);
  error.retryable = find_trait(source.traits, "retryable") != nullptr;
  error.http_status = status_of(context, source.traits);
  if (const syntax::Trait* kind = find_trait(source.traits, "kind"); kind != nullptr && !kind->erroneous)
    error.kinds = kinds_of(context, *kind);
  const syntax::Trait* domain = find_trait(source.traits, "domain");
  if (domain == nullptr || domain->erroneous) return;
  error.domain = domain_of(context, error.origin.package, *domain);
  if (!error.domain.is_valid()) {
    // Its status may be that of the domain that is not known.
    if (!error.http_status) error.http_status = kInternal;
  } else if (!error.http_status) {
    error.http_status = context.program.domains[error.domain].http_status;
  }
}

}  // namespace

void resolve_error_types(Context& context) {
  model::Program& program = context.program;
  for (std::size_t i = 0; i < program.domains.size(); ++i) {
    program.domains[model::DomainId(i)].http_status =
        status_of(context, context.declarations.domains[i]->traits);
  }
  for (std::size_t i = 0; i < program.errors.size(); ++i)
    resolve_error(context, program.errors[model::ErrorId(i)], *context.declarations.errors[i]);
}

}  // namespace zc::check
