// The sagas of a flow as text.

#include "compiler/model/effects.h"
#include "compiler/model/sagas/compensations.h"

#include <algorithm>
#include <string>
#include <vector>

namespace zc::model {

namespace {

class SagaDumper {
 public:
  SagaDumper(const Program& program, const Cfg& cfg, llvm::raw_ostream& out)
      : program_(program), cfg_(cfg), out_(out) {}

  void dump(const Saga& saga) {
    const Origin& flow = program_.flows[cfg_.flow].origin;
    out_ << "saga of flow " << program_.packages[flow.package].name << '.' << flow.name << '\n';
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
      const SagaStep& step = saga.steps[i];
      out_ << "  " << label(saga, i) << ": " << role(step);
      if (step.pivot != kNoIndex) out_ << ", behind pivot " << label(saga, step.pivot);
      out_ << '\n';
    }
    const Compensations compensations(program_, cfg_, saga);
    for (std::uint32_t i = 0; i < saga.steps.size(); ++i) {
      if (!saga.steps[i].can_end()) continue;
      out_ << "  when it ends at " << label(saga, i) << " (" << reasons(saga.steps[i]) << "): ";
      print(saga, compensations.at(i));
      out_ << '\n';
    }
    print_crashes(saga);
  }

 private:
  [[nodiscard]] std::string label(const Saga& saga, std::size_t step) const {
    return std::to_string(step + 1) + " " + program_.steps[saga.steps[step].step].origin.name;
  }

  [[nodiscard]] std::string role(const SagaStep& step) const {
    const Step& declared = program_.steps[step.step];
    if (declared.pivot) return "pivot";
    if (!step.writes) return step.waits ? "reads" : "computes";
    if (declared.undo) return "writes, undone by " + call_name(program_, *declared.undo);
    return "writes";
  }

  // What the recovery makes of a saga that its process has left behind a pivot with steps behind that.
  void print_crashes(const Saga& saga) {
    for (std::uint32_t pivot = 0; pivot < saga.steps.size(); ++pivot) {
      std::string behind;
      for (std::size_t i = 0; i < saga.steps.size(); ++i)
        if (saga.steps[i].pivot == pivot && saga.steps[i].writes)
          behind += (behind.empty() ? "" : ", ") + label(saga, i);
      if (behind.empty()) continue;
      out_ << "  when the process dies behind pivot " << label(saga, pivot) << ": nothing is undone; "
           << behind << ": once more if it had begun and may be repeated, else an operator ends the saga\n";
    }
  }

  [[nodiscard]] std::string reasons(const SagaStep& step) const {
    std::string text;
    for (const ErrorId error : step.leaving)
      text += (text.empty() ? "" : ", ") + program_.errors[error].origin.name;
    if (step.waits) text += text.empty() ? "cancelled" : ", cancelled";
    return text;
  }

  void print(const Saga& saga, const std::vector<Compensation>& undos) {
    if (undos.empty()) {
      out_ << "nothing to undo";
      return;
    }
    const char* separator = "undo ";
    for (std::size_t i = 0; i < std::min(undos.size(), kMostUndos); ++i) {
      const Compensation& undo = undos[i];
      out_ << separator << label(saga, undo.step);
      if (undo.is_repeated) {
        out_ << " for each that has completed";
      } else if (!undo.is_certain) {
        out_ << " if it has completed";
      }
      separator = ", then ";
    }
    if (undos.size() > kMostUndos) out_ << ", then " << undos.size() - kMostUndos << " before them";
  }

  static constexpr std::size_t kMostUndos = 50;  // in one line

  const Program& program_;
  const Cfg& cfg_;
  llvm::raw_ostream& out_;
};

}  // namespace

void dump_sagas(const Program& program, FlowId flow, llvm::raw_ostream& out) {
  const Cfg cfg = build_cfg(program, flow);
  SagaDumper dumper(program, cfg, out);
  for (const Saga& saga : find_sagas(program, cfg))
    dumper.dump(saga);
}

}  // namespace zc::model
