// What every part of the syntax tree is made of: names, docs, traits, types, settings.

#pragma once

#include "compiler/base/span.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/Casting.h>

#include <cstdint>

namespace zc::syntax {

struct Expr;

// An identifier as written. Any keyword may be one. `text` points into the source buffer; it is empty where
// the name is missing, which was reported.
struct Name {
  llvm::StringRef text;
  Span span;

  [[nodiscard]] bool is_missing() const { return text.empty(); }
};

// `a.b.c`: at least one segment, unless it is missing.
struct QualifiedName {
  llvm::ArrayRef<Name> segments;
  Span span;

  [[nodiscard]] bool is_missing() const { return segments.empty(); }
  [[nodiscard]] bool is_qualified() const { return segments.size() > 1; }
  [[nodiscard]] Name last() const { return segments.empty() ? Name{{}, span} : segments.back(); }
};

// What all nodes have. Nodes live in the tree's arenas, are immutable, and have no destructor. A node that is
// `erroneous` holds, itself or below it, what could not be read: that was reported, so be silent about what
// follows from it.
struct Node {
  Span span;
  bool erroneous = false;
};

// `/// ...` lines before a declaration or a member: the text after `///` and one space.
struct Doc {
  llvm::ArrayRef<llvm::StringRef> lines;
  Span span;

  [[nodiscard]] bool is_empty() const { return lines.empty(); }
};

// An argument of a trait, a call or an adapter: `expr` or `name: expr`.
struct Argument {
  Name name;  // missing when positional
  const Expr* value = nullptr;
};

// `@name` or `@name(arguments)`. Arguments may be ranges.
struct Trait : Node {
  Name name;
  llvm::ArrayRef<Argument> arguments;
};

// `name`, `a.Name`, `list<T>`, `map<string, T>`, each perhaps with `?` behind it.
struct TypeRef : Node {
  QualifiedName name;
  llvm::ArrayRef<const TypeRef*> arguments;
  bool is_optional = false;
};

// `@a @b("x") name: Type = default;` in structs, errors and slots, and as a parameter of an adapter or its
// operations.
struct Field : Node {
  Doc doc;
  llvm::ArrayRef<Trait> traits;
  bool is_private = false;  // slots only
  Name name;
  const TypeRef* type = nullptr;        // never null; erroneous when it could not be read
  const Expr* default_value = nullptr;  // null when there is none
};

// One comma list of a setting.
using SettingTerm = llvm::ArrayRef<const Expr*>;

// A line of a policy, target, service, flow, job or cron, and the inline policy clauses of an effect:
//
//   deadline 1500ms;                name "deadline", terms [1500ms]
//   breaker 50% of 20 open 5s;      name "breaker",  terms [50%] [of] [20] [open] [5s]
//   retry 2 backoff 1s..2s on A, B; name "retry",    terms [2] [backoff] [1s..2s] [on] [A, B]
//
// Bare words are `PathExpr` of one segment. Which names and terms there are is for the checks to know.
struct Setting : Node {
  Doc doc;
  Name name;
  llvm::ArrayRef<SettingTerm> terms;

  // The first value, or null: `1500ms` of `deadline 1500ms`.
  [[nodiscard]] const Expr* value() const {
    return terms.empty() || terms.front().empty() ? nullptr : terms.front().front();
  }
  // The term behind the bare word `word`, empty when there is none: `5s` for "open" above.
  [[nodiscard]] SettingTerm after(llvm::StringRef word) const;
};

}  // namespace zc::syntax
