// The traits of the language: which there are, what they may stand on, and what they say.

#pragma once

#include "compiler/check/context.h"

#include <cstdint>

namespace zc::check {

// What a trait may stand on; a set.
enum TraitPlace : std::uint32_t {
  kOnScalar = 1U << 0U,
  kOnStruct = 1U << 1U,
  kOnField = 1U << 2U,
  kOnEnum = 1U << 3U,
  kOnEnumerator = 1U << 4U,
  kOnExtern = 1U << 5U,
  kOnError = 1U << 6U,
  kOnAdapter = 1U << 7U,
  kOnOperation = 1U << 8U,
  kOnTarget = 1U << 9U,
  kOnPolicy = 1U << 10U,
  kOnSlot = 1U << 11U,
  kOnStep = 1U << 12U,
  kOnChain = 1U << 13U,
  kOnFlow = 1U << 14U,
  kOnService = 1U << 15U,
  kOnParameter = 1U << 16U,
  kOnFile = 1U << 17U,
  kOnDomain = 1U << 18U
};

// Reports traits that do not exist, do not belong here, or stand twice.
void check_traits(Context& context, llvm::ArrayRef<syntax::Trait> traits, TraitPlace place);

[[nodiscard]] const syntax::Trait* find_trait(llvm::ArrayRef<syntax::Trait> traits, llvm::StringRef name);

// The text of a trait's only argument; reports anything else and answers none.
[[nodiscard]] std::optional<std::string> trait_text(Context& context, const syntax::Trait& trait);

// A declaration's origin, with what `@was` and `@deprecated` say.
[[nodiscard]] model::Origin make_origin(Context& context, model::PackageId package, const syntax::Name& name,
                                        const syntax::Doc& doc, llvm::ArrayRef<syntax::Trait> traits);

// `@pii`, `@secret`
[[nodiscard]] model::Labels labels_of(llvm::ArrayRef<syntax::Trait> traits);

// `@length`, `@range`, `@pattern` and the labels of a field or scalar with this type.
[[nodiscard]] model::Traits value_traits(Context& context, llvm::ArrayRef<syntax::Trait> traits,
                                         model::TypeId type);

// What `@kind(invalid, ...)` and `on missing | timeout` name; reports unknown and double ones, with a `note`
// when something else could stand there too.
[[nodiscard]] model::Kinds kinds_of(Context& context, llvm::ArrayRef<syntax::Name> names,
                                    llvm::StringRef note = {});
// The kind of this name; 0 for any other word.
[[nodiscard]] model::Kinds kind_of(llvm::StringRef name);
[[nodiscard]] std::string kinds_text(model::Kinds kinds);  // "`missing` and `timeout`"

}  // namespace zc::check
