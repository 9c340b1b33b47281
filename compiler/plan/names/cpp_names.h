// The C++ name of every declaration of a program.

#pragma once

#include "compiler/model/program.h"
#include "compiler/plan/names/names.h"

#include <llvm/ADT/DenseMap.h>

#include <set>
#include <string>
#include <vector>

namespace zc::plan {

// Names depend on the declaring package only, so that two packages agree on what a third one declares.
class CppNames {
 public:
  explicit CppNames(const model::Program& program);

  [[nodiscard]] const std::string& cpp_namespace(model::PackageId package) const {
    return packages_[package].cpp_namespace;
  }
  [[nodiscard]] const NameScope& scope(model::PackageId package) const { return packages_[package].scope; }

  // What one operation is called in the interface of its adapter.
  struct OperationNames {
    std::string function;   // one
    std::string arguments;  // OneArguments
    std::string constant;   // kOne
  };

  // Unqualified.
  [[nodiscard]] const std::string& name(model::ScalarId id) const { return scalars_[id]; }
  [[nodiscard]] const std::string& name(model::StructId id) const { return structs_[id]; }
  [[nodiscard]] const std::string& name(model::EnumId id) const { return enums_[id]; }
  [[nodiscard]] const std::string& name(model::ErrorId id) const { return errors_[id]; }
  [[nodiscard]] const std::string& name(model::AdapterId id) const { return adapters_[id]; }
  [[nodiscard]] const std::string& name(model::StepId id) const { return steps_[id]; }
  // The struct with the arguments of a target; empty when the adapter has no parameters.
  [[nodiscard]] const std::string& configuration(model::AdapterId id) const { return configurations_[id]; }
  [[nodiscard]] const OperationNames& operation(model::AdapterId id, std::size_t index) const {
    return operations_[id][index];
  }
  // What the interface calls its table of operations.
  [[nodiscard]] const std::string& operation_table(model::AdapterId id) const { return tables_[id]; }
  // Of the member `index` of a struct or error, of an enumerator.
  [[nodiscard]] const std::string& field(model::StructId id, std::size_t index) const {
    return struct_fields_[id][index];
  }
  [[nodiscard]] const std::string& field(model::ErrorId id, std::size_t index) const {
    return error_fields_[id][index];
  }
  [[nodiscard]] const std::string& enumerator(model::EnumId id, std::size_t index) const {
    return enumerators_[id][index];
  }

  // A step or an adapter of `package` as code in the namespace of `from` spells it.
  [[nodiscard]] std::string spelled(model::StepId id, model::PackageId package, model::PackageId from) const {
    return qualified(package, name(id), from);
  }
  [[nodiscard]] std::string spelled(model::AdapterId id, model::PackageId package,
                                    model::PackageId from) const {
    return qualified(package, name(id), from);
  }
  // A type or an error, in any class or function there.
  template <typename Id>
  [[nodiscard]] std::string spelled(Id id, model::PackageId package, model::PackageId from) const {
    return qualified_type(package, name(id), from);
  }
  // A type as code in the namespace of `from` spells it.
  [[nodiscard]] std::string type(model::TypeId type, model::PackageId from) const;

 private:
  void name_operations(const model::Adapter& adapter, const std::string& name);

  struct PackageNames {
    std::string cpp_namespace;
    NameScope scope;
    std::set<std::string> members;  // of classes: fields, slots, operations and their parameters
  };
  [[nodiscard]] std::string qualified(model::PackageId package, const std::string& name,
                                      model::PackageId from) const;
  [[nodiscard]] std::string qualified_type(model::PackageId package, const std::string& name,
                                           model::PackageId from) const;
  const model::Program* program_;
  IdVector<model::PackageId, PackageNames> packages_;
  IdVector<model::ScalarId, std::string> scalars_;
  IdVector<model::StructId, std::string> structs_;
  IdVector<model::EnumId, std::string> enums_;
  IdVector<model::ErrorId, std::string> errors_;
  IdVector<model::AdapterId, std::string> adapters_;
  IdVector<model::AdapterId, std::string> configurations_;
  IdVector<model::AdapterId, std::vector<OperationNames>> operations_;
  IdVector<model::AdapterId, std::string> tables_;
  IdVector<model::StepId, std::string> steps_;
  IdVector<model::StructId, std::vector<std::string>> struct_fields_;
  IdVector<model::ErrorId, std::vector<std::string>> error_fields_;
  IdVector<model::EnumId, std::vector<std::string>> enumerators_;
};

}  // namespace zc::plan
