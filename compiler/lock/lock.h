// What a program promises to those who are not compiled with it, as a value: clients, queued jobs, suspended
// requests, dashboards.

#pragma once

#include "compiler/base/span.h"

#include <llvm/ADT/StringRef.h>

#include <string>
#include <utility>
#include <vector>

namespace zc::lock {

// `name=value`; one without a value is a flag.
struct Attribute {
  std::string name, value;

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

// One line of a lock file: `kind name attribute...`, and what belongs to it. entry_rules.h has the kinds.
struct Entry {
  std::string kind, name;
  std::vector<Attribute> attributes;
  std::vector<Entry> members;
  Span span;        // the line in the lock file, or the name of the declaration in the program
  std::string was;  // of the program only: the former name, qualified as `name` is
  Span was_span;

  [[nodiscard]] bool has(llvm::StringRef attribute) const { return find(attribute) != nullptr; }
  // Empty when it is not there.
  [[nodiscard]] llvm::StringRef value(llvm::StringRef attribute) const {
    const Attribute* found = find(attribute);
    return found == nullptr ? llvm::StringRef() : llvm::StringRef(found->value);
  }
  void set(llvm::StringRef attribute, std::string value = {}) {
    attributes.push_back({attribute.str(), std::move(value)});
  }
  [[nodiscard]] const Entry* member(llvm::StringRef member_kind, llvm::StringRef member_name) const {
    for (const Entry& each : members) {
      if (each.kind == member_kind && each.name == member_name) return &each;
    }
    return nullptr;
  }

 private:
  [[nodiscard]] const Attribute* find(llvm::StringRef attribute) const {
    for (const Attribute& each : attributes) {
      if (each.name == attribute) return &each;
    }
    return nullptr;
  }
};

// Entries in the order in which they are written: by kind, then by name.
struct Lock {
  std::vector<Entry> entries;
};

}  // namespace zc::lock
