// Makes each flow whole: chains, called flows and alternatives in place.

#pragma once

#include "compiler/check/flows/call_graph.h"

namespace zc::check {

// Fills `Flow::body` and `Flow::alternatives`. A flow that becomes too large is reported and cut off. What
// is written is freed on the way.
void expand_flows(Context& context, WrittenBodies bodies, const CutCalls& cut);

}  // namespace zc::check
