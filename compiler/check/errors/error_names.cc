// Resolves names where errors are meant, and says what to write where a kind stands instead.

#include "compiler/check/errors/error_names.h"

#include "compiler/check/types/traits.h"

#include <llvm/ADT/STLExtras.h>

namespace zc::check {

namespace {

// The errors that a package sees and that stand for the kind: its own, else the prelude's.
std::vector<model::ErrorId> errors_of_kind(const Context& context, model::PackageId package,
                                           model::Kinds kind) {
  std::vector<model::ErrorId> errors;
  for (std::size_t i = 0; i < context.program.errors.size(); ++i) {
    const model::ErrorType& error = context.program.errors[model::ErrorId(i)];
    if (error.origin.package == package && (error.kinds & kind) != 0) errors.emplace_back(i);
  }
  const model::ErrorId standard = context.standard_error(kind);
  if (errors.empty() && standard.is_valid()) errors.push_back(standard);
  return errors;
}

// `rescue missing`: true when that is what the name is, and then reported.
bool report_kind(Context& context, model::PackageId package, const syntax::QualifiedName& name) {
  if (name.is_missing() || name.is_qualified() || context.find(package, NameSpace::kTypes, name))
    return false;
  const model::Kinds kind = kind_of(name.last().text);
  if (kind == 0) return false;
  context.is_incomplete = true;
  auto& diagnostic = context.engine.report(Kind::kKindAsError, name.span, name.last().text);
  diagnostic.note(
      "kinds are how operations fail; an error stands for them with `@kind`, or with `on` in the step's "
      "`fails`");
  const std::vector<model::ErrorId> errors = errors_of_kind(context, package, kind);
  if (errors.size() == 1) {
    const std::string& meant = context.program.errors[errors.front()].origin.name;
    diagnostic.fix("write `" + meant + "`, which stands for `" + name.last().text.str() + "`", name.span,
                   meant);
    return true;
  }
  std::vector<llvm::StringRef> words;
  for (const model::ErrorId error : errors)
    words.push_back(context.program.errors[error].origin.name);
  if (!words.empty()) diagnostic.help("name the error that stands for it: " + alternatives_text(words));
  return true;
}

void report_wrong_kind(Context& context, const syntax::QualifiedName& name, Symbol symbol,
                       llvm::StringRef expected) {
  context.engine.report(Kind::kWrongKindOfName, name.span, dotted(name), noun(symbol.kind), expected)
      .secondary(origin_of(context.program, symbol).span, "declared here");
}

std::vector<model::ErrorId> errors_of(const Context& context, model::DomainId domain) {
  std::vector<model::ErrorId> errors;
  for (std::size_t i = 0; i < context.program.errors.size(); ++i) {
    if (context.program.errors[model::ErrorId(i)].domain == domain) errors.emplace_back(i);
  }
  return errors;
}

std::vector<model::ErrorId> errors_of(const Context& context, model::PackageId package) {
  std::vector<model::ErrorId> errors;
  for (std::size_t i = 0; i < context.program.errors.size(); ++i) {
    if (context.program.errors[model::ErrorId(i)].origin.package == package) errors.emplace_back(i);
  }
  return errors;
}

// The package that a name without a qualifier means: an imported one, the own one, or the prelude.
std::optional<model::PackageId> package_named(Context& context, model::PackageId from, llvm::StringRef name) {
  if (context.names.find_import(from, name) >= 0) return context.imported(from, name);
  for (const model::PackageId package : {from, context.prelude}) {
    if (!package.is_valid()) continue;
    if (llvm::StringRef(context.program.packages[package].name).rsplit('.').second == name ||
        context.program.packages[package].name == name) {
      return package;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<model::ErrorId> resolve_error(Context& context, model::PackageId package,
                                            const syntax::QualifiedName& name) {
  if (report_kind(context, package, name)) return std::nullopt;
  const auto symbol = context.resolve(package, NameSpace::kTypes, name, Kind::kUnknownError, "an error");
  if (!symbol) return std::nullopt;
  if (symbol->kind == SymbolKind::kError) return symbol->id<model::ErrorId>();
  report_wrong_kind(context, name, *symbol, "an error");
  return std::nullopt;
}

std::optional<NamedErrors> resolve_error_set(Context& context, model::PackageId package,
                                             const syntax::QualifiedName& name) {
  const bool is_alone = !name.is_missing() && !name.is_qualified();
  if (is_alone && !context.find(package, NameSpace::kTypes, name)) {
    if (const auto named = package_named(context, package, name.last().text)) {
      if (!named->is_valid()) {  // the import failed, which was reported
        context.is_incomplete = true;
        return std::nullopt;
      }
      return NamedErrors{errors_of(context, *named), true};
    }
    if (report_kind(context, package, name)) return std::nullopt;
  }
  const auto symbol =
      context.resolve(package, NameSpace::kTypes, name, Kind::kUnknownError, "an error or a domain");
  if (!symbol) return std::nullopt;
  if (symbol->kind == SymbolKind::kError) return NamedErrors{{symbol->id<model::ErrorId>()}, false};
  if (symbol->kind == SymbolKind::kDomain)
    return NamedErrors{errors_of(context, symbol->id<model::DomainId>()), true};
  report_wrong_kind(context, name, *symbol, "an error or a domain");
  return std::nullopt;
}

void resolve_handled(Context& context, model::PackageId package, llvm::ArrayRef<syntax::QualifiedName> names,
                     model::Statement& handler) {
  const auto add = [&](model::ErrorId error, Span span, bool by_domain) {
    handler.errors.push_back(error);
    handler.named.push_back({span, by_domain});
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const syntax::QualifiedName& name = names[i];
    const std::optional<NamedErrors> named = resolve_error_set(context, package, name);
    if (!named) {
      add({}, name.span, false);
      continue;
    }
    if (named->errors.empty()) {
      context.engine.report(Kind::kRescueNever, name.span, "nothing", "an error of `" + dotted(name) + "`")
          .note("`" + dotted(name) + "` has no errors");
      add({}, name.span, true);
      continue;
    }
    bool is_repeated = false;
    for (const model::ErrorId error : named->errors) {
      const auto earlier = llvm::find(handler.errors, error);
      if (earlier == handler.errors.end()) {
        add(error, name.span, named->by_domain);
        continue;
      }
      if (is_repeated) continue;
      is_repeated = true;
      const auto at = static_cast<std::size_t>(earlier - handler.errors.begin());
      auto& diagnostic = context.engine.report(Kind::kDuplicateEntry, name.span, "error",
                                               context.program.errors[error].origin.name);
      diagnostic.secondary(handler.named[at].span,
                           handler.named[at].by_domain ? "belongs to this" : "first named here");
      // A domain stands for others as well.
      if (!named->by_domain && i > 0) {
        const Span before = names[i - 1].span;
        diagnostic.fix("do not name it again", Span{name.span.file, before.end, name.span.end}, "");
      }
    }
  }
}

}  // namespace zc::check
