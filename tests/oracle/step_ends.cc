// Which errors a step raises, from the failures of what it calls and from its `fails`.

#include "tests/oracle/step_ends.h"

#include "tests/oracle/enumerate.h"

#include <cstddef>

namespace oracle {

namespace {

void prelude_errors(unsigned kinds, std::set<int>& errors) {
  for (int kind = 0; kind < 6; ++kind) {
    if ((kinds & (1U << static_cast<unsigned>(kind))) != 0) errors.insert(kind);
  }
}

// An optional member that ends such a group ends it like any other.
bool counts_optional(Join join) { return join == Join::kAny || join == Join::kRace || join == Join::kQuorum; }

unsigned failures_of(const Group& group) {
  unsigned kinds = 0;
  for (const Member& member : group.members) {
    if (!member.optional || counts_optional(group.join))
      kinds |= operations()[static_cast<std::size_t>(member.effect.operation)].fails;
  }
  for (const Group& nested : group.nested)
    kinds |= failures_of(nested);
  return kinds;
}

}  // namespace

std::set<int> errors_of(const Step& step) {
  std::set<int> errors;
  for (const Mapping& mapping : step.mappings)
    errors.insert(mapping.error);
  if (!errors.empty()) return errors;
  if (step.kind == StepKind::kExtract) prelude_errors(kInvalid, errors);
  if (step.kind == StepKind::kGroup) prelude_errors(failures_of(step.group), errors);
  const bool copes = !step.writes.empty() && step.writes.front().optional;
  if (step.kind == StepKind::kEffect && !copes)
    prelude_errors(operations()[static_cast<std::size_t>(step.effect.operation)].fails, errors);
  return errors;
}

Time time_of(const Step& step) {
  if (step.kind == StepKind::kEffect) return worst_of(step.effect);
  return step.kind == StepKind::kGroup ? worst_of(step.group) : 0;
}

bool waits(const Step& step) { return step.kind == StepKind::kEffect || step.kind == StepKind::kGroup; }

}  // namespace oracle
