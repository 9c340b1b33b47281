#include "compiler/plan/make_plan.h"

#include "compiler/plan/build.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <string>
#include <utility>
#include <vector>

namespace zc::plan {
namespace {

std::string header_of(const model::Package& package) { return package.output_path + ".flow.h"; }

// Headers of imported packages, and those that `extern type` names.
void plan_includes(Builder& builder) {
  const model::Program& program = builder.program;
  for (const model::Import& import : program.packages[builder.package].imports)
    builder.header_packages.insert(import.package);
  const auto append = [&](const llvm::SetVector<model::PackageId>& packages, std::vector<std::string>& out) {
    for (const model::PackageId id : packages)
      if (id != builder.package) out.push_back("\"" + header_of(program.packages[id]) + "\"");
    llvm::sort(out);
  };
  append(builder.header_packages, builder.plan.header_includes);
  builder.source_packages.set_subtract(builder.header_packages);
  append(builder.source_packages, builder.plan.source_includes);
  for (const model::ExternType& type : program.externs)
    if (builder.is_own(type.origin) &&
        !llvm::is_contained(builder.plan.header_includes, "\"" + type.header + "\""))
      builder.plan.header_includes.push_back("\"" + type.header + "\"");
}

template <typename Table> bool any_deprecated(const Table& table) {
  return llvm::any_of(table, [](const auto& each) { return each.origin.deprecated.has_value(); });
}

template <typename Table> bool any_field_deprecated(const Table& table) {
  return llvm::any_of(table, [](const auto& each) { return any_deprecated(each.fields); });
}

bool has_deprecated(const model::Program& program) {
  return any_deprecated(program.scalars) || any_deprecated(program.enums) ||
         any_deprecated(program.structs) || any_deprecated(program.errors) || any_deprecated(program.slots) ||
         any_deprecated(program.steps) || any_field_deprecated(program.structs) ||
         any_field_deprecated(program.errors);
}

// Those that differ from what a server has by itself, as an initialiser.
std::string limits_of(const model::Program& program, model::ServiceId id) {
  if (!id.is_valid()) return {};
  const model::ServiceLimits usual;
  const model::ServiceLimits& limits = program.services[id].limits;
  std::vector<std::string> parts;
  if (limits.body != usual.body) parts.push_back(".body = " + std::to_string(limits.body));
  if (limits.headers != usual.headers) parts.push_back(".headers = " + std::to_string(limits.headers));
  if (limits.json_depth != usual.json_depth)
    parts.push_back(".json_depth = " + std::to_string(limits.json_depth));
  return parts.empty() ? std::string() : "{" + llvm::join(parts, ", ") + "}";
}

}  // namespace

std::string duration(model::Nanoseconds span) {
  const auto in = [&](const char* unit, model::Nanoseconds size) {
    return "zerver::Duration::from_" + std::string(unit) + "(" + std::to_string(span / size) + ")";
  };
  if (span % 1'000'000'000 == 0) return in("seconds", 1'000'000'000);
  if (span % 1'000'000 == 0) return in("milliseconds", 1'000'000);
  if (span % 1'000 == 0) return in("microseconds", 1'000);
  return "zerver::Duration{" + std::to_string(span) + "}";
}

std::string Builder::place(const model::Origin& origin) const {
  const std::uint32_t line =
      sources != nullptr && origin.span.is_valid() ? sources->begin_of(origin.span).line : 0;
  return "{" + string_literal(program.packages[origin.package].output_path + ".flow") + ", " +
         std::to_string(line) + "}";
}

void Builder::note_place(model::StepId step) {
  if (!placed.insert(step)) return;
  const model::Origin& origin = program.steps[step].origin;
  plan.step_places.push_back("{" + string_literal(written_name(origin)) + ", " + place(origin) + "}");
}

Plan make_plan(const model::Program& program, model::PackageId package, const SourceManager* sources) {
  const CppNames names(program);
  Builder builder(program, names, package);
  builder.sources = sources;
  const model::Package& source = program.packages[package];
  builder.plan.package = source.name;
  builder.plan.path = source.output_path;
  builder.plan.source = llvm::StringRef(source.output_path).rsplit('/').second.empty()
                            ? source.output_path + ".flow"
                            : llvm::StringRef(source.output_path).rsplit('/').second.str() + ".flow";
  builder.plan.cpp_namespace = names.cpp_namespace(package);
  builder.plan.doc = lines_of(source.doc);
  builder.plan.limits = limits_of(program, source.service);
  builder.plan.has_deprecated = has_deprecated(program);
  plan_types(builder);
  plan_adapters(builder);
  plan_steps(builder);
  plan_flows(builder);
  plan_outcomes(builder);
  plan_targets(builder);
  plan_jobs(builder);
  plan_errors(builder);
  plan_routes(builder);
  plan_includes(builder);
  builder.plan.source_names = builder.source_scope.taken();
  return std::move(builder.plan);
}

}  // namespace zc::plan
