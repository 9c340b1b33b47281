// Longest and shortest paths through a flow's graph, where `parallel` and `each` count as their branches do.

#pragma once

#include "compiler/model/timing/call_time.h"
#include "compiler/model/timing/regions.h"

#include <cstdint>
#include <vector>

namespace zc::model {

enum class PathGoal : std::uint8_t {
  kLongest,   // branches of `parallel` run beside each other, an `each` has as many rounds as it can
  kShortest,  // as kLongest, but of each choice the shorter one; an `each` has no element
  kUndo,      // what has been completed is undone one after the other, whatever ran beside what
};

// A node on a path, as often one after the other as it says.
struct PathStop {
  NodeIndex node = kNoNode;
  std::uint64_t times = 1;
  bool fails = false;  // left by an edge kError
};

struct FoundPath {
  bool exists = false;
  Nanoseconds length = 0;
  std::vector<PathStop> stops;  // the nodes that cost something
};

// What each node costs on its way out. Under kUndo the cost is that of a completed step: none on edges that
// leave the node before its writes happened.
struct PathCosts {
  std::vector<Nanoseconds> of_node;
  std::vector<bool> is_stop;   // listed on a path, even if it costs nothing
  std::vector<bool> waits;     // kUndo: a saga can be cut off here
  std::vector<bool> is_pivot;  // kUndo: behind it there is nothing to undo
};

// To the ends of the flow. kShortest takes no edges of errors.
struct EndPaths {
  FoundPath done, end, failed;
};
[[nodiscard]] EndPaths find_paths(const Cfg& cfg, const Regions& regions, const PathCosts& costs,
                                  PathGoal goal);
// For each of `regions.sagas` the most that there can be to undo when it fails or is cut off; in the order in
// which it was done.
[[nodiscard]] std::vector<FoundPath> find_undo_paths(const Cfg& cfg, const Regions& regions,
                                                     const PathCosts& costs);

}  // namespace zc::model
