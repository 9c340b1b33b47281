// What the policies, groups and neighbours of effects allow.

#pragma once

#include "compiler/check/analyses/flow_checks.h"
#include "compiler/check/effects/accesses.h"

namespace zc::check {

// Retries and hedges of writes, keys, and joins, of every step. Needs the steps.
void check_step_effects(Context& context);

// Effects that run side by side in a group and whose order decides.
void check_group_conflicts(Context& context, Accesses& accesses);
// The same for the branches of `parallel` and the elements of `each ... parallel`.
void check_conflicts(FlowContext& flow, Accesses& accesses);
// Slots that one branch reads while another one writes them.
void check_racing_slots(FlowContext& flow, const SlotStates& states);

}  // namespace zc::check
