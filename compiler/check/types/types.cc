// Resolves types as written, then fills the declarations that make types.

#include "compiler/check/types/types.h"

#include "compiler/check/errors/error_types.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/check/types/messages.h"
#include "compiler/check/types/recursion.h"
#include "compiler/check/types/traits.h"
#include "compiler/diagnostics/did_you_mean.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringSwitch.h>

namespace zc::check {

using model::TypeKind;

namespace {

constexpr llvm::StringLiteral kBuiltins[] = {"bool",    "i32",    "i64",   "u32",   "u64",       "f64",
                                             "decimal", "string", "bytes", "uuid",  "timestamp", "duration",
                                             "json",    "list",   "map",   "stream"};

std::optional<TypeKind> builtin_kind(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<TypeKind>>(name)
      .Case("bool", TypeKind::kBool)
      .Case("i32", TypeKind::kI32)
      .Case("i64", TypeKind::kI64)
      .Case("u32", TypeKind::kU32)
      .Case("u64", TypeKind::kU64)
      .Case("f64", TypeKind::kF64)
      .Case("decimal", TypeKind::kDecimal)
      .Case("string", TypeKind::kString)
      .Case("bytes", TypeKind::kBytes)
      .Case("uuid", TypeKind::kUuid)
      .Case("timestamp", TypeKind::kTimestamp)
      .Case("duration", TypeKind::kDuration)
      .Case("json", TypeKind::kJson)
      .Default(std::nullopt);
}

class TypeResolver {
 public:
  TypeResolver(Context& context, model::PackageId package, llvm::ArrayRef<syntax::Name> variables)
      : context_(context), package_(package), variables_(variables) {}

  model::TypeId resolve(const syntax::TypeRef& written) {
    if (written.name.is_missing()) return context_.types.error();
    const model::TypeId type = written.name.is_qualified() ? declared(written) : simple(written);
    return written.is_optional ? context_.types.optional(held(written, type)) : type;
  }

 private:
  // What another type is made of.
  model::TypeId held(const syntax::TypeRef& written, model::TypeId type) {
    if (context_.types.kind(type) != TypeKind::kStream) return type;
    context_.engine
        .report(Kind::kMisplacedStream, written.span,
                "`" + context_.text(type) + "` cannot be part of another type")
        .note("a slot holds a stream as it is, and an answer sends it");
    return context_.types.error();
  }
  model::TypeId element(const syntax::TypeRef& written) { return held(written, resolve(written)); }

  model::TypeId simple(const syntax::TypeRef& written) {
    const llvm::StringRef name = written.name.last().text;
    for (std::size_t i = 0; i < variables_.size(); ++i) {
      if (variables_[i].text == name && has_arguments(written, 0)) {
        return context_.types.variable(static_cast<std::uint32_t>(i));
      }
    }
    // The types of parameters of adapters; a declaration of that name counts more.
    const bool is_declared = context_.find(package_, NameSpace::kTypes, written.name).has_value();
    if (!is_declared) {
      if (const std::optional<TypeKind> kind = builtin_kind(name)) {
        return has_arguments(written, 0) ? context_.types.simple(*kind) : context_.types.error();
      }
      if (name == "list") {
        if (!has_arguments(written, 1)) return context_.types.error();
        return context_.types.list(element(*written.arguments[0]));
      }
      if (name == "stream") {
        if (!has_arguments(written, 1)) return context_.types.error();
        return context_.types.stream(element(*written.arguments[0]));
      }
      if (name == "map") return map(written);
      if (name == "statement" || name == "url") {
        return context_.types.simple(name == "url" ? TypeKind::kUrl : TypeKind::kStatement);
      }
    }
    return declared(written);
  }

  model::TypeId map(const syntax::TypeRef& written) {
    if (!has_arguments(written, 2)) return context_.types.error();
    const model::TypeId key = resolve(*written.arguments[0]);
    const model::TypeId value = element(*written.arguments[1]);
    const TypeKind key_kind = context_.types.kind(key);
    if (key_kind != TypeKind::kString && key_kind != TypeKind::kError) {
      context_.engine.report(Kind::kBadType, written.arguments[0]->span, "the keys of a map are strings")
          .fix("write `string`", written.arguments[0]->span, "string");
    }
    return context_.types.map(value);
  }

  bool has_arguments(const syntax::TypeRef& written, std::size_t count) {
    if (written.arguments.size() == count) return true;
    if (!written.erroneous) {
      context_.engine.report(Kind::kBadType, written.span,
                             "`" + dotted(written.name) + "` takes " + std::to_string(count) +
                                 (count == 1 ? " type" : " types") + " in `<>`");
    }
    return false;
  }

  model::TypeId declared(const syntax::TypeRef& written) {
    if (!written.name.is_qualified() && !context_.find(package_, NameSpace::kTypes, written.name)) {
      if (const auto guess = diagnostics::did_you_mean(written.name.last().text, builtin_names())) {
        context_.engine.report(Kind::kUnknownType, written.name.span, dotted(written.name))
            .fix("write `" + *guess + "`", written.name.span, *guess);
        return context_.types.error();
      }
    }
    const std::optional<Symbol> symbol =
        context_.resolve(package_, NameSpace::kTypes, written.name, Kind::kUnknownType, "a type");
    if (!symbol) return context_.types.error();
    if (!has_arguments(written, 0)) return context_.types.error();
    switch (symbol->kind) {
      case SymbolKind::kScalar:
        return context_.types.scalar(symbol->id<model::ScalarId>());
      case SymbolKind::kStruct:
        return context_.types.structure(symbol->id<model::StructId>());
      case SymbolKind::kEnum:
        return context_.types.enumeration(symbol->id<model::EnumId>());
      case SymbolKind::kExtern:
        return context_.types.external(symbol->id<model::ExternId>());
      default:
        break;
    }
    context_.engine
        .report(Kind::kWrongKindOfName, written.name.span, dotted(written.name), noun(symbol->kind), "a type")
        .secondary(origin_of(context_.program, *symbol).span, "declared here");
    return context_.types.error();
  }

  static std::vector<llvm::StringRef> builtin_names() { return {std::begin(kBuiltins), std::end(kBuiltins)}; }

  Context& context_;
  model::PackageId package_;
  llvm::ArrayRef<syntax::Name> variables_;
};

// A type that values of declarations have: not one of an adapter's parameters.
model::TypeId value_type(Context& context, model::PackageId package, const syntax::TypeRef& written) {
  const model::TypeId type = resolve_type(context, package, written);
  const TypeKind kind = context.types.kind(context.types.strip_optional(type));
  if (kind != TypeKind::kStatement && kind != TypeKind::kUrl) return type;
  context.engine
      .report(Kind::kBadType, written.span, "`" + context.text(type) + "` is for the parameters of adapters")
      .note("`statement` and `url` say how an adapter's operation takes a string");
  return context.types.error();
}

std::string json_name(Context& context, llvm::ArrayRef<syntax::Trait> traits, const syntax::Name& name) {
  const syntax::Trait* trait = find_trait(traits, "json");
  return trait == nullptr ? name.text.str() : trait_text(context, *trait).value_or(name.text.str());
}

// The trait that a default does not have; empty when it has them all. Patterns are left to the runtime.
llvm::StringRef broken_trait(const model::Traits& traits, const model::Constant& value) {
  using ConstantKind = model::Constant::Kind;
  if (value.kind == ConstantKind::kNull) return {};
  if (const auto& range = traits.range) {
    const bool is_below = range->least && compare_constants(value, *range->least) < 0;
    const bool is_above = range->most && compare_constants(value, *range->most) > 0;
    if (is_below || is_above) return "range";
  }
  if (traits.length) {
    // Code points: bytes that do not continue one. Of lists and maps only the empty one is a constant.
    const auto size = static_cast<std::uint64_t>(llvm::count_if(
        value.text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
    if (size < traits.length->least.value_or(0) || size > traits.length->most.value_or(size)) return "length";
  }
  return {};
}

void check_default(Context& context, const model::Field& field, Span span) {
  const model::Type& type = context.types[context.types.strip_optional(field.type)];
  llvm::StringRef broken = broken_trait(field.traits, *field.default_value);
  if (broken.empty() && type.kind == TypeKind::kScalar)
    broken =
        broken_trait(context.program.scalars[model::ScalarId(type.declaration)].traits, *field.default_value);
  if (!broken.empty()) context.engine.report(Kind::kBadDefault, span, field.origin.name, broken);
}

}  // namespace

std::vector<model::Field> resolve_fields(Context& context, model::PackageId package,
                                         llvm::ArrayRef<syntax::Field> written) {
  std::vector<model::Field> fields;
  fields.reserve(written.size());
  llvm::StringMap<Span> names;
  llvm::StringMap<Span> json_names;
  for (const syntax::Field& source : written) {
    if (source.name.is_missing()) continue;
    check_traits(context, source.traits, kOnField);
    model::Field field;
    field.origin = make_origin(context, package, source.name, source.doc, source.traits);
    field.json_name = json_name(context, source.traits, source.name);
    field.type = value_type(context, package, *source.type);
    if (context.types.kind(field.type) == TypeKind::kStream) {
      context.engine.report(Kind::kMisplacedStream, source.type->span, "a field cannot hold a stream")
          .note("a slot holds a stream as it is, and an answer sends it");
      field.type = context.types.error();
    }
    field.traits = value_traits(context, source.traits, field.type);
    field.number = field_number(context, source.traits, field.type);
    if (source.default_value != nullptr)
      field.default_value = literal_constant(context, *source.default_value, field.type);
    if (field.default_value) check_default(context, field, source.default_value->span);
    const auto [first, is_new] = names.try_emplace(source.name.text, source.name.span);
    if (!is_new) {
      context.engine.report(Kind::kDuplicateEntry, source.name.span, "field", source.name.text)
          .secondary(first->second, "first declared here");
      continue;
    }
    const auto [same, is_new_in_json] = json_names.try_emplace(field.json_name, source.name.span);
    if (!is_new_in_json) {
      context.engine.report(Kind::kDuplicateEntry, source.name.span, "field", field.json_name)
          .secondary(same->second, "this field has the same name in JSON");
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

namespace {

void resolve_enum(Context& context, model::Enum& enumeration, const syntax::EnumDeclaration& source) {
  llvm::StringMap<Span> names;
  llvm::StringMap<Span> json_names;
  for (const syntax::EnumMember& member : source.members) {
    if (member.name.is_missing()) continue;
    check_traits(context, member.traits, kOnEnumerator);
    model::Enumerator value;
    value.origin = make_origin(context, enumeration.origin.package, member.name, member.doc, member.traits);
    value.json_name = member.value != nullptr ? member.value->plain_text().str()
                                              : json_name(context, member.traits, member.name);
    value.number = enumerator_number(context, member.traits);
    const auto [first, is_new] = names.try_emplace(member.name.text, member.name.span);
    const auto [same, is_new_in_json] = json_names.try_emplace(value.json_name, member.name.span);
    if (!is_new) {
      context.engine.report(Kind::kDuplicateEntry, member.name.span, "value", member.name.text)
          .secondary(first->second, "first declared here");
      continue;
    }
    if (!is_new_in_json) {
      context.engine.report(Kind::kDuplicateEntry, member.name.span, "value", value.json_name)
          .secondary(same->second, "this value has the same text in JSON");
    }
    enumeration.values.push_back(std::move(value));
  }
  if (enumeration.values.empty() && !source.erroneous) {
    context.engine.report(Kind::kBadType, source.name.span,
                          "enum `" + source.name.text.str() + "` has no values");
  }
}

void resolve_scalar(Context& context, model::Scalar& scalar, const syntax::ScalarDeclaration& source) {
  scalar.base = resolve_type(context, scalar.origin.package, *source.type);
  switch (context.types.kind(scalar.base)) {
    case TypeKind::kBool:
    case TypeKind::kI32:
    case TypeKind::kI64:
    case TypeKind::kU32:
    case TypeKind::kU64:
    case TypeKind::kF64:
    case TypeKind::kDecimal:
    case TypeKind::kString:
    case TypeKind::kBytes:
    case TypeKind::kUuid:
    case TypeKind::kTimestamp:
    case TypeKind::kDuration:
    case TypeKind::kJson:
    case TypeKind::kError:
      break;
    default:
      context.engine
          .report(Kind::kBadType, source.type->span,
                  "a scalar cannot be made of `" + context.text(scalar.base) + "`")
          .note("a scalar is a strong type over one built-in type");
      scalar.base = context.types.error();
  }
  scalar.traits = value_traits(context, source.traits, scalar.base);
}

}  // namespace

model::TypeId resolve_type(Context& context, model::PackageId package, const syntax::TypeRef& type,
                           llvm::ArrayRef<syntax::Name> variables) {
  return TypeResolver(context, package, variables).resolve(type);
}

namespace {

// Whether generated C++ can have it in one line: no control characters, and nothing of `reserved`.
bool is_written(llvm::StringRef text, llvm::StringRef reserved) {
  return llvm::all_of(text, [reserved](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '\x7F' && !reserved.contains(c);
  });
}

// Why a value of the C++ type does not own what it holds, as far as its name tells.
std::optional<std::string> borrows(llvm::StringRef cpp_name) {
  if (cpp_name.contains('*')) return "it is a pointer, or holds one";
  if (cpp_name.contains('&')) return "it is a reference, or holds one";
  constexpr llvm::StringRef kViews[] = {"string_view",       "wstring_view", "u8string_view",
                                        "basic_string_view", "span",         "reference_wrapper",
                                        "weak_ptr",          "mdspan"};
  // Words behind `std::`, with and without arguments.
  for (std::size_t at = cpp_name.find("std::"); at != llvm::StringRef::npos;) {
    const llvm::StringRef rest = cpp_name.drop_front(at + 5);
    const llvm::StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (llvm::is_contained(kViews, word)) return "`std::" + word.str() + "` only views it";
    at = cpp_name.find("std::", at + 5);
  }
  return std::nullopt;
}

void resolve_extern(Context& context, model::ExternType& type,
                    const syntax::ExternTypeDeclaration& declaration) {
  if (declaration.cpp_name != nullptr) type.cpp_name = declaration.cpp_name->plain_text().str();
  if (declaration.header != nullptr) type.header = declaration.header->plain_text().str();
  type.opaque = find_trait(declaration.traits, "opaque") != nullptr;
  if (declaration.erroneous) return;
  if (type.cpp_name.empty() || type.header.empty()) {
    context.engine.report(Kind::kBadType, type.origin.span,
                          "extern type `" + type.origin.name + "` needs the name of a C++ type and a header");
  } else if (!is_written(type.cpp_name, ";{}\"'\\#") || !is_written(type.header, "<>\"\\")) {
    context.engine.report(
        Kind::kBadType, type.origin.span,
        "extern type `" + type.origin.name + "` has a name or a header that is none of C++");
  } else if (const std::optional<std::string> reason = borrows(type.cpp_name)) {
    context.engine.report(Kind::kBorrowedType, declaration.cpp_name->span, type.origin.name, *reason)
        .note("a slot lives as long as its request, and what it points into may not")
        .help("name a type that owns it; text is `string`, bytes are `bytes`");
  }
}

}  // namespace

void resolve_types(Context& context) {
  model::Program& program = context.program;
  const Declarations& table = context.declarations;
  // In this order: traits and defaults look through scalars and into enums.
  for (std::size_t i = 0; i < program.scalars.size(); ++i) {
    resolve_scalar(context, program.scalars[model::ScalarId(i)], *table.scalars[i]);
  }
  for (std::size_t i = 0; i < program.enums.size(); ++i) {
    resolve_enum(context, program.enums[model::EnumId(i)], *table.enums[i]);
  }
  for (std::size_t i = 0; i < program.externs.size(); ++i) {
    resolve_extern(context, program.externs[model::ExternId(i)], *table.externs[i]);
  }
  for (std::size_t i = 0; i < program.structs.size(); ++i) {
    model::Struct& structure = program.structs[model::StructId(i)];
    structure.fields = resolve_fields(context, structure.origin.package, table.structs[i]->fields);
  }
  resolve_error_types(context);
  for (std::size_t i = 0; i < program.slots.size(); ++i) {
    model::Slot& slot = program.slots[model::SlotId(i)];
    slot.type = value_type(context, slot.origin.package, *table.slots[i]->type);
  }
  check_struct_recursion(context);
  check_messages(context);
}

}  // namespace zc::check
