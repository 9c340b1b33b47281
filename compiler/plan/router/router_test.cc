#include "compiler/plan/router/router.h"

#include "compiler/plan/program_builder.h"
#include "compiler/plan/router/segment_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace zc::plan {
namespace {

RouteEntry entry(std::size_t route, std::string_view pattern) {
  return {route, segments_of(ProgramBuilder::route(model::Method::kGet, pattern))};
}

std::vector<std::string> edges_of(const RouteTree& tree, std::size_t node) {
  std::vector<std::string> result;
  for (const RouteNode::Edge& edge : tree.nodes[node].edges)
    result.push_back(tree.nodes[edge.node].pattern);
  return result;
}

TEST(RouteTree, LiteralsComeBeforeParametersAndTheRestComesLast) {
  const RouteTree tree =
      make_route_tree({entry(0, "/{rest...}"), entry(1, "/{id}"), entry(2, "/todos"), entry(3, "/hello")});
  EXPECT_EQ(edges_of(tree, 0), (std::vector<std::string>{"/hello", "/todos", "/*", "/**"}));
}

TEST(RouteTree, RoutesWithACommonBeginningShareNodes) {
  const RouteTree tree =
      make_route_tree({entry(0, "/todos"), entry(1, "/todos/{id}"), entry(2, "/todos/{other}/done")});
  EXPECT_EQ(tree.nodes.size(), 4U);
  EXPECT_EQ(tree.depth, 3U);
  const std::size_t todos = tree.nodes[0].edges.at(0).node;
  EXPECT_EQ(tree.nodes[todos].route, 0U);
  const std::size_t id = tree.nodes[todos].edges.at(0).node;
  EXPECT_EQ(tree.nodes[id].route, 1U);
  EXPECT_EQ(tree.nodes[id].values, 1U);
}

TEST(RouteTree, OfEqualRoutesTheFirstCounts) {
  const RouteTree tree = make_route_tree({entry(7, "/todos"), entry(8, "/todos")});
  EXPECT_EQ(tree.nodes[tree.nodes[0].edges.at(0).node].route, 7U);
}

TEST(RouteTree, AmongPatternsTheOneWithMoreTextComesFirst) {
  model::Route plain = ProgramBuilder::route(model::Method::kGet, "/{id}");
  model::Route file = plain;
  file.segments[0].suffix = ".json";
  model::Route compare = plain;
  compare.segments[0].suffix = "...";
  compare.segments[0].more.push_back({"head", ""});
  const RouteTree tree =
      make_route_tree({{0, segments_of(plain)}, {1, segments_of(compare)}, {2, segments_of(file)}});
  EXPECT_EQ(edges_of(tree, 0), (std::vector<std::string>{"/*.json", "/*...*", "/*"}));
  EXPECT_EQ(segments_of(compare)[0].value_count(), 2U);
}

TEST(RouteTree, LiteralsAreComparedAsTheyStandInAPath) {
  EXPECT_EQ(encode_segment("a b"), "a%20b");
  EXPECT_EQ(encode_segment("käse"), "k%C3%A4se");
  EXPECT_EQ(encode_segment("it's:@(1)"), "it's:@(1)");
  EXPECT_EQ(encode_segment("100%"), "100%25");
}

TEST(SegmentHash, SeparatesALargeSetOfLiterals) {
  std::vector<std::string> segments;
  for (int i = 0; i < 60; ++i)
    segments.push_back("segment" + std::to_string(i));
  const SegmentHash hash = find_segment_hash(segments);
  std::set<unsigned> buckets;
  for (const std::string& segment : segments)
    buckets.insert(hash(segment));
  EXPECT_GE(buckets.size(), 10U);  // only the first eight characters count: ten beginnings
  for (const unsigned bucket : buckets)
    EXPECT_LT(bucket, 1U << hash.bits);
}

TEST(SegmentHash, IsTheSameForTheSameSegments) {
  const std::vector<std::string> segments = {"actions", "branches", "commits", "git", "issues", "pulls"};
  const SegmentHash one = find_segment_hash(segments);
  const SegmentHash two = find_segment_hash(segments);
  EXPECT_EQ(one.multiplier, two.multiplier);
  std::set<unsigned> buckets;
  for (const std::string& segment : segments)
    buckets.insert(one(segment));
  EXPECT_EQ(buckets.size(), segments.size());
}

}  // namespace
}  // namespace zc::plan
