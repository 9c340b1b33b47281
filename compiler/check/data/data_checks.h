// Data protection: where labelled data leaves the service, and whether something lets it.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/data/labels.h"

#include <cstdint>
#include <set>
#include <tuple>
#include <utility>

namespace zc::check {

// What the flows together say.
struct DataFindings {
  std::set<Span> open_gates;                                 // through which data passed
  std::set<std::pair<std::uint32_t, model::Label>> targets;  // that get such data
  std::set<std::uint32_t> steps;                             // that run in some flow
  std::set<std::tuple<Kind, Span, model::Label>> reported;   // steps are shared by flows
  model::Departures departures;
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
  DataFindings found_;
};

// Gates of the root packages that let nothing pass.
void report_idle_gates(Context& context, const LabelTable& table, const DataFindings& found);

}  // namespace zc::check
