// The compiled-in router: decision trees as functions over a path that is eaten segment by segment.

#include "compiler/emit/data.h"
#include "compiler/plan/names/names.h"
#include "compiler/plan/router/segment_hash.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <map>
#include <set>

namespace zc::emit {
namespace {

using plan::RouteNode;
using plan::RouteTablePlan;
using plan::RouteTree;
using plan::SegmentMatch;

// From so many literals on, they are told apart by a hash of their first characters.
constexpr std::size_t kSwitchFrom = 4;

// Writes the functions of one tree. A node where paths part gets a function of its own, so that no function
// nests and each one can be read by itself; the compiler inlines those that are called once.
class TreeWriter {
 public:
  TreeWriter(const plan::Plan& plan, const RouteTablePlan& table, plan::NameScope& scope, Data& functions)
      : plan_(plan), table_(table), tree_(table.tree), scope_(scope), functions_(functions) {}

  // Callees first; answers the name of the tree's own function.
  std::string run() { return function_of(0); }

 private:
  [[nodiscard]] bool parts(std::size_t node) const {
    return tree_.nodes[node].edges.size() + (tree_.nodes[node].route ? 1 : 0) > 1;
  }

  std::string route(std::size_t index) const { return "FoundRoute::" + plan_.flows[index].constant; }

  std::string function_of(std::size_t index) {
    const RouteNode& node = tree_.nodes[index];
    plan::Lines lines;
    if (node.route) {
      const std::string condition = index == 0 ? "path.is(at, \"/\")" : "path.at_end(at)";
      lines.push_back("if (" + condition + ") return " + route(*node.route) + ";");
    }
    std::vector<const RouteNode::Edge*> literals, others;
    for (const RouteNode::Edge& edge : node.edges) {
      const bool has_first = edge.match.kind == SegmentMatch::Kind::kLiteral && !edge.match.literal.empty();
      (has_first ? literals : others).push_back(&edge);
    }
    if (literals.size() < kSwitchFrom) {
      for (const RouteNode::Edge* edge : literals)
        append(*edge, node.values, lines);
    } else {
      append_switch(literals, node.values, lines);
    }
    for (const RouteNode::Edge* edge : others)
      append(*edge, node.values, lines);

    const std::string pattern = node.pattern.empty() ? "/" : node.pattern;
    const std::string name = name_of(node);
    const bool uses_values = llvm::any_of(
        lines, [](llvm::StringRef line) { return line.contains("values[") || line.contains(", values)"); });
    functions_.push_back(object({{"name", name},
                                 {"comment", heading(pattern)},
                                 {"uses_values", flag(uses_values)},
                                 {"lines", list(lines)}}));
    return name;
  }

  void append_switch(const std::vector<const RouteNode::Edge*>& literals, std::size_t values,
                     plan::Lines& lines) {
    std::vector<std::string> segments;
    for (const RouteNode::Edge* edge : literals)
      segments.push_back(edge->match.literal);
    const plan::SegmentHash hash = plan::find_segment_hash(segments);
    // Buckets in the order of their first literal, so that the text reads alphabetically.
    llvm::MapVector<unsigned, plan::Lines> buckets;
    for (const RouteNode::Edge* edge : literals)
      append(*edge, values, buckets[hash(edge->match.literal)]);
    lines.push_back("switch (path.bucket<" + std::to_string(hash.bits) + ">(at, 0x" +
                    llvm::utohexstr(hash.multiplier, true) + "U)) {");
    for (const auto& [bucket, alternatives] : buckets) {
      lines.push_back("case " + std::to_string(bucket) + ":");
      llvm::append_range(lines, alternatives);
      lines.emplace_back("break;");
    }
    lines.insert(lines.end(), {"default:", "break;", "}"});
  }

  std::string heading(const std::string& pattern) const {
    return (table_.method.empty() ? "any method" : llvm::StringRef(table_.method).upper()) + " " + pattern +
           (pattern == "/" ? "..." : "/...");
  }

  std::string name_of(const RouteNode& node) {
    std::string name = "route_" + table_.method;
    llvm::SmallVector<llvm::StringRef> segments;
    llvm::StringRef(node.pattern).split(segments, '/', -1, false);
    for (const llvm::StringRef segment : segments)
      name += "_" + (segment.contains('*') ? "any" : segment.str());
    return scope_.claim(name);
  }

  // One alternative: everything from the edge on to a leaf or to a node where paths part again.
  void append(const RouteNode::Edge& first, std::size_t values, plan::Lines& lines) {
    std::vector<std::string> conditions;
    std::string literal;
    const auto flush = [&](bool is_end) {
      if (literal.empty()) return false;
      conditions.push_back((is_end ? "path.is(rest, " : "path.skip(rest, ") + plan::string_literal(literal) +
                           ")");
      literal.clear();
      return is_end;
    };
    const RouteNode::Edge* edge = &first;
    bool takes_all = false;
    while (true) {
      const SegmentMatch& match = edge->match;
      if (match.kind == SegmentMatch::Kind::kLiteral) {
        literal += "/" + match.literal;
      } else {
        flush(false);
        conditions.push_back(capture(match, values));
        values += match.value_count();
        takes_all = match.kind == SegmentMatch::Kind::kRest;
      }
      if (parts(edge->node) || tree_.nodes[edge->node].route) break;
      edge = &tree_.nodes[edge->node].edges.front();
    }
    if (parts(edge->node)) {
      flush(false);
      const std::string called = function_of(edge->node);
      lines.push_back("if (const char* rest = at; " + llvm::join(conditions, " && ") + ") {");
      lines.push_back("if (const FoundRoute route = " + called +
                      "(path, rest, values); route != FoundRoute::kNone) return route;");
      lines.emplace_back("}");
      return;
    }
    const bool ended = flush(true);
    if (!ended && !takes_all) conditions.emplace_back("path.at_end(rest)");
    const std::string result = ") return " + route(*tree_.nodes[edge->node].route) + ";";
    if (conditions.size() == 1 && ended)
      lines.push_back("if (path.is(at" + conditions.front().substr(llvm::StringRef("path.is(rest").size()) +
                      result);
    else
      lines.push_back("if (const char* rest = at; " + llvm::join(conditions, " && ") + result);
  }

  static std::string capture(const SegmentMatch& match, std::size_t values) {
    const std::string value = "values[" + std::to_string(values) + "]";
    if (match.kind == SegmentMatch::Kind::kParameter) return "path.take(rest, " + value + ")";
    if (match.kind == SegmentMatch::Kind::kRest) return "path.rest(rest, " + value + ")";
    std::vector<std::string> around;
    for (const std::string& text : match.around)
      around.push_back(plan::string_literal(text));
    return "path.take<" + std::to_string(around.size()) + ">(rest, &" + value + ", {" +
           llvm::join(around, ", ") + "})";
  }

  const plan::Plan& plan_;
  const RouteTablePlan& table_;
  const RouteTree& tree_;
  plan::NameScope& scope_;
  Data& functions_;
};

}  // namespace

void set_router(const plan::Plan& plan, Data& data) {
  Data functions(Data::type::list);
  plan::NameScope scope(plan.source_names);
  std::map<std::string, std::string> by_method;
  std::string any;
  for (const RouteTablePlan& table : plan.routes) {
    const std::string function = TreeWriter(plan, table, scope, functions).run();
    (table.enumerator.empty() ? any : by_method[table.enumerator]) = function;
  }
  // A HEAD without a flow of its own is answered like a GET; what has no table is for any method.
  if (by_method.contains("kGet") && !by_method.contains("kHead")) by_method["kHead"] = by_method["kGet"];
  Data methods(Data::type::list);
  for (const auto& [enumerator, function] : by_method)
    methods.push_back(object({{"enumerator", enumerator}, {"function", function}}));
  data.set("functions", functions);
  data.set("methods", methods);
  data.set("has_methods", flag(!by_method.empty()));
  data.set("has_trees", flag(!plan.routes.empty()));
  data.set("otherwise",
           any.empty() ? std::string("FoundRoute::kNone") : any + "(path, path.begin(), values)");
  data.set("captures", std::to_string(std::max<std::size_t>(plan.captures, 1)));
}

}  // namespace zc::emit
