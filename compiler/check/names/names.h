// Symbol tables: what each package declares, found by name.

#pragma once

#include "compiler/model/program.h"

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/StringSet.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace zc::check {

enum class SymbolKind : std::uint8_t {
  kScalar,
  kStruct,
  kEnum,
  kExtern,
  kError,
  kDomain,
  kSlot,
  kStep,
  kChain,
  kFlow,
  kJob,
  kCron,
  kTarget,
  kPolicy,
  kAdapter,
  kService
};
inline constexpr std::size_t kSymbolKindCount = 16;

// Names in different spaces may be equal: a flow may be called like a step.
enum class NameSpace : std::uint8_t {
  kTypes,
  kSlots,
  kSteps,
  kFlows,
  kTargets,
  kPolicies,
  kAdapters,
  kServices
};
inline constexpr std::size_t kNameSpaceCount = 8;

[[nodiscard]] NameSpace name_space_of(SymbolKind kind);
[[nodiscard]] llvm::StringRef noun(SymbolKind kind);  // "struct"
[[nodiscard]] llvm::StringRef noun(NameSpace space);  // "type", what is expected where the space is searched

struct Symbol {
  SymbolKind kind = SymbolKind::kScalar;
  std::uint32_t index = 0;  // of the typed id

  template <typename IdType> [[nodiscard]] IdType id() const { return IdType(index); }
};

// Where a symbol was declared. Its name and documentation are in the program.
[[nodiscard]] const model::Origin& origin_of(const model::Program& program, Symbol symbol);

class Names {
 public:
  void add_package() { packages_.emplace_back(); }
  // The symbol that already has this name, else null and it is added.
  const Symbol* add(model::PackageId package, llvm::StringRef name, Symbol symbol);
  // A declaration of this name could not be read: its uses are not reported.
  void poison(model::PackageId package, llvm::StringRef name);
  [[nodiscard]] bool is_poisoned(model::PackageId package, llvm::StringRef name) const;
  void add_import(model::PackageId package, llvm::StringRef alias, std::size_t index);

  [[nodiscard]] const Symbol* find(model::PackageId package, NameSpace space, llvm::StringRef name) const;
  // The index in `Package::imports`, or -1.
  [[nodiscard]] int find_import(model::PackageId package, llvm::StringRef alias) const;
  [[nodiscard]] std::vector<llvm::StringRef> all(model::PackageId package, NameSpace space) const;
  [[nodiscard]] std::vector<llvm::StringRef> all_imports(model::PackageId package) const;

 private:
  struct Tables {
    std::array<llvm::StringMap<Symbol>, kNameSpaceCount> spaces;
    llvm::StringMap<std::size_t> imports;
    llvm::StringSet<> poisoned;
  };

  std::vector<Tables> packages_;
};

}  // namespace zc::check
