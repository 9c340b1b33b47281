// Governance: who owns a flow, who may ask it, how it is addressed, and how it goes away.

#pragma once

#include "compiler/check/analyses/flow_checks.h"

namespace zc::check {

// Whether the flow knows who asks before it does anything: see docs/language.md, "Who may ask".
void check_authentication(FlowContext& flow);

// Flows that nobody owns.
void check_owners(Context& context);

// The style of slugs and aliases, and words that no address has.
void check_addresses(Context& context);

// Personal data and secrets in paths and queries, which end up in logs and histories.
void check_url_data(Context& context);

}  // namespace zc::check
