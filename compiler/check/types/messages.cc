#include "compiler/check/types/messages.h"

#include "compiler/check/types/traits.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringSwitch.h>
#include <llvm/Support/FormatVariadic.h>

namespace zc::check {
namespace {

using model::TypeKind;
using model::WireForm;

constexpr std::uint64_t kMostNumber = 536'870'911;
constexpr std::uint64_t kFirstReserved = 19'000;
constexpr std::uint64_t kLastReserved = 19'999;
constexpr std::uint64_t kMostEnumerator = 2'147'483'647;

// A whole number that is written as such.
std::optional<std::uint64_t> written_number(const syntax::Trait& trait, std::size_t index) {
  const auto* literal = trait.arguments.size() > index
                            ? llvm::dyn_cast_or_null<syntax::LiteralExpr>(trait.arguments[index].value)
                            : nullptr;
  if (literal == nullptr || literal->literal != syntax::LiteralKind::kInteger) return std::nullopt;
  return literal->value;
}

std::optional<WireForm> written_form(const syntax::Trait& trait) {
  if (trait.arguments.size() < 2) return WireForm::kPlain;
  const auto* path = llvm::dyn_cast_or_null<syntax::PathExpr>(trait.arguments[1].value);
  if (path == nullptr || !path->is_single_name()) return std::nullopt;
  return llvm::StringSwitch<std::optional<WireForm>>(path->segments.front().text)
      .Case("signed", WireForm::kSigned)
      .Case("fixed", WireForm::kFixed)
      .Case("float", WireForm::kFloat)
      .Default(std::nullopt);
}

// What the type of a field is made of, without the names of scalars: an element where there are many.
model::TypeId inner_type(const Context& context, model::TypeId type) {
  for (;;) {
    const model::Type& outer = context.types[type];
    if (outer.kind == TypeKind::kScalar) {
      type = context.program.scalars[model::ScalarId(outer.declaration)].base;
      if (!type.is_valid()) return type;
    } else if (outer.element.is_valid()) {
      type = outer.element;
    } else {
      return type;
    }
  }
}

bool takes_form(TypeKind kind, WireForm form) {
  const bool is_signed = kind == TypeKind::kI32 || kind == TypeKind::kI64;
  switch (form) {
    case WireForm::kPlain:
      return true;
    case WireForm::kSigned:
      return is_signed;
    case WireForm::kFixed:
      return is_signed || kind == TypeKind::kU32 || kind == TypeKind::kU64;
    case WireForm::kFloat:
      break;
  }
  return kind == TypeKind::kF64;
}

// Why a value of the type cannot be sent; `is_element`: inside a list or a map, where each is there.
std::optional<std::string> fault_of(const Context& context, model::TypeId id, bool is_element) {
  const model::Type& type = context.types[id];
  const auto inside = [&](bool as_element) { return fault_of(context, type.element, as_element); };
  switch (type.kind) {
    case TypeKind::kJson:
      return "it is any value; send its text as a `string`";
    case TypeKind::kExtern:
      return "it is a foreign type";
    case TypeKind::kStream:
      return "a stream is all of a request: of messages, the only parameter, and without a number";
    case TypeKind::kStatement:
    case TypeKind::kUrl:
      return "it is a way to take a string; write `string`";
    case TypeKind::kScalar: {
      const model::TypeId base = context.program.scalars[model::ScalarId(type.declaration)].base;
      return base.is_valid() ? fault_of(context, base, is_element) : std::nullopt;
    }
    case TypeKind::kStruct: {
      const model::Struct& structure = context.program.structs[model::StructId(type.declaration)];
      if (structure.is_message) return std::nullopt;
      return "the fields of `" + structure.origin.name + "` have no numbers; write `@field(1)` before them";
    }
    case TypeKind::kEnum: {
      const model::Enum& enumeration = context.program.enums[model::EnumId(type.declaration)];
      if (enumeration.has_numbers) return std::nullopt;
      return "the values of `" + enumeration.origin.name +
             "` have no numbers; write `@number(0)` before the first";
    }
    case TypeKind::kOptional: {
      if (is_element) return "an element is always there";
      const TypeKind element = context.types.kind(type.element);
      if (element == TypeKind::kList || element == TypeKind::kMap)
        return "there it is empty or not, and never absent; leave the `?` out";
      return inside(false);
    }
    case TypeKind::kList:
    case TypeKind::kMap:
      if (is_element) return "lists and maps do not hold lists and maps; put a struct between them";
      return inside(true);
    default:
      return std::nullopt;
  }
}

// Protocol Buffers leave out zeros, so that no other value can stand for what is left out.
bool is_zero(const model::Constant& constant, TypeKind type) {
  using Kind = model::Constant::Kind;
  switch (constant.kind) {
    case Kind::kNull:
    case Kind::kEmptyList:
    case Kind::kEmptyMap:
      return true;
    case Kind::kBool:
      return !constant.boolean;
    case Kind::kInteger:
    case Kind::kEnumerator:
      return constant.integer == 0;
    case Kind::kFloat:
      return constant.floating == 0;
    case Kind::kString:  // also the spelling of decimals
      return type == TypeKind::kDecimal
                 ? llvm::StringRef(constant.text).find_first_not_of("-0.") == llvm::StringRef::npos
                 : constant.text.empty();
    case Kind::kDuration:
      break;
  }
  return constant.integer == 0;
}

// One part of a message, of a struct or of a call.
struct Part {
  llvm::StringRef noun, name;
  Span span;
  model::TypeId type;
  const model::FieldNumber* number;      // null: none
  const model::Constant* default_value;  // null: none
};

void check_number(Context& context, const Part& part, llvm::DenseMap<std::uint32_t, Span>& numbers) {
  if (part.number == nullptr) return;
  const auto [first, is_new] = numbers.try_emplace(part.number->number, part.number->span);
  if (is_new || part.number->number == kUnknownNumber) return;
  context.engine
      .report(Kind::kDuplicateEntry, part.number->span, "number", std::to_string(part.number->number))
      .secondary(first->second, "first given here");
}

void check_parts(Context& context, llvm::ArrayRef<Part> parts) {
  llvm::DenseMap<std::uint32_t, Span> numbers;
  for (const Part& part : parts) {
    const bool is_stream = context.types.kind(part.type) == TypeKind::kStream;
    if (part.number == nullptr && !is_stream) {
      context.engine.report(Kind::kMissingNumber, part.span, part.noun, part.name)
          .help("write the number that its `.proto` file has: `@field(1)`");
    }
    check_number(context, part, numbers);
    if (const std::optional<std::string> fault = fault_of(context, part.type, false))
      context.engine.report(Kind::kNoProtobufForm, part.span, context.text(part.type), *fault);
    const model::TypeId inner = inner_type(context, part.type);
    const TypeKind kind = inner.is_valid() ? context.types.kind(inner) : TypeKind::kError;
    if (part.default_value != nullptr && !is_zero(*part.default_value, kind))
      context.engine
          .report(Kind::kNoProtobufForm, part.span, part.name,
                  "what is left out there is the zero of its type, and this has another default")
          .help("leave the default out, or make the field optional (`T?`)");
  }
}

void check_struct(Context& context, const model::Struct& structure) {
  std::vector<Part> parts;
  for (const model::Field& field : structure.fields)
    parts.push_back({"field", field.origin.name, field.origin.span, field.type,
                     field.number ? &*field.number : nullptr,
                     field.default_value ? &*field.default_value : nullptr});
  check_parts(context, parts);
}

void check_enum(Context& context, const model::Enum& enumeration) {
  llvm::DenseMap<std::uint32_t, Span> numbers;
  for (const model::Enumerator& value : enumeration.values) {
    if (!value.number) {
      context.engine.report(Kind::kMissingNumber, value.origin.span, "value", value.origin.name)
          .help("write the number that its `.proto` file has: `@number(1)`");
      continue;
    }
    const auto [first, is_new] = numbers.try_emplace(*value.number, value.origin.span);
    if (is_new || *value.number == kUnknownNumber) continue;
    context.engine.report(Kind::kDuplicateEntry, value.origin.span, "number", std::to_string(*value.number))
        .secondary(first->second, "first given here");
  }
  const model::Enumerator& first = enumeration.values.front();
  if (first.number && *first.number != 0 && *first.number != kUnknownNumber)
    context.engine
        .report(Kind::kNoProtobufForm, first.origin.span, enumeration.origin.name,
                "the first value of an enum has the number 0 there")
        .note("it is what is meant when nothing is sent");
}

}  // namespace

std::optional<model::FieldNumber> field_number(Context& context, llvm::ArrayRef<syntax::Trait> traits,
                                               model::TypeId type) {
  const syntax::Trait* trait = find_trait(traits, "field");
  if (trait == nullptr || trait->erroneous) return std::nullopt;
  const std::optional<std::uint64_t> number = written_number(*trait, 0);
  const std::optional<WireForm> form = written_form(*trait);
  const bool is_reserved = number && *number >= kFirstReserved && *number <= kLastReserved;
  if (!number || *number == 0 || *number > kMostNumber || is_reserved || !form ||
      trait->arguments.size() > 2) {
    context.engine
        .report(Kind::kBadTraitArgument, trait->span, "field",
                "a number, and `signed`, `fixed` or `float` behind it")
        .note("numbers are those from 1 to 536870911, but for 19000 to 19999");
    return model::FieldNumber{kUnknownNumber, WireForm::kPlain, trait->span};
  }
  const model::TypeId inner = inner_type(context, type);
  const TypeKind kind = inner.is_valid() ? context.types.kind(inner) : TypeKind::kError;
  if (kind != TypeKind::kError && !takes_form(kind, *form)) {
    const llvm::StringRef wanted = *form == WireForm::kFloat    ? "`f64`"
                                   : *form == WireForm::kSigned ? "`i32` and `i64`"
                                                                : "whole numbers";
    constexpr llvm::StringLiteral kWords[] = {"", "signed", "fixed", "float"};
    const llvm::StringRef word = kWords[static_cast<std::size_t>(*form)];
    context.engine
        .report(Kind::kTraitOnWrongType, trait->span, llvm::formatv("field({0}, {1})", *number, word).str(),
                wanted, context.text(inner))
        .note(
            "`signed` is `sint32` and `sint64`, `fixed` all of fixed size, `float` the shorter real number");
  }
  return model::FieldNumber{static_cast<std::uint32_t>(*number), *form, trait->span};
}

std::optional<std::uint32_t> enumerator_number(Context& context, llvm::ArrayRef<syntax::Trait> traits) {
  const syntax::Trait* trait = find_trait(traits, "number");
  if (trait == nullptr || trait->erroneous) return std::nullopt;
  const std::optional<std::uint64_t> number = written_number(*trait, 0);
  if (number && *number <= kMostEnumerator && trait->arguments.size() == 1)
    return static_cast<std::uint32_t>(*number);
  context.engine.report(Kind::kBadTraitArgument, trait->span, "number", "a number from 0 to 2147483647");
  return kUnknownNumber;
}

void check_messages(Context& context) {
  model::Program& program = context.program;
  for (std::size_t i = 0; i < program.enums.size(); ++i) {
    model::Enum& enumeration = program.enums[model::EnumId(i)];
    enumeration.has_numbers = llvm::any_of(
        enumeration.values, [](const model::Enumerator& value) { return value.number.has_value(); });
    if (enumeration.has_numbers) check_enum(context, enumeration);
  }
  for (std::size_t i = 0; i < program.structs.size(); ++i) {
    model::Struct& structure = program.structs[model::StructId(i)];
    structure.is_message =
        llvm::any_of(structure.fields, [](const model::Field& field) { return field.number.has_value(); });
  }
  for (std::size_t i = 0; i < program.structs.size(); ++i) {
    const model::Struct& structure = program.structs[model::StructId(i)];
    if (structure.is_message) check_struct(context, structure);
  }
  for (std::size_t i = 0; i < program.errors.size(); ++i)
    for (const model::Field& field : program.errors[model::ErrorId(i)].fields)
      if (field.number)
        context.engine.report(Kind::kMisplacedTrait, field.number->span, "field",
                              "fields of structs and parameters of calls over gRPC");
}

bool is_message(const Context& context, model::TypeId type) {
  return context.types.kind(type) == TypeKind::kStruct &&
         context.program.structs[model::StructId(context.types[type].declaration)].is_message;
}

void check_message(Context& context, llvm::ArrayRef<model::OperationParameter> parameters) {
  if (parameters.size() == 1 && !parameters.front().number) {
    const model::TypeId type = parameters.front().type;
    const bool is_stream = context.types.kind(type) == TypeKind::kStream;
    if (is_message(context, is_stream ? context.types[type].element : type)) return;
  }
  std::vector<Part> parts;
  for (const model::OperationParameter& parameter : parameters)
    parts.push_back({"parameter", parameter.name, parameter.span, parameter.type,
                     parameter.number ? &*parameter.number : nullptr, nullptr});
  check_parts(context, parts);
}

}  // namespace zc::check
