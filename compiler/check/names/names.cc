// Symbol tables of packages.

#include "compiler/check/names/names.h"

#include <algorithm>

namespace zc::check {

NameSpace name_space_of(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kScalar:
    case SymbolKind::kStruct:
    case SymbolKind::kEnum:
    case SymbolKind::kExtern:
    case SymbolKind::kError:
    case SymbolKind::kDomain:
      return NameSpace::kTypes;
    case SymbolKind::kSlot:
      return NameSpace::kSlots;
    case SymbolKind::kStep:
    case SymbolKind::kChain:
      return NameSpace::kSteps;
    case SymbolKind::kFlow:
    case SymbolKind::kJob:
    case SymbolKind::kCron:
      return NameSpace::kFlows;
    case SymbolKind::kTarget:
      return NameSpace::kTargets;
    case SymbolKind::kPolicy:
      return NameSpace::kPolicies;
    case SymbolKind::kAdapter:
      return NameSpace::kAdapters;
    case SymbolKind::kService:
      return NameSpace::kServices;
  }
  return NameSpace::kTypes;
}

llvm::StringRef noun(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::kScalar:
      return "scalar";
    case SymbolKind::kStruct:
      return "struct";
    case SymbolKind::kEnum:
      return "enum";
    case SymbolKind::kExtern:
      return "extern type";
    case SymbolKind::kError:
      return "error";
    case SymbolKind::kDomain:
      return "domain";
    case SymbolKind::kSlot:
      return "slot";
    case SymbolKind::kStep:
      return "step";
    case SymbolKind::kChain:
      return "chain";
    case SymbolKind::kFlow:
      return "flow";
    case SymbolKind::kJob:
      return "job";
    case SymbolKind::kCron:
      return "cron";
    case SymbolKind::kTarget:
      return "target";
    case SymbolKind::kPolicy:
      return "policy";
    case SymbolKind::kAdapter:
      return "adapter";
    case SymbolKind::kService:
      return "service";
  }
  return "";
}

llvm::StringRef noun(NameSpace space) {
  switch (space) {
    case NameSpace::kTypes:
      return "type";
    case NameSpace::kSlots:
      return "slot";
    case NameSpace::kSteps:
      return "step or chain";
    case NameSpace::kFlows:
      return "flow";
    case NameSpace::kTargets:
      return "target";
    case NameSpace::kPolicies:
      return "policy";
    case NameSpace::kAdapters:
      return "adapter";
    case NameSpace::kServices:
      return "service";
  }
  return "";
}

const model::Origin& origin_of(const model::Program& program, Symbol symbol) {
  switch (symbol.kind) {
    case SymbolKind::kScalar:
      return program.scalars[symbol.id<model::ScalarId>()].origin;
    case SymbolKind::kStruct:
      return program.structs[symbol.id<model::StructId>()].origin;
    case SymbolKind::kEnum:
      return program.enums[symbol.id<model::EnumId>()].origin;
    case SymbolKind::kExtern:
      return program.externs[symbol.id<model::ExternId>()].origin;
    case SymbolKind::kError:
      return program.errors[symbol.id<model::ErrorId>()].origin;
    case SymbolKind::kDomain:
      return program.domains[symbol.id<model::DomainId>()].origin;
    case SymbolKind::kSlot:
      return program.slots[symbol.id<model::SlotId>()].origin;
    case SymbolKind::kStep:
      return program.steps[symbol.id<model::StepId>()].origin;
    case SymbolKind::kChain:
      return program.chains[symbol.id<model::ChainId>()].origin;
    case SymbolKind::kFlow:
    case SymbolKind::kJob:
    case SymbolKind::kCron:
      return program.flows[symbol.id<model::FlowId>()].origin;
    case SymbolKind::kTarget:
      return program.targets[symbol.id<model::TargetId>()].origin;
    case SymbolKind::kPolicy:
      return program.policies[symbol.id<model::PolicyId>()].origin;
    case SymbolKind::kAdapter:
      return program.adapters[symbol.id<model::AdapterId>()].origin;
    case SymbolKind::kService:
      break;
  }
  return program.services[symbol.id<model::ServiceId>()].origin;
}

const Symbol* Names::add(model::PackageId package, llvm::StringRef name, Symbol symbol) {
  auto& table = packages_[package.index()].spaces[static_cast<std::size_t>(name_space_of(symbol.kind))];
  const auto [entry, is_new] = table.try_emplace(name, symbol);
  return is_new ? nullptr : &entry->second;
}

void Names::poison(model::PackageId package, llvm::StringRef name) {
  packages_[package.index()].poisoned.insert(name);
}

bool Names::is_poisoned(model::PackageId package, llvm::StringRef name) const {
  return packages_[package.index()].poisoned.contains(name);
}

void Names::add_import(model::PackageId package, llvm::StringRef alias, std::size_t index) {
  packages_[package.index()].imports.try_emplace(alias, index);
}

const Symbol* Names::find(model::PackageId package, NameSpace space, llvm::StringRef name) const {
  const auto& table = packages_[package.index()].spaces[static_cast<std::size_t>(space)];
  const auto entry = table.find(name);
  return entry == table.end() ? nullptr : &entry->second;
}

int Names::find_import(model::PackageId package, llvm::StringRef alias) const {
  const auto& imports = packages_[package.index()].imports;
  const auto entry = imports.find(alias);
  return entry == imports.end() ? -1 : static_cast<int>(entry->second);
}

namespace {

// Hash tables have no order of their own: a suggestion must not depend on it.
template <typename Table> std::vector<llvm::StringRef> sorted_keys(const Table& table) {
  std::vector<llvm::StringRef> keys;
  keys.reserve(table.size());
  for (const auto& entry : table)
    keys.push_back(entry.getKey());
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

std::vector<llvm::StringRef> Names::all(model::PackageId package, NameSpace space) const {
  return sorted_keys(packages_[package.index()].spaces[static_cast<std::size_t>(space)]);
}

std::vector<llvm::StringRef> Names::all_imports(model::PackageId package) const {
  return sorted_keys(packages_[package.index()].imports);
}

}  // namespace zc::check
