// Puts the parts of a package together.

#include "compiler/emit/json/emit_json.h"

#include "compiler/emit/json/writer.h"

#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/raw_ostream.h>

namespace zc::emit {
namespace {

// Raised when a member changes its meaning or goes; new members do not count.
constexpr int kSchemaVersion = 2;

}  // namespace

llvm::json::Object JsonWriter::write() const {
  const model::Package& package = program_.packages[package_];
  Array imports;
  for (const model::Import& import : package.imports)
    imports.push_back(Object{{"package", program_.packages[import.package].name}, {"alias", import.alias}});
  Array flows;
  for (std::size_t i = 0; i != program_.flows.size(); ++i) {
    const model::FlowId id(i);
    if (program_.flows[id].origin.package == package_) flows.push_back(flow(id));
  }
  Object result{
      {"schema", kSchemaVersion},
      {"package", package.name},
      {"imports", std::move(imports)},
      {"scalars", own(program_.scalars, [&](const model::Scalar& each) { return scalar(each); })},
      {"enums", own(program_.enums, [&](const model::Enum& each) { return enumeration(each); })},
      {"structs", own(program_.structs, [&](const model::Struct& each) { return structure(each); })},
      {"externs", own(program_.externs, [&](const model::ExternType& each) { return foreign(each); })},
      {"errors", own(program_.errors, [&](const model::ErrorType& each) { return error(each); })},
      {"adapters", own(program_.adapters, [&](const model::Adapter& each) { return adapter(each); })},
      {"targets", own(program_.targets, [&](const model::Target& each) { return target(each); })},
      {"policies", own(program_.policies, [&](const model::Policy& each) { return policy(each); })},
      {"slots", own(program_.slots, [&](const model::Slot& each) { return slot(each); })},
      {"steps", own(program_.steps, [&](const model::Step& each) { return step(each); })},
      {"chains", own(program_.chains, [&](const model::Chain& each) { return chain(each); })},
      {"flows", std::move(flows)},
      {"slot_map", slot_map()}};
  if (!package.doc.empty()) result["doc"] = package.doc;
  if (!package.schema_path.empty()) result["sql_schema"] = package.schema_path;
  if (package.service.is_valid()) result["service"] = service(program_.services[package.service]);
  return result;
}

std::string emit_json(const model::Program& program, model::PackageId package) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}",
                                                  llvm::json::Value(JsonWriter(program, package).write()))
                                 << '\n';
  return text;
}

}  // namespace zc::emit
