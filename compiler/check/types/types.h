// Types as written, and the declarations that make types.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// The type that is written; `kError` for one that was reported. `variables` are the type parameters in scope.
[[nodiscard]] model::TypeId resolve_type(Context& context, model::PackageId package,
                                         const syntax::TypeRef& type,
                                         llvm::ArrayRef<syntax::Name> variables = {});

// The fields of a struct or an error.
[[nodiscard]] std::vector<model::Field> resolve_fields(Context& context, model::PackageId package,
                                                       llvm::ArrayRef<syntax::Field> written);

// Domains, scalars, structs, enums, extern types, errors and slots of all packages.
void resolve_types(Context& context);

}  // namespace zc::check
