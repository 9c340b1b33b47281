// Durable jobs: the places whose effects are written down, by the names of their steps.

#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <string>

namespace zc::plan {
namespace {

constexpr std::size_t kMostLoops = 8;  // DurablePlace::kMostLoops

}  // namespace

void FlowBuilder::keep(const std::string& name, const model::FormerName* was, Operation& operation) {
  if (!is_durable()) return;
  if (loops_.size() > kMostLoops)
    builder_.unsupported(flow_.job.durable_span, "a durable job with more than 8 loops inside each other");
  std::vector<DurableSitePlan>& sites = plan_.durable_sites;
  DurableUsePlan& use = operation.durable.emplace();
  use.place = "zerver::flow::DurablePlace(" + std::to_string(sites.size());
  for (const std::string& index : loops_)
    use.place += ", " + index;
  use.place += ")";
  use.goes_on = llvm::any_of(operation.outcomes, [](const OutcomePlan& each) { return !each.may_fail; });
  use.unkept = guarded(break_off("kept.error()", false));
  const auto times = llvm::count_if(sites, [&](const DurableSitePlan& each) {
    return llvm::StringRef(each.name).split('#').first == name;
  });
  const std::string number = times == 0 ? "" : "#" + std::to_string(times + 1);
  sites.push_back({name + number, was == nullptr ? "" : was->name + number, loops_.size()});
  uses_journal_ = true;
}

std::string FlowBuilder::take_failures(std::size_t first) {
  const std::size_t end = plan_.durable_sites.size();
  if (!is_durable() || first == end) return "";
  std::vector<std::string> place = {std::to_string(first)};
  llvm::append_range(place, loops_);
  uses_journal_ = true;
  return "durable.take_failures(zerver::flow::DurablePlace(" + llvm::join(place, ", ") + "), " +
         std::to_string(end) + ");";
}

}  // namespace zc::plan
