// Worst cases and timeouts against deadlines.

#include "compiler/check/time/time_checks.h"
#include "compiler/model/dump/dump_expression.h"
#include "compiler/model/effects.h"
#include "compiler/model/timing/regions.h"
#include "compiler/model/timing/text.h"

#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <string>

namespace zc::check {

namespace {

using model::duration_text;
using model::Nanoseconds;

constexpr std::size_t kMaxRows = 20;   // of a table in a message
constexpr std::size_t kMaxLabels = 3;  // at the calls that take longest

// The shortest duration of two digits that is not below `time`, as it is written in a file.
std::string round_up(Nanoseconds time) {
  for (const Nanoseconds unit : {Nanoseconds{1'000'000}, Nanoseconds{1'000}, Nanoseconds{1}}) {
    if (time < unit) continue;
    Nanoseconds count = time / unit + (time % unit == 0 ? 0 : 1);
    Nanoseconds step = 1;
    while (count / step >= 100)
      step *= 10;
    count = (count / step + (count % step == 0 ? 0 : 1)) * step;
    std::string text;
    llvm::raw_string_ostream out(text);
    model::dump_duration(model::multiply_time(count, unit), out);
    return text;
  }
  return "0s";
}

bool is_of_service(const FlowContext& flow) {
  const model::ServiceId service = flow.context.program.packages[flow.flow().origin.package].service;
  return service.is_valid() &&
         flow.context.program.services[service].deadline_span == flow.flow().deadline_span;
}

void add_labels(diagnostics::Diagnostic& diagnostic, const std::vector<model::TimedCall>& path) {
  std::vector<const model::TimedCall*> longest;
  for (const model::TimedCall& call : path)
    longest.push_back(&call);
  std::sort(longest.begin(), longest.end(), [](const auto* left, const auto* right) {
    return left->total() != right->total() ? left->total() > right->total() : left < right;
  });
  std::vector<Span> labelled;
  for (const model::TimedCall* call : longest) {
    if (labelled.size() == kMaxLabels) return;
    if (std::find(labelled.begin(), labelled.end(), call->call->span) != labelled.end()) continue;
    labelled.push_back(call->call->span);
    diagnostic.secondary(call->call->span, "waits up to " + duration_text(call->total()));
  }
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

void check_deadline(FlowContext& flow) {
  const model::Flow& checked = flow.flow();
  if (!checked.deadline) return;
  const model::Program& program = flow.context.program;
  const model::FlowTiming timing = model::compute_timing(program, flow.cfg);
  if (timing.worst <= *checked.deadline) return;
  const bool is_default = is_of_service(flow);
  const Span place = is_default ? checked.origin.span : checked.deadline_span;
  auto& diagnostic =
      flow.context.engine.report(Kind::kDeadlineExceeded, place, checked.origin.name,
                                 duration_text(timing.worst) + (timing.is_bounded() ? "" : " and longer"),
                                 duration_text(*checked.deadline));
  const std::string missing = duration_text(timing.worst - *checked.deadline) + " too short";
  if (is_default) {
    diagnostic.secondary(checked.deadline_span, "the deadline of flows that have none, " + missing);
  } else {
    diagnostic.label(missing);
  }
  add_labels(diagnostic, timing.path);
  const model::CallTable table(program, checked.origin.package);
  diagnostic.note("the longest path:\n" + joined(table.lines(timing.path, kMaxRows)));
  if (!timing.unbounded.empty()) {
    const model::TimedCall& call = timing.unbounded.front();
    diagnostic.note("`" + model::effect_text(program, checked.origin.package, call) + "` of step `" +
                    model::name_text(program, checked.origin.package, program.steps[call.step].origin) +
                    "` has no timeout and is not counted");
  }
  for (const model::SagaTiming& saga : timing.sagas) {
    diagnostic.note("undoing the saga runs outside of the deadline:\n" +
                    joined(table.lines(saga.undos, kMaxRows)));
  }
  if (timing.worst != model::kForever) {
    const std::string enough = round_up(timing.worst);
    diagnostic.fix("raise the deadline to `" + enough + "`", checked.deadline_span, enough);
  }
  diagnostic.help("shorten timeouts, retry less often, or run effects side by side with `parallel`");
}

void LongTimeouts::collect(const FlowContext& flow) {
  if (!flow.flow().deadline) return;
  const llvm::BitVector reached = model::reached_in_time(flow.cfg);
  for (const model::NodeIndex index : flow.cfg.order) {
    const model::Node& node = flow.cfg.nodes[index];
    if (node.kind != model::NodeKind::kStep || !reached[index]) continue;
    const model::Step& step = flow.context.program.steps[flow.cfg.statements[node.statement]->step];
    model::for_each_call(step, [&](const model::EffectCall& call) { collect(flow, call); });
  }
}

void LongTimeouts::collect(const FlowContext& flow, const model::EffectCall& call) {
  const model::PolicySettings& settings = call.settings;
  if (!settings.timeout || *settings.timeout <= *flow.flow().deadline) return;
  if (flow.context.program.targets[call.target].builtin) return;
  Entry& entry = entries_[settings.timeout_span];
  entry.timeout = *settings.timeout;
  if (entry.flows.empty() || entry.flows.back() != flow.id) entry.flows.push_back(flow.id);
}

void LongTimeouts::report(Context& context) const {
  for (const auto& [place, entry] : entries_) {
    const model::Flow& first = context.program.flows[entry.flows.front()];
    auto& diagnostic = context.engine.report(Kind::kTimeoutOverDeadline, place, duration_text(entry.timeout),
                                             first.origin.name, duration_text(*first.deadline));
    for (std::size_t i = 0; i < std::min(entry.flows.size(), kMaxLabels); ++i) {
      const model::Flow& flow = context.program.flows[entry.flows[i]];
      diagnostic.secondary(flow.deadline_span, "the deadline of flow `" + flow.origin.name + "`");
    }
    if (entry.flows.size() > kMaxLabels)
      diagnostic.note("so it is for " + std::to_string(entry.flows.size() - kMaxLabels) + " more flows");
    diagnostic.note("the deadline cuts the call off before its timeout does");
  }
}

}  // namespace zc::check
