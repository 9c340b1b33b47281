// The grammar of lock files as a table: which entries there are, where they stand, and what they say.

#pragma once

#include "compiler/lock/lock.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>

namespace zc::lock {

enum class NameForm : std::uint8_t { kAny, kStatus };
enum class ValueForm : std::uint8_t { kFlag, kText, kType, kTypes, kStatus, kRange };

struct AttributeRule {
  llvm::StringLiteral name;  // empty: any name that the others do not have
  ValueForm form = ValueForm::kText;
  bool required = false;
};

struct EntryRule {
  llvm::StringLiteral parent;  // empty: stands alone
  llvm::StringLiteral kind;
  llvm::ArrayRef<AttributeRule> attributes;
  NameForm name = NameForm::kAny;
  bool is_ordered = false;  // the order of these means something; others are sorted by name
};

// In the order in which the kinds are written.
[[nodiscard]] llvm::ArrayRef<EntryRule> entry_rules();
[[nodiscard]] const EntryRule* find_entry_rule(llvm::StringRef parent, llvm::StringRef kind);

// What is wrong with the entry itself, without its members; empty when nothing is.
[[nodiscard]] std::string problem_of(const EntryRule& rule, const Entry& entry);

// Puts the entries, which all have a rule, and their members in the order in which they are written.
void sort_entries(std::vector<Entry>& entries);

}  // namespace zc::lock
