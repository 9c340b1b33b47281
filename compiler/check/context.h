// What the parts of this stage share while they fill one program.

#pragma once

#include "compiler/check/check.h"
#include "compiler/check/input.h"
#include "compiler/check/names/names.h"
#include "compiler/diagnostics/engine.h"
#include "compiler/model/program.h"
#include "compiler/model/type_table.h"
#include "compiler/syntax/tree.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/StringRef.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace zc::check {

using diagnostics::Kind;

// The declarations behind the program's tables: the element at an id's index. Null for what has none.
struct Declarations {
  std::vector<const syntax::ScalarDeclaration*> scalars;
  std::vector<const syntax::StructDeclaration*> structs;
  std::vector<const syntax::EnumDeclaration*> enums;
  std::vector<const syntax::ExternTypeDeclaration*> externs;
  std::vector<const syntax::ErrorTypeDeclaration*> errors;
  std::vector<const syntax::DomainDeclaration*> domains;
  std::vector<const syntax::AdapterDeclaration*> adapters;
  std::vector<const syntax::TargetDeclaration*> targets;
  std::vector<const syntax::PolicyDeclaration*> policies;
  std::vector<const syntax::Field*> slots;
  std::vector<const syntax::StepDeclaration*> steps;       // null for a continuation
  std::vector<const syntax::Continuation*> continuations;  // null for a declared step
  std::vector<model::StepId> continued;                    // of a continuation: the step that it belongs to
  std::vector<const syntax::ChainDeclaration*> chains;
  std::vector<const syntax::Declaration*> flows;  // flow, job or cron
  std::vector<const syntax::ServiceDeclaration*> services;
};

struct Context {
  Context(llvm::MutableArrayRef<LoadedFile> loaded, diagnostics::DiagnosticEngine& diagnostic_engine,
          PhaseObserver phase_observer)
      : files(loaded), engine(diagnostic_engine), types(program.types), observe(phase_observer) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  llvm::MutableArrayRef<LoadedFile> files;
  diagnostics::DiagnosticEngine& engine;
  model::Program program;
  model::TypeTable types;
  Names names;
  Declarations declarations;
  std::vector<std::size_t> file_of_package;
  PhaseObserver observe;
  model::PackageId prelude;  // may be none
  std::array<std::vector<bool>, kSymbolKindCount> used;
  // A name was not found or a file not read: what seems unused or unset may not be.
  bool is_incomplete = false;
  llvm::DenseSet<model::ErrorId> errors_in_vain;  // reported where a step names them and never raises them
  std::vector<model::FlowId> large_flows;         // cut off, so not to be analysed; reported
  std::vector<bool> broken_steps;                 // by StepId: reads or writes could not be resolved
  std::vector<bool> broken_flows;                 // by FlowId: a part could not be read

  // A part of the work begins, or goes on.
  void begin(llvm::StringLiteral phase) const {
    if (observe) observe(phase);
  }

  // Gives back the memory of declarations that have been resolved, which the table then no longer holds.
  void release(syntax::Part part);

  void mark_used(Symbol symbol);
  [[nodiscard]] bool is_used(Symbol symbol) const;

  [[nodiscard]] std::string text(model::TypeId type) const { return model::type_text(program, type); }

  // The symbol that `name` means where `from` is the package. Unknown names are reported as `unknown`, with
  // the name that was probably meant; a found one counts as used, and is reported when it is deprecated.
  // `expected` ("a step") says what kind of thing belongs here.
  std::optional<Symbol> resolve(model::PackageId from, NameSpace space, const syntax::QualifiedName& name,
                                Kind unknown, llvm::StringRef expected);
  // As `resolve`, without reports and marks.
  [[nodiscard]] std::optional<Symbol> find(model::PackageId from, NameSpace space,
                                           const syntax::QualifiedName& name) const;
  // Marks the use of a symbol that was found by `find`.
  void use(Symbol symbol, Span place);

  // The package that `alias` imports into `from`; marks the import as used.
  std::optional<model::PackageId> imported(model::PackageId from, llvm::StringRef alias);
  // The standard error of the prelude for one kind; none without a prelude.
  [[nodiscard]] model::ErrorId standard_error(model::Kinds kind) const;
};

// "a.b.c"
[[nodiscard]] std::string dotted(const syntax::QualifiedName& name);
[[nodiscard]] std::string doc_text(const syntax::Doc& doc);
// "`a`, `b` or `c`"
[[nodiscard]] std::string alternatives_text(llvm::ArrayRef<llvm::StringRef> words);

}  // namespace zc::check
