// Sagas: whether what is written can be undone, and whether each `undo` and `pivot` means something.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/model/sagas/saga.h"

#include <cstdint>
#include <vector>

namespace zc::check {

// Where the flows use each step, for what an `undo` and a `pivot` are good for.
class SagaUses {
 public:
  enum class Use : std::uint8_t { kNone, kOutside, kBehindPivot, kInSaga };  // the later, the more it means
  struct Entry {
    Use use = Use::kNone;
    Span place;  // the first one of that kind
  };

  explicit SagaUses(const model::Program& program) : entries_(program.steps.size()) {}

  void add(model::StepId step, Use use, Span place) {
    if (use > entries_[step.index()].use) entries_[step.index()] = {use, place};
  }
  [[nodiscard]] const Entry& of(model::StepId step) const { return entries_[step.index()]; }

 private:
  std::vector<Entry> entries_;
};

// Whether what undoes a step writes, and has something to undo. Needs the steps.
void check_undos(Context& context);
// Writes in the sagas of a flow that nothing would undo, and where pivots stand.
void check_sagas(FlowContext& flow, SagaUses& uses);
// Undos and pivots that mean nothing, as no flow uses them in a saga.
void report_useless_undos(Context& context, const SagaUses& uses);

}  // namespace zc::check
