// Names of errors, domains and packages where errors are meant.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// What one name stands for: an error, or all errors of a domain or of a package.
struct NamedErrors {
  std::vector<model::ErrorId> errors;
  bool by_domain = false;
};

// The one error that a `fails` names. Reports anything else, kinds with what to write instead.
[[nodiscard]] std::optional<model::ErrorId> resolve_error(Context& context, model::PackageId package,
                                                          const syntax::QualifiedName& name);

// What `retry ... on` and handlers name: an error, a domain, or a package by its last part, as imports have
// it.
[[nodiscard]] std::optional<NamedErrors> resolve_error_set(Context& context, model::PackageId package,
                                                           const syntax::QualifiedName& name);

// Fills `errors` and `named` of a handler; reports errors that are named twice and domains without errors. A
// name that means nothing becomes an invalid id, so that the handler does not take every error.
void resolve_handled(Context& context, model::PackageId package, llvm::ArrayRef<syntax::QualifiedName> names,
                     model::Statement& handler);

}  // namespace zc::check
