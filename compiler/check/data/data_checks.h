// Data protection: where labelled data leaves the service, and whether something lets it.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/data/labels.h"

#include <set>
#include <utility>

namespace zc::check {

// What the flows together say about gates: which of them let something pass.
struct GateUses {
  std::set<Span> open;                                       // gates through which data passed
  std::set<std::pair<std::uint32_t, model::Label>> targets;  // that get or give such data
  std::set<std::uint32_t> steps;                             // that run in some flow
};

class DataChecks {
 public:
  // The declarations of the program are complete.
  explicit DataChecks(Context& context) : context_(context), table_(context.program) {}

  // One flow that could be resolved: reports what leaves without a gate, and collects what leaves.
  void check(const FlowContext& flow);
  // Behind all flows: gates that let nothing pass; files the departures.
  void finish();

 private:
  Context& context_;
  LabelTable table_;
  GateUses uses_;
  model::Departures found_;
};

// Gates of the root packages that let nothing pass.
void report_idle_gates(Context& context, const LabelTable& table, const GateUses& uses);

}  // namespace zc::check
