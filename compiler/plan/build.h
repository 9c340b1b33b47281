// What the parts of planning share.

#pragma once

#include "compiler/base/source_manager.h"
#include "compiler/model/program.h"
#include "compiler/plan/expressions/expression.h"
#include "compiler/plan/names/cpp_names.h"
#include "compiler/plan/plan.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

#include <string>

namespace zc::plan {

struct Builder {
  Builder(const model::Program& whole, const CppNames& cpp, model::PackageId id)
      : program(whole),
        names(cpp),
        package(id),
        writer(whole, cpp, id, plan.unsupported),
        source_scope(cpp.scope(id)) {}
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  const model::Program& program;
  const CppNames& names;
  model::PackageId package;
  const SourceManager* sources = nullptr;  // may be null
  Plan plan;
  ExpressionWriter writer;

  // Packages whose headers the generated header, or only the source, needs.
  llvm::SetVector<model::PackageId> header_packages, source_packages;
  llvm::SetVector<model::ErrorId> answered;   // errors that a flow ends with
  llvm::SetVector<model::ErrorId> passed_on;  // of these, those that come out of a part of a flow
  llvm::DenseMap<model::ErrorId, std::string> error_constants;
  llvm::SetVector<model::TargetId> targets;               // systems that a flow calls
  llvm::SmallVector<Span> rates;                          // where those of `Plan::rates` are written
  llvm::DenseMap<model::StepId, std::size_t> saga_steps;  // position in Plan::saga_steps
  llvm::SetVector<model::StepId> placed;                  // those of `Plan::step_places`
  llvm::SmallVector<model::FlowId> jobs;                  // those of `Plan::jobs`
  NameScope source_scope;  // of the source file, where the names of the package are seen

  // "todo.v1.admit"
  [[nodiscard]] std::string flow_name(const model::Origin& origin) const {
    return program.packages[origin.package].name + "." + origin.name;
  }
  // `name`, with its package in front when that is another one: as a `.flow` file writes it.
  [[nodiscard]] std::string written_name(const model::Origin& origin) const;
  // `{"todo.flow", 12}`: where it is declared.
  [[nodiscard]] std::string place(const model::Origin& origin) const;
  // Messages at run time say where the step is declared.
  void note_place(model::StepId step);
  [[nodiscard]] bool is_own(const model::Origin& origin) const { return origin.package == package; }
  void unsupported(Span span, std::string what) { plan.unsupported.push_back({span, std::move(what)}); }
  // Notes which packages the spelling of `type` needs.
  void require(model::TypeId type, llvm::SetVector<model::PackageId>& packages) const;
};

[[nodiscard]] Lines lines_of(llvm::StringRef doc);
// "zerver::Duration::from_milliseconds(50)"
[[nodiscard]] std::string duration(model::Nanoseconds span);

// Conditions under which the C++ expression `value` of type `type` breaks a trait, and what is said then.
[[nodiscard]] std::vector<CheckPlan> violations(Builder& builder, const model::Traits& traits,
                                                model::TypeId type, const std::string& value,
                                                const std::string& name);

// A field of a message, of that type, in the C++ member `name`.
[[nodiscard]] MessageFieldPlan message_field(const model::Program& program, const model::FieldNumber& number,
                                             model::TypeId type, const std::string& name);
// `arguments`: the struct of them as its package's source names it, `plan`: what is planned of the operation.
[[nodiscard]] RpcPlan rpc_plan(Builder& builder, const model::Adapter& adapter,
                               const model::Operation& operation, const std::string& arguments,
                               const OperationPlan& plan);
// What the generated interface calls the table of its calls over gRPC; empty when there are none.
[[nodiscard]] std::string rpc_table(const model::Adapter& adapter);

// Enumerators of FaultKind: "zerver::FaultKind::kMissing".
[[nodiscard]] std::vector<std::string> kind_names(model::Kinds kinds);

void plan_types(Builder& builder);
void plan_adapters(Builder& builder);
void plan_steps(Builder& builder);
void plan_flows(Builder& builder);
void plan_outcomes(Builder& builder);
void plan_targets(Builder& builder);
// Behind flows and targets.
void plan_jobs(Builder& builder);
void plan_errors(Builder& builder);
void plan_routes(Builder& builder);

// The plan of a job that the package has or enqueues; made when it is not there yet.
JobPlan& job_plan(Builder& builder, model::FlowId job);

// The slots of a step as its view names them, in the order of reads, then writes.
[[nodiscard]] std::vector<AccessPlan> accesses_of(const Builder& builder, const model::Step& step);
// The decisions of a C++ step besides going on. The order is that of `fails`, done, needs, inserts, replaces.
[[nodiscard]] std::vector<DecisionPlan> decisions_of(const Builder& builder, const model::Step& step);

}  // namespace zc::plan
