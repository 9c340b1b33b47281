// Finds what a flow does before it knows who asks: a forward analysis of one fact over the flow's graph, as
// definite assignment is for a slot.

#include "compiler/check/governance/governance.h"

#include <llvm/ADT/STLExtras.h>

#include <optional>

namespace zc::check {

namespace {

using model::Cfg;
using model::EdgeKind;
using model::NodeIndex;
using model::NodeKind;
using model::StatementKind;

// What a node may do while nobody knows who asks.
enum class Role : std::uint8_t {
  kFree,  // reads the request, or holds back those who ask too often
  kAuth,  // finds out who asks; is known where it succeeds
  kWork,  // everything else
};

// From here on an answer sends the client elsewhere or away: it gives nothing.
constexpr std::uint16_t kFirstRefusal = 300;

bool is_failure(EdgeKind kind) { return kind == EdgeKind::kError || kind == EdgeKind::kCancel; }

class AuthenticationChecker {
 public:
  explicit AuthenticationChecker(FlowContext& flow)
      : flow_(flow), cfg_(flow.cfg), roles_(cfg_.nodes.size(), Role::kFree), known_(size(), true) {}

  void check() {
    find_roles();
    const bool has_auth = std::any_of(cfg_.order.begin(), cfg_.order.end(),
                                      [this](NodeIndex node) { return role(node) == Role::kAuth; });
    if (!has_auth) {
      if (!flow_.flow().is_public) report_missing();
      return;
    }
    find_known();
    find_direct();
    const std::optional<NodeIndex> work = first_work();
    if (work && !flow_.flow().is_public) report_work(*work);
    if (!work && flow_.flow().is_public) report_public();
  }

 private:
  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(cfg_.nodes.size()); }
  [[nodiscard]] Role role(NodeIndex node) const { return roles_[node]; }

  [[nodiscard]] const model::Statement& statement(NodeIndex node) const {
    return *cfg_.statements[cfg_.nodes[node].statement];
  }

  Role role_of_step(const model::Step& step) {
    if (step.auth) return Role::kAuth;
    return step.limit || step.kind == model::StepKind::kExtract ? Role::kFree : Role::kWork;
  }

  void find_roles() {
    for (const NodeIndex node : cfg_.order) {
      if (cfg_.nodes[node].in_overload) continue;  // reads nothing that only some may see
      switch (cfg_.nodes[node].kind) {
        case NodeKind::kStep:
          roles_[node] = role_of_step(flow_.context.program.steps[statement(node).step]);
          break;
        case NodeKind::kEnqueue:
          roles_[node] = Role::kWork;
          break;
        case NodeKind::kReturn:
          if (statement(node).answer->status < kFirstRefusal) roles_[node] = Role::kWork;
          break;
        default:
          break;
      }
    }
    find_roles_of_needs();
  }

  // What a step needs to decide, and the decision itself, are part of the step.
  void find_roles_of_needs() {
    std::size_t next = 0;
    const auto skip = [&](const model::Statement&) { ++next; };
    model::for_each_statement_of(flow_.flow().body, skip);
    for (const model::Alternative& alternative : flow_.flow().alternatives) {
      const Role owner = role_of_step(flow_.context.program.steps[alternative.step]);
      model::for_each_statement_of(alternative.body, [&](const model::Statement&) {
        const NodeIndex node = cfg_.node_of_statement[next++];
        const bool is_part = alternative.kind == model::Alternative::Kind::kNeed && owner != Role::kWork;
        if (is_part && node != model::kNoNode) roles_[node] = owner;
      });
    }
  }

  // Whether it is known who asks, behind this edge.
  [[nodiscard]] bool is_known_along(NodeIndex from, const model::Edge& edge) const {
    return known_[from] || (role(from) == Role::kAuth && !is_failure(edge.kind));
  }

  // Whether it is known behind every edge from one node to the other.
  [[nodiscard]] bool is_known_from(NodeIndex from, NodeIndex to) const {
    return llvm::all_of(cfg_.nodes[from].out,
                        [&](const model::Edge& edge) { return edge.to != to || is_known_along(from, edge); });
  }

  [[nodiscard]] bool is_known_before(NodeIndex node) const {
    if (node == Cfg::kEntryNode) return false;
    if (cfg_.nodes[node].kind == NodeKind::kJoin) return is_known_behind_branches(node);
    return llvm::all_of(cfg_.nodes[node].in,
                        [&](NodeIndex from) { return !flow_.reachable[from] || is_known_from(from, node); });
  }

  // All branches have run, so one of them that finds it out on each of its paths is enough. Predecessors come
  // branch by branch.
  [[nodiscard]] bool is_known_behind_branches(NodeIndex join) const {
    const model::Node& node = cfg_.nodes[join];
    if (known_[node.fork]) return true;
    std::optional<std::uint32_t> branch;
    bool knows = false;
    for (const NodeIndex from : node.in) {
      if (!flow_.reachable[from] || from == node.fork) continue;
      if (branch != cfg_.nodes[from].branch) {
        if (knows) return true;
        branch = cfg_.nodes[from].branch;
        knows = true;
      }
      knows = knows && is_known_from(from, join);
    }
    return knows;
  }

  void find_known() {
    bool changed = true;
    while (changed) {
      changed = false;
      for (const NodeIndex node : cfg_.order) {
        if (node == Cfg::kFailedNode || node == Cfg::kDoneNode || !known_[node]) continue;
        if (is_known_before(node)) continue;
        known_.reset(node);
        changed = true;
      }
    }
  }

  // The nodes that nothing has failed before: what is not known there is work that came too early. Where
  // something has failed, a handler may count or log it, as long as the flow then fails or refuses.
  void find_direct() {
    direct_.resize(size());
    std::vector<NodeIndex> pending{Cfg::kEntryNode};
    direct_.set(Cfg::kEntryNode);
    while (!pending.empty()) {
      const NodeIndex from = pending.back();
      pending.pop_back();
      if (role(from) == Role::kAuth) continue;
      for (const model::Edge& edge : cfg_.nodes[from].out) {
        if (is_failure(edge.kind) || known_[edge.to] || direct_[edge.to]) continue;
        direct_.set(edge.to);
        pending.push_back(edge.to);
      }
    }
  }

  [[nodiscard]] std::optional<NodeIndex> first_work() const {
    std::optional<NodeIndex> first;
    for (const NodeIndex node : cfg_.order) {
      if (known_[node] || role(node) != Role::kWork) continue;
      if (!direct_[node] && cfg_.nodes[node].kind != NodeKind::kReturn) continue;
      if (!first || cfg_.nodes[node].statement < cfg_.nodes[*first].statement) first = node;
    }
    return first;
  }

  [[nodiscard]] Span place_of_auth() const {
    std::optional<NodeIndex> first;
    for (const NodeIndex node : cfg_.order) {
      if (role(node) != Role::kAuth) continue;
      if (!first || cfg_.nodes[node].statement < cfg_.nodes[*first].statement) first = node;
    }
    return statement(*first).span;
  }

  void report_missing() {
    const model::Origin& origin = flow_.flow().origin;
    flow_.context.engine.report(Kind::kMissingAuth, origin.span, origin.name)
        .note("a flow that clients reach finds out who asks, by a step with `@auth`, before anything else")
        .help("put such a step or chain before it, as in `before auth.bearer`")
        .help("write `public` where everybody may ask");
  }

  void report_work(NodeIndex node) {
    const Span place = statement(node).span;
    if (!flow_.reports.is_new(Kind::kWorkBeforeAuth, place)) return;
    const bool is_answer = cfg_.nodes[node].kind == NodeKind::kReturn;
    auto& diagnostic =
        flow_.context.engine.report(Kind::kWorkBeforeAuth, place, subject(node), flow_.flow().origin.name);
    diagnostic.secondary(flow_.flow().origin.span, "in this flow")
        .secondary(place_of_auth(), "who asks is known behind this");
    diagnostic.note(is_answer && !direct_[node]
                        ? "where authentication fails, a flow fails, or answers with a status from 300 on"
                        : "only reading the request and steps with `@limit` come before a step with `@auth`, "
                          "on every path");
  }

  [[nodiscard]] std::string subject(NodeIndex node) const {
    const model::Statement& found = statement(node);
    if (cfg_.nodes[node].kind == NodeKind::kReturn)
      return "the answer " + std::to_string(found.answer->status);
    if (cfg_.nodes[node].kind == NodeKind::kEnqueue) {
      return "job `" + flow_.context.program.flows[found.enqueue->job].origin.name + "`";
    }
    return "step `" + flow_.context.program.steps[found.step].origin.name + "`";
  }

  void report_public() {
    flow_.context.engine.report(Kind::kNeedlessPublic, flow_.flow().public_span, flow_.flow().origin.name)
        .secondary(place_of_auth(), "who asks is always found out here")
        .fix("leave out `public`", flow_.flow().public_span, "");
  }

  FlowContext& flow_;
  const Cfg& cfg_;
  std::vector<Role> roles_;  // by node
  llvm::BitVector known_;    // by node: who asks is known before it
  llvm::BitVector direct_;   // by node: reached without a failure, and without knowing who asks
};

}  // namespace

void check_authentication(FlowContext& flow) {
  const model::Flow& declared = flow.flow();
  if (declared.trigger != model::Trigger::kRoute && declared.trigger != model::Trigger::kSlug) return;
  const model::ServiceId service = flow.context.program.packages[declared.origin.package].service;
  if (service.is_valid() && !flow.context.program.services[service].auth_deny) return;
  AuthenticationChecker(flow).check();
}

}  // namespace zc::check
