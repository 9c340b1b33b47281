#include "compiler/plan/names/cpp_names.h"

#include "compiler/plan/names/reserved.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSwitch.h>

#include <algorithm>

namespace zc::plan {
namespace {

// What generated classes and the source bring into scope besides the package's names.
bool is_generated_name(llvm::StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases("Adapter", "Answer", "Error", "Kind", "Reply", "Slots", "StepView", "Value", true)
      .Default(false);
}

std::vector<std::string> field_names(const std::string& type, const std::vector<model::Field>& fields) {
  NameScope scope({type});
  std::vector<std::string> result;
  result.reserve(fields.size());
  for (const model::Field& field : fields)
    result.push_back(scope.claim(field.origin.name));
  return result;
}

}  // namespace

CppNames::CppNames(const model::Program& program) : program_(&program) {
  for (const model::Package& package : program.packages)
    packages_.push_back({zc::plan::cpp_namespace(package.name), NameScope(reserved_in_package()), {}});

  const auto claim = [&](const model::Origin& origin, llvm::StringRef wanted) {
    return packages_[origin.package].scope.claim(wanted);
  };
  for (const model::Scalar& each : program.scalars)
    scalars_.push_back(claim(each.origin, each.origin.name));
  for (const model::Enum& each : program.enums) {
    enums_.push_back(claim(each.origin, each.origin.name));
    NameScope scope;
    std::vector<std::string> values;
    for (const model::Enumerator& value : each.values)
      values.push_back(scope.claim(constant(value.origin.name)));
    enumerators_.push_back(std::move(values));
  }
  for (const model::Struct& each : program.structs) {
    const std::string name = claim(each.origin, each.origin.name);
    struct_fields_.push_back(field_names(name, each.fields));
    structs_.push_back(name);
  }
  for (const model::ErrorType& each : program.errors) {
    const std::string name = claim(each.origin, each.origin.name);
    error_fields_.push_back(field_names(name, each.fields));
    errors_.push_back(name);
  }
  for (const model::Adapter& each : program.adapters) {
    const std::string name = claim(each.origin, upper_camel(each.origin.name) + "Adapter");
    adapters_.push_back(name);
    configurations_.push_back(each.parameters.empty()
                                  ? std::string()
                                  : claim(each.origin, upper_camel(each.origin.name) + "Config"));
    name_operations(each, name);
  }
  for (const model::Step& each : program.steps) {
    // A step may be called like a struct or like a codec function; its namespace may not.
    steps_.push_back(claim(each.origin, each.origin.name));
  }

  const auto note_members = [&](model::PackageId package, const auto& members, const auto& name_of) {
    for (const auto& member : members)
      packages_[package].members.insert(identifier(name_of(member)));
  };
  const auto origin_name = [](const auto& member) { return llvm::StringRef(member.origin.name); };
  const auto own_name = [](const auto& member) { return llvm::StringRef(member.name); };
  for (const model::Struct& each : program.structs)
    note_members(each.origin.package, each.fields, origin_name);
  for (const model::ErrorType& each : program.errors)
    note_members(each.origin.package, each.fields, origin_name);
  for (const model::Slot& each : program.slots)
    packages_[each.origin.package].members.insert(identifier(each.origin.name));
  for (const model::Adapter& each : program.adapters) {
    note_members(each.origin.package, each.parameters, own_name);
    note_members(each.origin.package, each.operations, origin_name);
    for (const model::Operation& operation : each.operations)
      note_members(each.origin.package, operation.parameters, own_name);
  }
}

void CppNames::name_operations(const model::Adapter& adapter, const std::string& name) {
  NameScope scope({"start", "cancel", "let_go", "roll_back", "joins", "operation", "kRpcs", name});
  std::vector<OperationNames> names;
  for (const model::Operation& operation : adapter.operations) {
    const std::string& own = operation.origin.name;
    names.push_back(
        {scope.claim(own), scope.claim(upper_camel(own) + "Arguments"), scope.claim(constant(own))});
  }
  operations_.push_back(std::move(names));
  tables_.push_back(scope.claim("kOperations"));
}

std::string CppNames::qualified(model::PackageId package, const std::string& name,
                                model::PackageId from) const {
  if (package == from) return name;
  const std::string& space = packages_[package].cpp_namespace;
  llvm::SmallVector<llvm::StringRef> own;
  llvm::StringRef(packages_[from].cpp_namespace).split(own, "::");
  const llvm::StringRef first = llvm::StringRef(space).split("::").first;
  const bool is_hidden = packages_[from].scope.is_taken(first.str()) && first != "zerver";
  const bool is_nested = std::find(own.begin() + 1, own.end(), first) != own.end();
  return (is_hidden || is_nested ? "::" : "") + space + "::" + name;
}

std::string CppNames::qualified_type(model::PackageId package, const std::string& name,
                                     model::PackageId from) const {
  if (package != from) return qualified(package, name, from);
  // Parameters and variables begin with a lower-case letter, as members of generated classes do.
  const PackageNames& own = packages_[package];
  const bool may_be_hidden =
      llvm::isLower(name.front()) || is_generated_name(name) || own.members.contains(name);
  return may_be_hidden ? "::" + own.cpp_namespace + "::" + name : name;
}

std::string CppNames::type(model::TypeId id, model::PackageId from) const {
  using Kind = model::TypeKind;
  const model::Type& type = program_->types[id];
  switch (type.kind) {
    case Kind::kBool:
      return "bool";
    case Kind::kI32:
      return "std::int32_t";
    case Kind::kI64:
      return "std::int64_t";
    case Kind::kU32:
      return "std::uint32_t";
    case Kind::kU64:
      return "std::uint64_t";
    case Kind::kF64:
      return "double";
    case Kind::kDecimal:
      return "zerver::Decimal";
    case Kind::kUrl:
    case Kind::kString:
      return "zerver::String";
    case Kind::kBytes:
      return "zerver::Bytes";
    case Kind::kUuid:
      return "zerver::Uuid";
    case Kind::kTimestamp:
      return "zerver::Timestamp";
    case Kind::kDuration:
      return "zerver::Duration";
    case Kind::kJson:
    case Kind::kVariable:
    case Kind::kObject:
      return "zerver::Json";
    case Kind::kStatement:
      return "zerver::flow::Statement";
    case Kind::kScalar: {
      const model::ScalarId scalar(type.declaration);
      return spelled(scalar, program_->scalars[scalar].origin.package, from);
    }
    case Kind::kStruct: {
      const model::StructId structure(type.declaration);
      return spelled(structure, program_->structs[structure].origin.package, from);
    }
    case Kind::kEnum: {
      const model::EnumId enumeration(type.declaration);
      return spelled(enumeration, program_->enums[enumeration].origin.package, from);
    }
    case Kind::kExtern:
      return program_->externs[model::ExternId(type.declaration)].cpp_name;
    case Kind::kOptional:
      return "std::optional<" + this->type(type.element, from) + ">";
    case Kind::kList:
      return "zerver::List<" + this->type(type.element, from) + ">";
    case Kind::kMap:
      return "zerver::Map<" + this->type(type.element, from) + ">";
    case Kind::kStream:
      return "zerver::flow::Stream<" + this->type(type.element, from) + ">";
    case Kind::kVoid:
    case Kind::kNull:
    case Kind::kError:
      return "void";
  }
  return "void";
}

}  // namespace zc::plan
