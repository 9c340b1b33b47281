#include "compiler/check/durable/durable_checks.h"

#include "compiler/model/effects.h"

#include <string>

namespace zc::check {

using model::StatementKind;
using model::TypeKind;

void DurableChecks::check(FlowContext& flow) {
  const model::JobSettings& job = flow.flow().job;
  if (!job.is_durable) return;
  diagnostics::DiagnosticEngine& engine = flow.context.engine;
  const std::string& name = flow.flow().origin.name;
  if (job.attempts == 1)
    engine.report(Kind::kDurableOnce, job.durable_span, name)
        .help("give it more than one: `attempts 8 backoff 1s..5m;`");
  if (!labels_) labels_.emplace(program_);
  bool has_effects = false;
  model::for_each_statement(flow.flow(), [&](const model::Statement& statement) {
    check_block(flow, statement);
    has_effects = has_effects || statement.kind == StatementKind::kEnqueue;
    if (statement.kind != StatementKind::kStep) return;
    const model::Step& step = program_.steps[statement.step];
    has_effects = has_effects || step.call || step.group;
    check_step(flow, statement);
  });
  if (!has_effects) engine.report(Kind::kDurableNothing, job.durable_span, name).help("leave `durable` out");
}

// What has a way of its own to end when the process does, which the journal does not know.
void DurableChecks::check_block(FlowContext& flow, const model::Statement& statement) const {
  const char* what = nullptr;
  const char* help = nullptr;
  if (statement.kind == StatementKind::kSaga) {
    what = "`saga`";
    help = "let the failures be taken by `rescue`, or let a job without `durable` have the saga";
  } else if (statement.kind == StatementKind::kTx) {
    what = "`tx`";
    help = "write it as one statement, or let a job without `durable` have the transaction";
  } else if (statement.kind == StatementKind::kOnCancel) {
    what = "`on cancel`";
    help = "leave it out: the next attempt goes on where this one has ended";
  } else {
    return;
  }
  if (!flow.reports.is_new(Kind::kDurableBlock, statement.span)) return;
  flow.context.engine.report(Kind::kDurableBlock, statement.span, what, flow.flow().origin.name)
      .secondary(flow.flow().job.durable_span, "the job is durable")
      .help(help);
}

void DurableChecks::check_step(FlowContext& flow, const model::Statement& statement) {
  const model::Step& step = program_.steps[statement.step];
  model::for_each_call(step, [&](const model::EffectCall& call) {
    llvm::SmallDenseSet<std::uint32_t> seen;
    if (const char* what = unwritable(call.result, seen);
        what != nullptr && flow.reports.is_new(Kind::kDurableValue, statement.span))
      flow.context.engine.report(Kind::kDurableValue, statement.span, step.origin.name, what)
          .secondary(flow.flow().job.durable_span, "the job is durable")
          .secondary(call.span, "answers with it");
    bool is_secret = (labels_->labels_of(call.result) & model::kSecret) != 0;
    for (const model::SlotUse& use : step.writes)
      is_secret = is_secret || (labels_->labels_of(use.slot) & model::kSecret) != 0;
    if (is_secret && flow.reports.is_new(Kind::kDurableSecret, statement.span))
      flow.context.engine.report(Kind::kDurableSecret, statement.span, step.origin.name)
          .secondary(flow.flow().job.durable_span, "the job is durable")
          .help("let a step in C++, or an adapter, use the secret where it is needed");
  });
}

// What of the type has no form as JSON; null when all of it has one.
const char* DurableChecks::unwritable(model::TypeId id, llvm::SmallDenseSet<std::uint32_t>& seen) const {
  const model::Type& type = program_.types[id];
  if (type.kind == TypeKind::kStream) return "a stream";
  if (type.kind == TypeKind::kExtern && program_.externs[model::ExternId(type.declaration)].opaque)
    return "an `@opaque` type";
  if (type.kind == TypeKind::kStruct) {
    if (!seen.insert(type.declaration).second) return nullptr;
    for (const model::Field& field : program_.structs[model::StructId(type.declaration)].fields)
      if (const char* what = unwritable(field.type, seen)) return what;
    return nullptr;
  }
  return type.element.is_valid() ? unwritable(type.element, seen) : nullptr;
}

}  // namespace zc::check
