#include "compiler/emit/emit.h"

#include "compiler/emit/alerts/emit_alerts.h"
#include "compiler/emit/data.h"
#include "compiler/emit/dataflow/emit_dataflow.h"
#include "compiler/emit/json/emit_json.h"
#include "compiler/emit/layout.h"
#include "compiler/emit/pictures/emit_dot.h"
#include "compiler/emit/pictures/emit_svg.h"
#include "compiler/emit/proto/emit_proto.h"
#include "compiler/plan/make_plan.h"
#include "compiler/plan/names/cpp_names.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::emit {
namespace {

// Reports what the plan could not express; false when that leaves no program.
bool report_unsupported(const plan::Plan& plan, diagnostics::DiagnosticEngine& diagnostics) {
  bool is_complete = true;
  for (const plan::Unsupported& each : plan.unsupported) {
    if (each.is_hint) {
      diagnostics.report(diagnostics::Kind::kNoEffectYet, each.span, each.what);
    } else {
      diagnostics.report(diagnostics::Kind::kNotGeneratedYet, each.span, each.what);
      is_complete = false;
    }
  }
  return is_complete;
}

llvm::Error render(const Templates& templates, llvm::StringRef name, const Data& data, std::string path,
                   std::vector<OutputFile>& files) {
  llvm::Expected<std::string> text = templates.render(name, data);
  if (!text) return text.takeError();
  files.push_back({std::move(path), layout_cpp(*text)});
  return llvm::Error::success();
}

Data main_data(const model::Program& program, const std::string& adapters) {
  std::vector<std::string> names, headers, packages;
  for (const model::Package& package : program.packages) {
    if (!package.is_root) continue;
    names.push_back("package " + package.name);
    headers.push_back(package.output_path + ".flow.h");
    packages.push_back("&" + plan::cpp_namespace(package.name) + "::package()");
  }
  llvm::sort(headers);
  return object({{"description", llvm::join(names, ", ")},
                 {"headers", list(headers)},
                 {"adapters", when_set(adapters)},
                 {"count", std::to_string(packages.size())},
                 {"packages", braced(packages)}});
}

// Where there are several, the package tells them apart.
void add_proto(const model::Program& program, model::PackageId id, std::vector<OutputFile>& files) {
  std::vector<ProtoFile> written = emit_proto(program, id);
  const bool is_alone = written.size() == 1;
  for (ProtoFile& file : written)
    files.push_back({program.packages[id].output_path +
                         (is_alone || file.package.empty() ? "" : "." + file.package) + ".proto",
                     std::move(file.text)});
}

llvm::Error emit_package(const model::Program& program, model::PackageId id, const Products& products,
                         const Templates& templates, diagnostics::DiagnosticEngine& diagnostics,
                         std::vector<OutputFile>& files) {
  const std::string stem = program.packages[id].output_path + ".flow";
  if (products.dot) {
    files.push_back({stem + ".dot", emit_flow_dot(program, id)});
    files.push_back({program.packages[id].output_path + ".slots.dot", emit_slot_dot(program, id)});
  }
  if (products.svg) files.push_back({stem + ".svg", emit_flow_svg(program, id)});
  if (products.json) files.push_back({stem + ".json", emit_json(program, id)});
  if (products.dataflow) {
    DataflowReport report = emit_dataflow(program, id);
    files.push_back({program.packages[id].output_path + ".dataflow.md", std::move(report.markdown)});
    files.push_back({program.packages[id].output_path + ".dataflow.json", std::move(report.json)});
  }
  if (products.alerts)
    if (std::string alerts = emit_alerts(program, id); !alerts.empty())
      files.push_back({program.packages[id].output_path + ".alerts.yml", std::move(alerts)});
  if (products.proto) add_proto(program, id, files);
  if (!products.cpp) return llvm::Error::success();
  const plan::Plan plan = plan::make_plan(program, id, &diagnostics.sources());
  if (!report_unsupported(plan, diagnostics)) return llvm::Error::success();
  if (llvm::Error error = render(templates, "cpp/header", header_data(plan), stem + ".h", files))
    return error;
  return render(templates, "cpp/source", source_data(plan), stem + ".cc", files);
}

}  // namespace

llvm::Expected<std::vector<OutputFile>> emit(const model::Program& program, const Products& products,
                                             const Templates& templates,
                                             diagnostics::DiagnosticEngine& diagnostics) {
  std::vector<OutputFile> files;
  for (std::size_t i = 0; i < program.packages.size(); ++i) {
    const model::PackageId id(i);
    if (!program.packages[id].is_root) continue;
    if (llvm::Error error = emit_package(program, id, products, templates, diagnostics, files)) return error;
  }
  if (products.main)
    if (llvm::Error error =
            render(templates, "cpp/main", main_data(program, products.adapters), "zerver_main.cc", files))
      return error;
  if (diagnostics.has_errors()) files.clear();
  llvm::sort(files, [](const OutputFile& left, const OutputFile& right) { return left.path < right.path; });
  return files;
}

}  // namespace zc::emit
