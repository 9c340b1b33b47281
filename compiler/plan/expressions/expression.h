// Expressions of a `.flow` file as C++.

#pragma once

#include "compiler/model/program.h"
#include "compiler/plan/names/cpp_names.h"
#include "compiler/plan/plan.h"

#include <llvm/ADT/DenseMap.h>

#include <string>
#include <vector>

namespace zc::plan {

// How an expression's surroundings spell what it refers to.
struct Bindings {
  llvm::DenseMap<model::SlotId, std::string> slots;     // "slots.todo"
  llvm::DenseMap<model::SlotId, std::string> presence;  // "slots.has_todo"; none: the slot is set here
  llvm::DenseMap<const model::Expression*, std::string> parts;  // request parts that were read before: "*id"
};

// Whether the C++ expression ends the request where numbers overflow or are divided by zero.
[[nodiscard]] inline bool may_throw(llvm::StringRef expression) { return expression.contains("checked_"); }

class ExpressionWriter {
 public:
  ExpressionWriter(const model::Program& program, const CppNames& names, model::PackageId package,
                   std::vector<Unsupported>& unsupported)
      : program_(&program), names_(&names), package_(package), unsupported_(&unsupported) {}

  // A C++ expression of the expression's type.
  [[nodiscard]] std::string value(const model::Expression& expression, const Bindings& bindings) const;
  // One that converts to std::string_view: what is no text is formatted, what is text is not copied.
  [[nodiscard]] std::string text(const model::Expression& expression, const Bindings& bindings) const;
  // Statements that write it with the JsonWriter `json`. An object literal leaves out what is not set.
  void append_json(const model::Expression& expression, const Bindings& bindings, Lines& lines) const;

  // The text with `?` for each value, and the values as zerver::flow::Value.
  // The text that a database gets, with a placeholder for each value; of one that inserts rows, for each
  // column. Behind those of the call's `digits` stands a comment that SQLite's adapter reads.
  [[nodiscard]] static std::string statement_text(const model::EffectCall& call,
                                                  const model::Expression& statement);
  [[nodiscard]] std::vector<std::string> statement_values(const model::Expression& statement,
                                                          const Bindings& bindings) const;

  [[nodiscard]] std::string constant(const model::Constant& constant, model::TypeId type) const;
  [[nodiscard]] std::string type(model::TypeId type) const { return names_->type(type, package_); }

 private:
  [[nodiscard]] bool is_unsigned_zero(const model::Expression& expression) const;

  // Where a value is, and what must be true for it to be there.
  struct Place {
    std::string text;
    bool is_pointer = false;  // `*text` is the value, `text->` its members
    std::vector<std::string> conditions;

    // From an optional to what it holds.
    void descend() {
      conditions.push_back(text + ".has_value()");
      is_pointer = true;
    }
  };
  // Of an expression whose type may be optional.
  [[nodiscard]] Place place(const model::Expression& expression, const Bindings& bindings) const;

  std::string nested(const model::Expression& expression, const Bindings& bindings) const;
  std::string slot(const model::Expression& expression, const Bindings& bindings) const;
  std::string field(const model::Expression& expression, const Bindings& bindings) const;
  std::string unary(const model::Expression& expression, const Bindings& bindings) const;
  std::string binary(const model::Expression& expression, const Bindings& bindings) const;
  std::string coalesce(const model::Expression& expression, const Bindings& bindings) const;
  std::string convert(const model::Expression& expression, const Bindings& bindings) const;
  std::string pieces(const model::Expression& expression, const Bindings& bindings) const;
  std::string structure(const model::Expression& expression, const Bindings& bindings) const;
  std::string list(const model::Expression& expression, const Bindings& bindings) const;
  [[nodiscard]] std::string map(const model::Expression& expression, const Bindings& bindings) const;
  [[nodiscard]] std::string json(const model::Expression& expression, const Bindings& bindings) const;
  std::string unsupported(const model::Expression& expression, const std::string& what) const;
  [[nodiscard]] const model::Type& type_of(model::TypeId id) const { return program_->types[id]; }
  [[nodiscard]] bool is_optional(model::TypeId id) const {
    return type_of(id).kind == model::TypeKind::kOptional;
  }
  // The built-in type below scalars.
  [[nodiscard]] model::TypeId base_of(model::TypeId id) const;

  const model::Program* program_;
  const CppNames* names_;
  model::PackageId package_;
  std::vector<Unsupported>* unsupported_;
};

}  // namespace zc::plan
