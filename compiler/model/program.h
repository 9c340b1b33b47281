// The resolved program: tables of everything declared, addressed by typed ids.

#pragma once

#include "compiler/model/departures.h"
#include "compiler/model/flow.h"

#include <string>
#include <vector>

namespace zc::model {

struct Import {
  PackageId package;
  std::string alias;
  Span span;
  bool used = false;
};

struct Package {
  std::string name;  // "todo.v1"
  FileId file;
  std::string path;         // as it was found
  std::string output_path;  // relative to the include root, without extension: "zerver/auth"; stem of the
                            // generated files
  std::string doc;
  std::vector<Import> imports;
  ServiceId service;        // may be none
  std::string schema_path;  // as written; may be empty
  std::string schema;       // the text of that file
  FileId schema_file;       // none without a schema
  Span schema_span;         // where it is named
  bool is_prelude = false;
  bool is_root = false;  // named on the command line: code is generated for it
};

// A value: comparable stage to stage, no pointers into the syntax tree. Declarations stand in source order,
// imported packages before those that import them, the prelude first.
struct Program {
  IdVector<PackageId, Package> packages;
  IdVector<TypeId, Type> types;
  IdVector<ScalarId, Scalar> scalars;
  IdVector<StructId, Struct> structs;
  IdVector<EnumId, Enum> enums;
  IdVector<ExternId, ExternType> externs;
  IdVector<ErrorId, ErrorType> errors;
  IdVector<DomainId, Domain> domains;
  IdVector<AdapterId, Adapter> adapters;
  IdVector<TargetId, Target> targets;
  IdVector<PolicyId, Policy> policies;
  IdVector<SlotId, Slot> slots;
  IdVector<StepId, Step> steps;
  IdVector<ChainId, Chain> chains;
  IdVector<FlowId, Flow> flows;
  IdVector<ServiceId, Service> services;
  Departures departures;  // filled by the checks of data protection
};

}  // namespace zc::model
