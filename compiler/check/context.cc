// Resolution of names, with what is said when it fails.

#include "compiler/check/context.h"

#include "compiler/diagnostics/did_you_mean.h"

namespace zc::check {

void Context::mark_used(Symbol symbol) {
  std::vector<bool>& marks = used[static_cast<std::size_t>(symbol.kind)];
  if (marks.size() <= symbol.index) marks.resize(symbol.index + 1);
  marks[symbol.index] = true;
}

bool Context::is_used(Symbol symbol) const {
  const std::vector<bool>& marks = used[static_cast<std::size_t>(symbol.kind)];
  return symbol.index < marks.size() && marks[symbol.index];
}

void Context::release(syntax::Part part) {
  switch (part) {
    case syntax::Part::kTypes:
      declarations.scalars = {};
      declarations.structs = {};
      declarations.enums = {};
      declarations.externs = {};
      declarations.errors = {};
      declarations.domains = {};
      declarations.slots = {};
      break;
    case syntax::Part::kSteps:
      declarations.steps = {};
      declarations.continuations = {};
      declarations.continued = {};
      break;
    case syntax::Part::kRest:
      declarations.adapters = {};
      declarations.targets = {};
      declarations.policies = {};
      declarations.chains = {};
      declarations.flows = {};
      declarations.services = {};
      break;
  }
  for (LoadedFile& file : files)
    file.tree.release(part);
}

std::optional<model::PackageId> Context::imported(model::PackageId from, llvm::StringRef alias) {
  const int index = names.find_import(from, alias);
  if (index < 0) return std::nullopt;
  model::Import& import = program.packages[from].imports[static_cast<std::size_t>(index)];
  import.used = true;
  return import.package;
}

std::optional<Symbol> Context::find(model::PackageId from, NameSpace space,
                                    const syntax::QualifiedName& name) const {
  if (name.is_missing()) return std::nullopt;
  model::PackageId package = from;
  if (name.is_qualified()) {
    const int import = names.find_import(from, name.segments.front().text);
    if (import < 0 || name.segments.size() > 2) return std::nullopt;
    package = program.packages[from].imports[static_cast<std::size_t>(import)].package;
    if (!package.is_valid()) return std::nullopt;
  }
  if (const Symbol* symbol = names.find(package, space, name.last().text)) return *symbol;
  if (name.is_qualified() || !prelude.is_valid()) return std::nullopt;
  const Symbol* symbol = names.find(prelude, space, name.last().text);
  return symbol == nullptr ? std::nullopt : std::optional(*symbol);
}

void Context::use(Symbol symbol, Span place) {
  mark_used(symbol);
  const model::Origin& origin = origin_of(program, symbol);
  if (!origin.deprecated) return;
  auto& diagnostic = engine.report(Kind::kDeprecated, place, noun(symbol.kind), origin.name);
  diagnostic.secondary(origin.span, "declared as deprecated here");
  if (!origin.deprecated->empty()) diagnostic.help(*origin.deprecated);
}

std::optional<Symbol> Context::resolve(model::PackageId from, NameSpace space,
                                       const syntax::QualifiedName& name, Kind unknown,
                                       llvm::StringRef expected) {
  if (name.is_missing()) {
    is_incomplete = true;
    return std::nullopt;
  }
  model::PackageId package = from;
  if (name.is_qualified()) {
    const syntax::Name& alias = name.segments.front();
    const std::optional<model::PackageId> target = imported(from, alias.text);
    if (!target) {
      is_incomplete = true;
      auto& diagnostic = engine.report(Kind::kUnknownPackage, alias.span, alias.text);
      if (const auto guess = diagnostics::did_you_mean(alias.text, names.all_imports(from))) {
        diagnostic.fix("write `" + *guess + "`", alias.span, *guess);
      } else {
        diagnostic.help("import it: names of other packages are written `package.name`");
      }
      return std::nullopt;
    }
    if (!target->is_valid()) {  // the import failed, which was reported
      is_incomplete = true;
      return std::nullopt;
    }
    package = *target;
  }
  if (name.segments.size() <= 2) {
    if (const std::optional<Symbol> symbol = find(from, space, name)) {
      use(*symbol, name.span);
      return symbol;
    }
  }
  is_incomplete = true;
  if (!name.is_qualified() && names.is_poisoned(package, name.last().text)) return std::nullopt;
  const syntax::Name last = name.segments.size() > 1 ? name.segments[1] : name.last();
  auto& diagnostic = engine.report(unknown, name.span, dotted(name));
  for (std::size_t other = 0; other < kNameSpaceCount; ++other) {
    if (static_cast<NameSpace>(other) == space) continue;
    if (const Symbol* symbol = names.find(package, static_cast<NameSpace>(other), last.text)) {
      diagnostic.secondary(origin_of(program, *symbol).span, "this is the " + noun(symbol->kind));
      diagnostic.note(expected + " is expected here");
      return std::nullopt;
    }
  }
  std::vector<llvm::StringRef> candidates = names.all(package, space);
  if (!name.is_qualified() && prelude.is_valid()) {
    for (const llvm::StringRef candidate : names.all(prelude, space))
      candidates.push_back(candidate);
  }
  if (const auto guess = diagnostics::did_you_mean(last.text, candidates)) {
    diagnostic.fix("write `" + *guess + "`", last.span, *guess);
  } else {
    diagnostic.note(expected + " is expected here");
  }
  return std::nullopt;
}

model::ErrorId Context::standard_error(model::Kinds kind) const {
  for (std::size_t i = 0; i < program.errors.size(); ++i) {
    const model::ErrorType& error = program.errors[program.errors.id_at(i)];
    if (error.origin.package == prelude && (error.kinds & kind) == kind) return program.errors.id_at(i);
  }
  return {};
}

std::string dotted(const syntax::QualifiedName& name) {
  std::string text;
  for (const syntax::Name& segment : name.segments) {
    if (!text.empty()) text += '.';
    text += segment.text;
  }
  return text;
}

std::string doc_text(const syntax::Doc& doc) {
  std::string text;
  for (const llvm::StringRef line : doc.lines) {
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::string alternatives_text(llvm::ArrayRef<llvm::StringRef> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += '`';
    text += words[i];
    text += '`';
  }
  return text;
}

}  // namespace zc::check
