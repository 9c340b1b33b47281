// Runs the checks on a generated file.

#include "tests/oracle/compiler.h"

#include "compiler/base/source_manager.h"
#include "compiler/check/check.h"
#include "compiler/model/timing/timing.h"
#include "compiler/syntax/parse.h"

#include <llvm/Support/Error.h>
#include <llvm/Support/MemoryBuffer.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace oracle {

namespace {

using zc::diagnostics::Family;
using zc::diagnostics::Kind;
using zc::diagnostics::Severity;

std::optional<Fault> fault_of(Kind kind) {
  switch (kind) {
    case Kind::kReadBeforeWrite:
    case Kind::kMaybeUnset:
    case Kind::kOptionalReadAsRequired:
    case Kind::kMissingAfterAlternative:
      return Fault::kRead;
    case Kind::kDoubleWrite:
      return Fault::kDoubleWrite;
    case Kind::kNeverWritten:
      return Fault::kNeverWritten;
    case Kind::kUnreachable:
      return Fault::kUnreachable;
    case Kind::kNoResponse:
      return Fault::kNoResponse;
    case Kind::kRescueNever:
    case Kind::kHandledTwice:
    case Kind::kHandlerNever:
      return Fault::kHandlerNever;
    case Kind::kRacingSlot:
      return Fault::kRace;
    default:
      return std::nullopt;
  }
}

// Families that the flows are wrong in by chance, and that the oracle knows nothing about.
bool is_ignored(Family family) {
  return family == Family::kEffects || family == Family::kSagas || family == Family::kData ||
         family == Family::kGovernance || family == Family::kTime;
}

// A slot is the first name in backticks of a message.
std::string subject_of(const std::string& message, Fault fault) {
  if (fault == Fault::kUnreachable || fault == Fault::kNoResponse || fault == Fault::kHandlerNever) return "";
  const std::string rest = message.substr(message.find('`') + 1);
  return rest.substr(0, rest.find('`'));
}

void collect_findings(const zc::diagnostics::Report& report, const zc::SourceManager& sources,
                      const Printed& printed, Compiled& result) {
  for (const zc::diagnostics::Diagnostic& diagnostic : report.diagnostics) {
    const zc::diagnostics::KindInfo& info = zc::diagnostics::info(diagnostic.kind);
    const std::size_t line = sources.begin_of(diagnostic.span).line;
    const std::optional<Fault> fault = fault_of(diagnostic.kind);
    const int flow = line < printed.flow_of_line.size() ? printed.flow_of_line[line] : kNone;
    if (fault) {
      result.verdict.findings.insert({*fault, flow, subject_of(diagnostic.message, *fault)});
    } else if (info.severity == Severity::kError && !is_ignored(info.family)) {
      result.unexpected.push_back("line " + std::to_string(line) + ": " + info.code.str() + ": " +
                                  diagnostic.message);
    }
  }
}

void collect_flows(const zc::model::Program& program, const Program& generated, Compiled& result) {
  result.verdict.flows.resize(generated.flows.size());
  for (std::size_t i = 0; i < program.flows.size(); ++i) {
    const zc::model::FlowId id(i);
    const zc::model::Flow& flow = program.flows[id];
    const auto known = std::find_if(generated.flows.begin(), generated.flows.end(),
                                    [&](const Flow& other) { return other.name == flow.origin.name; });
    if (known == generated.flows.end()) continue;
    FlowVerdict& verdict = result.verdict.flows[static_cast<std::size_t>(known - generated.flows.begin())];
    const zc::model::FlowTiming timing = zc::model::compute_timing(program, id);
    verdict.worst = timing.is_bounded() ? timing.worst : kUnbounded;
    for (const zc::model::ErrorId error : flow.errors)
      verdict.errors.insert(program.errors[error].origin.name);
    for (const zc::model::SlotId slot : flow.maybe_slots)
      verdict.maybe_slots.insert(program.slots[slot].origin.name);
  }
}

}  // namespace

Compiled compile(const Program& program, const Printed& printed, const std::string& prelude) {
  constexpr std::size_t kNoLimit = 1'000'000;
  zc::SourceManager sources;
  zc::diagnostics::DiagnosticEngine engine(sources, {}, kNoLimit);
  std::vector<zc::check::LoadedFile> files(2);
  files[0].path = "zerver.flow";
  files[0].is_prelude = true;
  files[0].tree = zc::syntax::parse(sources, llvm::cantFail(sources.load(prelude)), engine);
  files[1].path = "oracle.flow";
  files[1].is_root = true;
  files[1].tree =
      zc::syntax::parse(sources, llvm::cantFail(sources.add("oracle.flow", printed.text)), engine);
  const zc::model::Program checked = zc::check::check(files, engine);
  Compiled result;
  collect_findings(engine.finish(), sources, printed, result);
  collect_flows(checked, program, result);
  return result;
}

}  // namespace oracle
