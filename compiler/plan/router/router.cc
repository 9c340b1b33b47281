#include "compiler/plan/router/router.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <utility>

namespace zc::plan {
namespace {

using Kind = SegmentMatch::Kind;

std::size_t text_size(const SegmentMatch& match) {
  std::size_t size = 0;
  for (const std::string& part : match.around)
    size += part.size();
  return size;
}

unsigned rank(Kind kind) {
  switch (kind) {
    case Kind::kLiteral:
      return 0;
    case Kind::kPattern:
      return 1;
    case Kind::kParameter:
      return 2;
    case Kind::kRest:
      return 3;
  }
  return 3;
}

bool is_more_specific(const RouteNode::Edge& left, const RouteNode::Edge& right) {
  if (left.match.kind != right.match.kind) return rank(left.match.kind) < rank(right.match.kind);
  if (left.match.kind == Kind::kLiteral) return left.match.literal < right.match.literal;
  return text_size(left.match) > text_size(right.match);
}

std::string text_of(const SegmentMatch& match) {
  switch (match.kind) {
    case Kind::kLiteral:
      return match.literal;
    case Kind::kParameter:
      return "*";
    case Kind::kRest:
      return "**";
    case Kind::kPattern:
      return llvm::join(match.around, "*");
  }
  return {};
}

}  // namespace

std::size_t SegmentMatch::value_count() const {
  switch (kind) {
    case Kind::kLiteral:
      return 0;
    case Kind::kPattern:
      return around.size() - 1;
    case Kind::kParameter:
    case Kind::kRest:
      return 1;
  }
  return 0;
}

std::string encode_segment(llvm::StringRef decoded) {
  // pchar of RFC 3986, section 3.3, without the percent sign.
  constexpr llvm::StringLiteral kAllowed = "-._~!$&'()*+,;=:@";
  std::string result;
  for (const char c : decoded) {
    if (llvm::isAlnum(c) || kAllowed.contains(c)) {
      result.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result.push_back('%');
      result.push_back(llvm::hexdigit(byte >> 4U));
      result.push_back(llvm::hexdigit(byte & 15U));
    }
  }
  return result;
}

std::vector<SegmentMatch> segments_of(const model::Route& route) {
  std::vector<SegmentMatch> result;
  for (const model::PathSegment& segment : route.segments) {
    SegmentMatch match;
    switch (segment.kind) {
      case model::PathSegment::Kind::kLiteral:
        match.literal = encode_segment(segment.text);
        break;
      case model::PathSegment::Kind::kRest:
        match.kind = Kind::kRest;
        break;
      case model::PathSegment::Kind::kParameter:
        match.kind = Kind::kParameter;
        if (!segment.prefix.empty() || !segment.suffix.empty() || !segment.more.empty()) {
          match.kind = Kind::kPattern;
          match.around = {encode_segment(segment.prefix), encode_segment(segment.suffix)};
          for (const model::SegmentParameter& next : segment.more)
            match.around.push_back(encode_segment(next.suffix));
        }
        break;
    }
    result.push_back(std::move(match));
  }
  return result;
}

RouteTree make_route_tree(const std::vector<RouteEntry>& entries) {
  RouteTree tree;
  tree.nodes.emplace_back();
  for (const RouteEntry& entry : entries) {
    std::size_t at = 0;
    tree.depth = std::max(tree.depth, entry.segments.size());
    for (const SegmentMatch& match : entry.segments) {
      const auto known =
          llvm::find_if(tree.nodes[at].edges, [&](const auto& edge) { return edge.match == match; });
      if (known != tree.nodes[at].edges.end()) {
        at = known->node;
        continue;
      }
      const std::size_t next = tree.nodes.size();
      tree.nodes[at].edges.push_back({match, next});
      RouteNode node;
      node.pattern = tree.nodes[at].pattern + "/" + text_of(match);
      node.values = tree.nodes[at].values + match.value_count();
      tree.nodes.push_back(std::move(node));
      at = next;
    }
    if (!tree.nodes[at].route) tree.nodes[at].route = entry.route;
  }
  // Nodes are numbered in the order of declaration, which counts among equals.
  for (RouteNode& node : tree.nodes) {
    llvm::sort(node.edges, [](const RouteNode::Edge& left, const RouteNode::Edge& right) {
      if (is_more_specific(left, right)) return true;
      return !is_more_specific(right, left) && left.node < right.node;
    });
  }
  return tree;
}

}  // namespace zc::plan
