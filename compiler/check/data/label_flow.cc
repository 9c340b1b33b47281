#include "compiler/check/data/label_flow.h"

#include "compiler/base/stable_sort.h"

#include <algorithm>
#include <map>
#include <utility>

namespace zc::check {

using model::Expression;
using model::ExpressionKind;
using model::NodeIndex;
using model::NodeKind;

namespace {

constexpr std::size_t kMostSources = 32;  // of one label at one place: what a message or a report can use
constexpr std::size_t kMostSteps = 8;     // on the way of one
constexpr std::size_t kMaxPath = 16;      // what lies deeper counts for the whole of what is there

bool is_prefix(llvm::ArrayRef<std::uint32_t> prefix, llvm::ArrayRef<std::uint32_t> path) {
  return path.take_front(prefix.size()) == prefix;
}

// Ordered by place and label, each source once, in the order in which they were found.
void normalise(LabelFacts& facts) {
  for (LabelFact& fact : facts)
    fact.path.truncate(std::min(fact.path.size(), kMaxPath));
  zc::stable_sort(facts, [](const LabelFact& left, const LabelFact& right) {
    if (left.path == right.path) return left.label < right.label;
    return std::lexicographical_compare(left.path.begin(), left.path.end(), right.path.begin(),
                                        right.path.end());
  });
  LabelFacts kept;
  std::size_t group = 0;  // where the facts of the same place and label begin
  for (LabelFact& fact : facts) {
    if (kept.empty() || kept.back().path != fact.path || kept.back().label != fact.label) group = kept.size();
    const bool is_known =
        std::any_of(kept.begin() + static_cast<std::ptrdiff_t>(group), kept.end(), [&](const auto& other) {
          return other.source == fact.source && other.slot == fact.slot && other.from == fact.from;
        });
    if (!is_known && kept.size() - group < kMostSources) kept.push_back(std::move(fact));
  }
  facts = std::move(kept);
}

// What is made of a value as a whole has its labels as a whole.
void collapse(LabelFacts& facts, std::size_t from) {
  for (std::size_t i = from; i < facts.size(); ++i)
    facts[i].path.clear();
}

bool is_null(const Expression& expression) {
  const Expression* inner = &expression;
  while (inner->kind == ExpressionKind::kConvert && !inner->operands.empty())
    inner = &inner->operands.front();
  return inner->kind == ExpressionKind::kConstant && inner->constant.kind == model::Constant::Kind::kNull;
}

bool compares_with_null(const Expression& expression) {
  const bool compares =
      expression.op == model::Operator::kEqual || expression.op == model::Operator::kNotEqual;
  return compares && std::any_of(expression.operands.begin(), expression.operands.end(), is_null);
}

void remove_labels(LabelFacts& facts, model::Labels labels) {
  if (labels == model::kNoLabel) return;
  facts.erase(std::remove_if(facts.begin(), facts.end(),
                             [labels](const LabelFact& fact) { return (fact.label & labels) != 0; }),
              facts.end());
}

}  // namespace

LabelFlow::LabelFlow(const FlowContext& flow, const LabelTable& table)
    : flow_(flow),
      table_(table),
      definitions_of_slot_(flow.slots.size()),
      definitions_of_node_(flow.cfg.nodes.size()) {
  for (std::size_t i = 0; i < flow.slots.size(); ++i)
    local_.try_emplace(flow.slots[i], static_cast<std::uint32_t>(i));
  find_definitions();
  solve_reaching();
  solve_labels();
}

void LabelFlow::find_definitions() {
  for (const NodeIndex index : flow_.cfg.order) {
    const model::Node& node = flow_.cfg.nodes[index];
    if (node.kind == NodeKind::kEachNext) ends_of_bodies_.try_emplace(node.statement, index);
    bool passes_on = node.kind == NodeKind::kEachHead || node.kind == NodeKind::kEachEnd;
    if (node.kind == NodeKind::kStep) {
      const model::StepKind kind =
          flow_.context.program.steps[flow_.cfg.statements[node.statement]->step].kind;
      passes_on = kind == model::StepKind::kPure || kind == model::StepKind::kBody;
    }
    if (!passes_on) continue;
    for (const LocalUse& use : flow_.writes[index]) {
      const auto id = static_cast<std::uint32_t>(definitions_.size());
      definitions_.push_back({index, use.slot, {}});
      definitions_of_slot_[use.slot].push_back(id);
      definitions_of_node_[index].push_back(id);
    }
  }
}

llvm::BitVector LabelFlow::behind_writes(NodeIndex node) const {
  llvm::BitVector behind = reaching_[node];
  for (const LocalUse& use : flow_.writes[node]) {
    if (use.optional) continue;
    for (const std::uint32_t killed : definitions_of_slot_[use.slot])
      behind.reset(killed);
  }
  for (const std::uint32_t made : definitions_of_node_[node])
    behind.set(made);
  return behind;
}

// Which definitions stand in the branches of a fork, outside of loops in them, and which in the body of a
// loop.
void LabelFlow::find_enclosed() {
  const auto add = [this](NodeIndex around, std::uint32_t id) {
    llvm::BitVector& inside = enclosed_[around];
    inside.resize(static_cast<unsigned>(definitions_.size()));
    inside.set(id);
  };
  for (std::uint32_t id = 0; id < definitions_.size(); ++id) {
    const NodeIndex at = definitions_[id].node;
    const model::Node& node = flow_.cfg.nodes[at];
    const NodeIndex innermost = node.kind == NodeKind::kEachHead ? at : node.loop;
    for (NodeIndex loop = innermost; loop != model::kNoNode; loop = flow_.cfg.nodes[loop].loop)
      add(loop, id);
    for (NodeIndex fork = node.region; fork != model::kNoNode; fork = flow_.cfg.nodes[fork].region) {
      if (flow_.cfg.nodes[fork].loop == innermost) add(fork, id);
    }
  }
}

// The elements of an `each` are on their own, so nothing goes along an edge back to its head, and in the
// order of the nodes every predecessor comes first.
void LabelFlow::solve_reaching() {
  reaching_.assign(flow_.cfg.nodes.size(), llvm::BitVector(static_cast<unsigned>(definitions_.size())));
  if (definitions_.empty()) return;
  find_enclosed();
  for (const NodeIndex node : flow_.cfg.order) {
    const NodeKind kind = flow_.cfg.nodes[node].kind;
    const bool ends = kind == NodeKind::kEnd || kind == NodeKind::kDone || kind == NodeKind::kFailed;
    if (!ends) enter(node);
  }
}

void LabelFlow::enter(NodeIndex index) {
  const model::Node& node = flow_.cfg.nodes[index];
  llvm::BitVector& arriving = reaching_[index];
  std::map<std::uint32_t, llvm::BitVector> by_branch;  // of a join
  for (const NodeIndex from : node.in) {
    if (!flow_.reachable[from]) continue;
    for (const model::Edge& edge : flow_.cfg.nodes[from].out) {
      if (edge.to != index || edge.kind == model::EdgeKind::kLoop) continue;
      const llvm::BitVector carried = carried_by(from, edge);
      arriving |= carried;
      if (node.kind == NodeKind::kJoin && from != node.fork)
        by_branch[flow_.cfg.nodes[from].branch] |= carried;
    }
  }
  // All branches have run: what one of them overwrote on each of its paths is gone.
  for (const auto& [branch, left] : by_branch) {
    llvm::BitVector overwritten = reaching_[node.fork];
    overwritten.reset(left);
    arriving.reset(overwritten);
  }
}

llvm::BitVector LabelFlow::carried_by(NodeIndex from, const model::Edge& edge) const {
  const model::Node& node = flow_.cfg.nodes[from];
  const model::Node& target = flow_.cfg.nodes[edge.to];
  const bool is_early = model::is_before_writes(edge.kind);
  const bool passes_by = node.kind == NodeKind::kEachHead && edge.kind == model::EdgeKind::kFalse;
  llvm::BitVector carried = is_early || passes_by ? reaching_[from] : behind_writes(from);
  const auto inside = [this](NodeIndex around) { return enclosed_.find(around); };
  // The branches beside the one that is left may have written meanwhile.
  for (NodeIndex fork = node.region; is_early && fork != model::kNoNode && fork != target.region;
       fork = flow_.cfg.nodes[fork].region) {
    if (const auto written = inside(fork); written != enclosed_.end()) carried |= written->second;
  }
  // Nobody outside sees what an element wrote, but what was there before it.
  for (NodeIndex loop = node.loop; loop != model::kNoNode && loop != target.loop;
       loop = flow_.cfg.nodes[loop].loop) {
    if (const auto written = inside(loop); written != enclosed_.end()) carried.reset(written->second);
    carried |= reaching_[loop];
  }
  return carried;
}

// What an `each` collects is known when its body is, which comes behind its end in the order of the nodes.
bool LabelFlow::has_loops() const { return !ends_of_bodies_.empty(); }

void LabelFlow::solve_labels() {
  bool changes = true;
  while (changes) {
    changes = false;
    for (Definition& definition : definitions_)
      changes = merge(definition, defined_facts(definition)) || changes;
    if (!has_loops()) return;
  }
}

LabelFacts LabelFlow::defined_facts(const Definition& definition) const {
  const model::Node& node = flow_.cfg.nodes[definition.node];
  const model::Statement& statement = *flow_.cfg.statements[node.statement];
  if (node.kind == NodeKind::kEachHead) return facts_of(definition.node, statement.each->over);
  if (node.kind == NodeKind::kEachEnd) return collected_facts(node);
  const model::Step& step = flow_.context.program.steps[statement.step];
  LabelFacts facts = step.kind == model::StepKind::kPure ? facts_of(definition.node, *step.value)
                                                         : facts_of_reads(definition.node, step);
  remove_labels(facts, model::labels_of(step.drops));
  return facts;
}

// `each ... -> results` collects what its body has written, at its end, into slots of the elements' type.
LabelFacts LabelFlow::collected_facts(const model::Node& node) const {
  const auto end = ends_of_bodies_.find(node.statement);
  if (end == ends_of_bodies_.end()) return {};
  const model::Statement& statement = *flow_.cfg.statements[node.statement];
  const model::Program& program = flow_.context.program;
  const model::TypeId element = program.types[program.slots[statement.each->results].type].element;
  LabelFacts facts;
  const auto collect = [&](bool any_type) {
    model::for_each_statement_of(statement.branches.front(), [&](const model::Statement& inner) {
      if (inner.kind != model::StatementKind::kStep) return;
      for (const model::SlotUse& use : program.steps[inner.step].writes) {
        if (any_type || program.slots[use.slot].type == element)
          read(end->second, use.slot, {}, use.span, facts);
      }
    });
    if (any_type) collapse(facts, 0);
  };
  collect(false);
  if (facts.empty()) collect(true);
  normalise(facts);
  return facts;
}

bool LabelFlow::merge(Definition& definition, LabelFacts facts) {
  const model::SlotId slot = flow_.slots[definition.slot];
  const model::Node& node = flow_.cfg.nodes[definition.node];
  const bool is_first = definition.facts.empty();
  bool changes = false;
  for (LabelFact& fact : facts) {
    if ((table_.whole_labels(slot, fact.path) & fact.label) != 0) continue;
    const auto same = [&](const LabelFact& known) {
      return known.path == fact.path && known.label == fact.label && known.source == fact.source;
    };
    if (!is_first && std::any_of(definition.facts.begin(), definition.facts.end(), same)) continue;
    if (node.kind == NodeKind::kStep) {
      passages_.push_back({flow_.cfg.statements[node.statement]->step, fact.passage});
      fact.passage = static_cast<std::uint32_t>(passages_.size() - 1);
    }
    definition.facts.push_back(std::move(fact));
    changes = true;
  }
  return changes;
}

LabelFacts LabelFlow::facts_of(NodeIndex node, const Expression& expression) const {
  LabelFacts facts;
  evaluate(node, expression, {}, facts);
  normalise(facts);
  return facts;
}

LabelFacts LabelFlow::facts_of(NodeIndex node, const model::SlotUse& use) const {
  LabelFacts facts;
  read(node, use.slot, {}, use.span, facts);
  normalise(facts);
  return facts;
}

LabelFacts LabelFlow::facts_of_reads(NodeIndex node, const model::Step& step) const {
  LabelFacts facts;
  for (const model::SlotUse& use : step.reads)
    read(node, use.slot, {}, use.span, facts);
  collapse(facts, 0);
  normalise(facts);
  return facts;
}

// The labels of what is at `path` in the value of `expression`.
void LabelFlow::evaluate(NodeIndex node, const Expression& expression, Path path, LabelFacts& out) const {
  const std::size_t begin = out.size();
  switch (expression.kind) {
    case ExpressionKind::kSlot:
      return read(node, expression.slot, path, expression.span, out);
    case ExpressionKind::kField: {
      FieldPath longer{expression.field};
      longer.append(path.begin(), path.end());
      evaluate(node, expression.operands.front(), longer, out);
      for (std::size_t i = begin; i < out.size(); ++i)
        out[i].place = expression.span;
      return;
    }
    case ExpressionKind::kObject:
    case ExpressionKind::kStruct:
      return evaluate_parts(node, expression, path, out);
    case ExpressionKind::kConvert:
    case ExpressionKind::kList:
      for (const Expression& operand : expression.operands)
        evaluate(node, operand, path, out);
      if (expression.type.is_valid() &&
          flow_.context.program.types[expression.type].kind == model::TypeKind::kJson)
        collapse(out, begin);
      return;
    case ExpressionKind::kBinary:
      if (compares_with_null(expression)) return;  // says that something is there, and nothing about it
      for (const Expression& operand : expression.operands)
        evaluate(node, operand, path, out);
      if (expression.op != model::Operator::kCoalesce) collapse(out, begin);
      return;
    case ExpressionKind::kUnary:
    case ExpressionKind::kInterpolation:
    case ExpressionKind::kUrl:
    case ExpressionKind::kStatement:
      for (const Expression& operand : expression.operands)
        evaluate(node, operand, {}, out);
      return collapse(out, begin);
    case ExpressionKind::kError:
    case ExpressionKind::kConstant:
    case ExpressionKind::kParameter:
    case ExpressionKind::kRequest:
    case ExpressionKind::kEnvironment:
    case ExpressionKind::kSecret:
      return;
  }
}

// An object or a struct that is made here: each of its fields has the labels of what it is made of.
void LabelFlow::evaluate_parts(NodeIndex node, const Expression& expression, Path path,
                               LabelFacts& out) const {
  if (expression.kind == ExpressionKind::kStruct) {
    for (LabelledPart& part : table_.parts_of(expression.type, path))
      out.push_back({std::move(part.path), part.label, part.source, {}, {}, expression.span, kNoPassage});
  }
  if (!path.empty()) {
    if (path.front() < expression.operands.size())
      evaluate(node, expression.operands[path.front()], path.drop_front(), out);
    return;
  }
  for (std::size_t i = 0; i < expression.operands.size(); ++i) {
    const std::size_t begin = out.size();
    evaluate(node, expression.operands[i], {}, out);
    for (std::size_t fact = begin; fact < out.size(); ++fact)
      out[fact].path.insert(out[fact].path.begin(), static_cast<std::uint32_t>(i));
  }
}

void LabelFlow::read(NodeIndex node, model::SlotId slot, Path path, Span place, LabelFacts& out) const {
  for (LabelledPart& part : table_.parts_of(slot, path)) {
    FieldPath from(path.begin(), path.end());
    from.append(part.path.begin(), part.path.end());
    out.push_back({std::move(part.path), part.label, part.source, slot, std::move(from), place, kNoPassage});
  }
  const auto local = local_.find(slot);
  if (local == local_.end()) return;
  for (const std::uint32_t id : definitions_of_slot_[local->second]) {
    if (!reaching_[node][id]) continue;
    for (const LabelFact& fact : definitions_[id].facts) {
      const bool is_below = is_prefix(path, fact.path);
      if (!is_below && !is_prefix(fact.path, path)) continue;
      const Path rest = is_below ? Path(fact.path).drop_front(path.size()) : Path();
      const Path from = is_below ? Path(fact.path) : path;
      out.push_back({FieldPath(rest.begin(), rest.end()), fact.label, fact.source, slot,
                     FieldPath(from.begin(), from.end()), place, fact.passage});
    }
  }
}

std::string LabelFlow::name_of(const LabelFact& fact) const {
  const auto local = local_.find(fact.slot);
  if (local == local_.end()) return {};
  std::string name = flow_.slot_name(local->second);
  const std::string rest = table_.path_text(flow_.slot(local->second).type, fact.from);
  return rest.empty() ? name : name + "." + rest;
}

std::vector<model::StepId> LabelFlow::steps_of(const LabelFact& fact) const {
  std::vector<model::StepId> steps;
  for (std::uint32_t passage = fact.passage; passage != kNoPassage && steps.size() < kMostSteps;
       passage = passages_[passage].previous) {
    steps.push_back(passages_[passage].step);
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

}  // namespace zc::check
