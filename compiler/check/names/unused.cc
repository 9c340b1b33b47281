// Reports what nothing refers to.

#include "compiler/check/names/unused.h"

#include <utility>

namespace zc::check {

namespace {

std::optional<Kind> kind_for(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kSlot:
      return Kind::kUnusedSlot;
    case SymbolKind::kStep:
      return Kind::kUnusedStep;
    case SymbolKind::kChain:
      return Kind::kUnusedStep;
    case SymbolKind::kError:
      return Kind::kUnusedError;
    case SymbolKind::kDomain:
      return Kind::kUnusedDomain;
    case SymbolKind::kTarget:
      return Kind::kUnusedTarget;
    case SymbolKind::kPolicy:
      return Kind::kUnusedPolicy;
    case SymbolKind::kAdapter:
      return Kind::kUnusedTarget;
    case SymbolKind::kScalar:
    case SymbolKind::kStruct:
    case SymbolKind::kEnum:
    case SymbolKind::kExtern:
      return Kind::kUnusedType;
    case SymbolKind::kFlow:
    case SymbolKind::kJob:
    case SymbolKind::kCron:
    case SymbolKind::kService:
      return std::nullopt;
  }
  return std::nullopt;
}

class UnusedReporter {
 public:
  explicit UnusedReporter(Context& context)
      : context_(context), has_flows_(context.program.packages.size()), is_imported_(has_flows_.size()) {
    for (const model::Flow& flow : context.program.flows)
      has_flows_[flow.origin.package.index()] = true;
    for (const model::Package& package : context.program.packages) {
      for (const model::Import& import : package.imports) {
        if (import.package.is_valid()) is_imported_[import.package.index()] = true;
      }
    }
  }

  void report() {
    for (std::size_t i = 0; i < context_.program.packages.size(); ++i) {
      const model::Package& package = context_.program.packages[model::PackageId(i)];
      if (!package.is_root) continue;
      for (const model::Import& import : package.imports) {
        if (!import.used) context_.engine.report(Kind::kUnusedImport, import.span, import.alias);
      }
    }
    report_all(SymbolKind::kScalar, context_.program.scalars.size());
    report_all(SymbolKind::kStruct, context_.program.structs.size());
    report_all(SymbolKind::kEnum, context_.program.enums.size());
    report_all(SymbolKind::kExtern, context_.program.externs.size());
    report_all(SymbolKind::kError, context_.program.errors.size());
    report_all(SymbolKind::kDomain, context_.program.domains.size());
    report_all(SymbolKind::kAdapter, context_.program.adapters.size());
    report_all(SymbolKind::kTarget, context_.program.targets.size());
    report_all(SymbolKind::kPolicy, context_.program.policies.size());
    report_all(SymbolKind::kSlot, context_.program.slots.size());
    report_all(SymbolKind::kStep, context_.program.steps.size());
    report_all(SymbolKind::kChain, context_.program.chains.size());
  }

 private:
  void report_all(SymbolKind kind, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Symbol symbol{kind, static_cast<std::uint32_t>(i)};
      if (context_.is_used(symbol)) continue;
      const model::Origin& origin = origin_of(context_.program, symbol);
      if (!is_candidate(symbol, origin)) continue;
      context_.engine.report(*kind_for(kind), origin.span, noun(kind), origin.name);
    }
  }

  [[nodiscard]] bool is_candidate(Symbol symbol, const model::Origin& origin) const {
    if (!context_.program.packages[origin.package].is_root) return false;
    if (symbol.kind == SymbolKind::kSlot && context_.program.slots[symbol.id<model::SlotId>()].is_private)
      return true;
    return has_flows_[origin.package.index()] && !is_imported_[origin.package.index()];
  }

  Context& context_;
  std::vector<bool> has_flows_;
  std::vector<bool> is_imported_;
};

}  // namespace

void report_unused(Context& context) {
  // What looks unused is often what was meant where an error is.
  if (!context.is_incomplete && !context.engine.has_errors()) UnusedReporter(context).report();
}

}  // namespace zc::check
