// The routes of a package as decision trees over path segments, one a method.

#pragma once

#include "compiler/model/flow.h"

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::plan {

// How one segment of a path is matched, and how many values that yields.
struct SegmentMatch {
  enum class Kind : std::uint8_t { kLiteral, kParameter, kPattern, kRest };
  Kind kind = Kind::kLiteral;
  std::string literal;  // kLiteral: percent-encoded as a path has it, without the slash
  std::vector<std::string>
      around;  // kPattern: the text before, between and behind its values; one more than values

  [[nodiscard]] std::size_t value_count() const;
  friend bool operator==(const SegmentMatch&, const SegmentMatch&) = default;
};

// What is known after some segments have matched.
struct RouteNode {
  struct Edge {
    SegmentMatch match;
    std::size_t node = 0;  // in RouteTree::nodes
    friend bool operator==(const Edge&, const Edge&) = default;
  };
  std::string pattern;               // of the segments so far, for comments: "/todos/{id}"
  std::size_t values = 0;            // how many they yield
  std::optional<std::size_t> route;  // the path may end here: in the table that the tree was made from
  std::vector<Edge>
      edges;  // tried in this order: literals by name, patterns by the length of their text, parameter, rest
};

// Nodes in the order in which they are first needed; node 0 is the root. With backtracking over `edges` the
// first leaf that matches is the most specific one.
struct RouteTree {
  std::vector<RouteNode> nodes;
  std::size_t depth = 0;  // segments of the longest route
};

struct RouteEntry {
  std::size_t route = 0;
  std::vector<SegmentMatch> segments;
};

// The segments of `route`, and how it looks for people.
[[nodiscard]] std::vector<SegmentMatch> segments_of(const model::Route& route);

// Of routes that match the same requests the first one counts: check reports those that are ambiguous.
[[nodiscard]] RouteTree make_route_tree(const std::vector<RouteEntry>& entries);

// `decoded` as it stands in a path: what RFC 3986 does not allow in a segment becomes percent-encoded.
[[nodiscard]] std::string encode_segment(llvm::StringRef decoded);

}  // namespace zc::plan
