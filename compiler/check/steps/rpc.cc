#include "compiler/check/steps/rpc.h"

#include "compiler/check/types/messages.h"
#include "compiler/check/types/traits.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

namespace zc::check {
namespace {

using model::TypeKind;

// What any call over gRPC can fail with.
constexpr model::Kinds kAlways = model::kRejected | model::kUnavailable | model::kTimeout;

bool is_identifier(llvm::StringRef text) {
  return !text.empty() && !llvm::isDigit(text.front()) &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

// "get_person" as `.proto` files write it: "GetPerson".
std::string method_name(llvm::StringRef operation) {
  std::string result;
  bool is_first = true;
  for (const char c : operation) {
    if (c != '_') result += is_first ? llvm::toUpper(c) : c;
    is_first = c == '_';
  }
  return result;
}

void check_result(Context& context, const syntax::Operation& source, const model::Operation& operation) {
  const auto report = [&](const llvm::Twine& what) -> diagnostics::Diagnostic& {
    return context.engine.report(Kind::kBadOperation, source.name.span, source.name.text, what);
  };
  if (operation.format != model::ResultFormat::kTyped)
    report("says how its result is read, and that is Protocol Buffers")
        .help("leave the word before the type out");
  if (!operation.type_parameters.empty())
    report("has type parameters, and a call over gRPC has messages of its own");
  const TypeKind kind = context.types.kind(operation.result);
  if (kind == TypeKind::kError) return;
  if (operation.stream) {
    const bool is_right = (kind == TypeKind::kStream || kind == TypeKind::kList) &&
                          is_message(context, context.types[operation.result].element);
    if (!is_right)
      report("streams, and does not return messages")
          .help(
              "the fields of `T` have numbers: `-> stream<T>` is for an answer that sends them while they "
              "come, `-> list<T>` holds all of them");
    return;
  }
  if (kind == TypeKind::kVoid || is_message(context, operation.result)) return;
  auto& diagnostic =
      report("returns a `" + context.text(operation.result) + "`, and a call over gRPC returns a message");
  if (kind == TypeKind::kStruct) {
    diagnostic.help("write `@field(1)` before its fields, with the numbers that its `.proto` file has");
  } else {
    diagnostic.help("declare a struct whose fields have numbers");
  }
}

}  // namespace

void resolve_service(Context& context, model::Adapter& adapter, const syntax::AdapterDeclaration& source) {
  const syntax::Trait* trait = find_trait(source.traits, "grpc");
  if (trait == nullptr) return;
  adapter.service = "-";  // until it is known: it is one
  const std::optional<std::string> text = trait_text(context, *trait);
  if (!text) return;
  llvm::SmallVector<llvm::StringRef> parts;
  llvm::StringRef(*text).split(parts, '.');
  if (!llvm::all_of(parts, is_identifier)) {
    context.engine.report(Kind::kBadTraitArgument, trait->span, "grpc",
                          "the full name of a service, such as `people.v1.People`");
    return;
  }
  adapter.service = *text;
}

void resolve_method(Context& context, const model::Adapter& adapter, const syntax::Operation& source,
                    model::Operation& operation) {
  const syntax::Trait* trait = find_trait(source.traits, "grpc");
  if (adapter.service.empty()) {
    if (trait != nullptr)
      context.engine.report(Kind::kBadOperation, trait->span, source.name.text,
                            "names a method, and its adapter no service");
    for (const model::OperationParameter& parameter : operation.parameters)
      if (parameter.number)
        context.engine.report(Kind::kMisplacedTrait, parameter.number->span, "field",
                              "fields of structs and parameters of calls over gRPC");
    return;
  }
  operation.method = method_name(operation.origin.name);
  if (trait != nullptr) {
    const std::optional<std::string> text = trait_text(context, *trait);
    if (text && is_identifier(*text)) {
      operation.method = *text;
    } else if (text) {
      context.engine.report(Kind::kBadTraitArgument, trait->span, "grpc",
                            "the name of a method, such as `GetPerson`");
    }
  }
  if (operation.commits)
    context.engine.report(Kind::kBadOperation, source.name.span, source.name.text,
                          "is a call over gRPC, which ends no transaction");
  operation.fails = static_cast<model::Kinds>(operation.fails | kAlways);
  operation.status = true;
  check_message(context, operation.parameters);
  check_result(context, source, operation);
}

void complete_rpc_adapters(Context& context) {
  const Symbol* grpc = context.prelude.is_valid()
                           ? context.names.find(context.prelude, NameSpace::kAdapters, "grpc")
                           : nullptr;
  for (std::size_t i = 0; i < context.program.adapters.size(); ++i) {
    model::Adapter& adapter = context.program.adapters[model::AdapterId(i)];
    if (adapter.service.empty()) continue;
    for (const model::OperationParameter& parameter : adapter.parameters)
      context.engine
          .report(Kind::kBadType, parameter.span, "an adapter with `@grpc` has no parameters of its own")
          .note("its targets take those of `grpc`, a URL first");
    if (grpc != nullptr)
      adapter.parameters = context.program.adapters[grpc->id<model::AdapterId>()].parameters;
  }
}

}  // namespace zc::check
