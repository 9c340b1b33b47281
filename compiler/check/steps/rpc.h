// Adapters with `@grpc`: services of gRPC that are called without an implementation in C++.

#pragma once

#include "compiler/check/context.h"

namespace zc::check {

// Reads `@grpc("people.v1.People")` of an adapter.
void resolve_service(Context& context, model::Adapter& adapter, const syntax::AdapterDeclaration& source);
// Which method an operation of such an adapter calls, and whether it can: parameters and result are messages.
void resolve_method(Context& context, const model::Adapter& adapter, const syntax::Operation& source,
                    model::Operation& operation);
// Their targets take the arguments of `grpc`. Behind all adapters.
void complete_rpc_adapters(Context& context);

}  // namespace zc::check
