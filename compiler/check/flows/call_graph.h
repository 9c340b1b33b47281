// Who runs whom: chains, flows, and the steps that may need, insert or replace.

#pragma once

#include "compiler/check/flows/flows.h"

#include <cstdint>
#include <set>
#include <utility>

namespace zc::check {

// A chain, flow or step as a node of the graph.
struct Caller {
  enum class Kind : std::uint8_t { kChain, kFlow, kStep };
  Kind kind = Kind::kChain;
  std::uint32_t index = 0;

  friend auto operator<=>(Caller, Caller) = default;
};

// The calls that close a cycle: where expansion stops.
using CutCalls = std::set<std::pair<Caller, Caller>>;

// Reports every cycle, once, and answers the calls that close one.
[[nodiscard]] CutCalls find_recursion(Context& context, const WrittenBodies& bodies);

}  // namespace zc::check
