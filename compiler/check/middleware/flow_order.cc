// Walks each flow in the order in which it runs, and holds that against the rules.

#include "compiler/check/middleware/middleware.h"

#include <llvm/ADT/STLExtras.h>

#include <set>

namespace zc::check {

namespace {

using model::OrderRule;
using model::Statement;
using model::StatementKind;
using Index = MiddlewareRules::Index;
using Rule = MiddlewareRules::Rule;

class FlowWalker {
 public:
  FlowWalker(Context& context, const MiddlewareRules& rules)
      : context_(context), rules_(rules), places_(rules.size()) {}

  void check(const model::Flow& flow) {
    flow_ = &flow;
    waiting_.clear();
    const auto size = static_cast<unsigned>(rules_.size());
    Seen seen{llvm::BitVector(size), llvm::BitVector(size)};
    walk(flow.body, seen);
    if (context_.is_incomplete) return;  // what is missing may be what was not found
    for (const Waiting& requirement : waiting_)
      report_missing(requirement);
  }

 private:
  // What has run: perhaps, and surely.
  struct Seen {
    llvm::BitVector may, must;
  };
  // A requirement that nothing before it has met.
  struct Waiting {
    const Rule* rule = nullptr;
    Span place;
  };

  void walk(const model::Block& block, Seen& seen) {
    for (const Statement& statement : block) {
      const bool is_use = statement.kind == StatementKind::kStep || statement.kind == StatementKind::kChain;
      const Index member = is_use ? rules_.index_of(statement.step, statement.chain) : MiddlewareRules::kNone;
      if (member != MiddlewareRules::kNone) enter(member, statement.span, seen);
      walk_branches(statement, seen);
      if (member != MiddlewareRules::kNone) {
        seen.may.set(member);
        seen.must.set(member);
      }
    }
  }

  void walk_branches(const Statement& statement, Seen& seen) {
    switch (statement.kind) {
      case StatementKind::kParallel:
        return walk_parallel(statement, seen);
      case StatementKind::kWhen:
        return walk_when(statement, seen);
      case StatementKind::kEach:
      case StatementKind::kRescue:
      case StatementKind::kOnError:
      case StatementKind::kOnCancel: {
        Seen inner = seen;  // may not run at all
        for (const model::Block& branch : statement.branches)
          walk(branch, inner);
        seen.may |= inner.may;
        return;
      }
      case StatementKind::kOnOverload: {
        Seen none{llvm::BitVector(seen.may.size()), llvm::BitVector(seen.must.size())};
        for (const model::Block& branch : statement.branches)
          walk(branch, none);
        return;
      }
      default:
        for (const model::Block& branch : statement.branches)
          walk(branch, seen);
    }
  }

  void walk_parallel(const Statement& statement, Seen& seen) {
    const Seen before = seen;
    for (const model::Block& branch : statement.branches) {
      Seen inner = before;
      walk(branch, inner);
      seen.may |= inner.may;
      seen.must |= inner.must;
    }
  }

  void walk_when(const Statement& statement, Seen& seen) {
    const Seen before = seen;
    for (std::size_t i = 0; i < statement.branches.size(); ++i) {
      Seen inner = before;
      walk(statement.branches[i], inner);
      seen.may |= inner.may;
      if (i == 0) {
        seen.must = inner.must;
      } else {
        seen.must &= inner.must;
      }
    }
    if (statement.branches.size() < 2) seen.must = before.must;
  }

  void enter(Index member, Span place, const Seen& seen) {
    for (const std::uint32_t index : rules_.rules_of(member)) {
      const Rule& rule = rules_.rules()[index];
      const bool is_required = rule.kind == OrderRule::Kind::kRequires && rule.subject == member;
      if (is_required && !seen.must.test(rule.other)) waiting_.push_back({&rule, place});
      // The one that should have come second has run, and this one not before it.
      const bool is_late = rule.first() == member && rule.first() != rule.second() &&
                           seen.may.test(rule.second()) && !seen.must.test(member);
      if (is_late) report_order(rule, place);
    }
    if (!seen.may.test(member)) places_[member] = place;
  }

  void report_order(const Rule& rule, Span place) {
    llvm::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.rule == &rule; });
    if (!reported_.insert({rule.span, place}).second) return;
    context_.engine
        .report(Kind::kMiddlewareOrder, place, rules_.origin(rule.first()).name,
                rules_.origin(rule.second()).name, flow_->origin.name)
        .secondary(places_[rule.second()], "`" + rules_.origin(rule.second()).name + "` runs first")
        .secondary(rule.span, "the order is declared here");
  }

  void report_missing(const Waiting& waiting) {
    if (!reported_.insert({waiting.rule->span, waiting.place}).second) return;
    const std::string& required = rules_.origin(waiting.rule->other).name;
    context_.engine
        .report(Kind::kMissingMiddleware, waiting.place, rules_.origin(waiting.rule->subject).name, required,
                flow_->origin.name)
        .secondary(waiting.rule->span, "required here")
        .secondary(flow_->origin.span, "in this flow")
        .help("put `" + required + "` before it, in the flow or in the service");
  }

  Context& context_;
  const MiddlewareRules& rules_;
  const model::Flow* flow_ = nullptr;
  std::vector<Span> places_;  // by member: where the flow runs it first
  std::vector<Waiting> waiting_;
  std::set<std::pair<Span, Span>> reported_;  // chains are shared by flows
};

void check_scopes(Context& context, model::PackageId package, const model::Service& service) {
  for (const model::ServiceMiddleware& middleware : service.middleware) {
    for (const model::ScopePath& path : middleware.paths) {
      const model::ServiceMiddleware alone{middleware.uses, {path}};
      const bool is_used = llvm::any_of(context.program.flows, [&](const model::Flow& flow) {
        return flow.origin.package == package && stands_before(alone, flow, service);
      });
      if (!is_used) context.engine.report(Kind::kIdleMiddleware, path.span, path.text);
    }
  }
}

}  // namespace

void check_middleware(Context& context, const MiddlewareRules& rules) {
  if (!context.is_incomplete) {
    for (const model::Service& service : context.program.services)
      check_scopes(context, service.origin.package, service);
  }
  if (rules.is_empty()) return;
  FlowWalker walker(context, rules);
  for (const model::Flow& flow : context.program.flows)
    walker.check(flow);
}

}  // namespace zc::check
