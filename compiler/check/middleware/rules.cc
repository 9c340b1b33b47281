// Reads middleware and its rules, and finds rules that contradict each other.

#include "compiler/check/middleware/middleware.h"

#include <llvm/ADT/STLExtras.h>

#include <algorithm>

namespace zc::check {

namespace {

// "/admin", "/admin/users", "/".
bool is_scope(llvm::StringRef path) {
  if (path == "/") return true;
  return path.starts_with("/") && !path.ends_with("/") && !path.contains("//") &&
         path.find_first_of("?#{}* ") == llvm::StringRef::npos;
}

}  // namespace

model::Middleware resolve_middleware(Context& context, model::PackageId package,
                                     const syntax::QualifiedName& name) {
  model::Middleware result;
  result.span = name.span;
  const auto symbol =
      context.resolve(package, NameSpace::kSteps, name, Kind::kUnknownStep, "a step or chain");
  if (!symbol) return result;
  if (symbol->kind == SymbolKind::kStep) {
    result.step = symbol->id<model::StepId>();
  } else {
    result.chain = symbol->id<model::ChainId>();
  }
  return result;
}

void read_middleware(Context& context, model::Service& service, SettingReader& reader,
                     const syntax::Setting& setting) {
  reader.allow_words({"on"});
  model::ServiceMiddleware middleware;
  if (setting.terms.empty()) return reader.bad(nullptr, "steps and chains");
  for (const syntax::Expr* value : setting.terms.front()) {
    if (const std::optional<syntax::QualifiedName> name = path_name(value)) {
      middleware.uses.push_back(resolve_middleware(context, service.origin.package, *name));
    } else {
      reader.bad(value, "steps and chains");
    }
  }
  if (reader.has("on")) {
    for (const syntax::Expr* value : setting.after("on")) {
      const std::optional<std::string> path = reader.text(value);
      if (path && is_scope(*path)) {
        middleware.paths.push_back({*path, value->span});
      } else if (path) {
        reader.bad(value, "paths such as `\"/admin\"` behind `on`, without parameters");
      }
    }
    if (middleware.paths.empty()) return;  // reported
  }
  service.middleware.push_back(std::move(middleware));
}

namespace {

model::OrderRule::Kind kind_of(syntax::Order order) {
  switch (order) {
    case syntax::Order::kBefore:
      return model::OrderRule::Kind::kBefore;
    case syntax::Order::kAfter:
      return model::OrderRule::Kind::kAfter;
    case syntax::Order::kRequires:
      break;
  }
  return model::OrderRule::Kind::kRequires;
}

}  // namespace

std::vector<model::OrderRule> resolve_order(Context& context, model::PackageId package,
                                            llvm::ArrayRef<syntax::OrderClause> clauses) {
  std::vector<model::OrderRule> rules;
  for (const syntax::OrderClause& clause : clauses) {
    for (const syntax::QualifiedName& name : clause.names)
      rules.push_back({kind_of(clause.order), resolve_middleware(context, package, name)});
  }
  return rules;
}

MiddlewareRules::MiddlewareRules(const model::Program& program) : program_(program) {
  for (std::size_t i = 0; i < program.chains.size(); ++i) {
    const model::ChainId chain(i);
    for (const model::OrderRule& rule : program.chains[chain].order) {
      if (!rule.other.step.is_valid() && !rule.other.chain.is_valid()) continue;  // reported
      const Index subject = add({}, chain);
      const Index other = add(rule.other.step, rule.other.chain);
      const auto index = static_cast<std::uint32_t>(rules_.size());
      rules_.push_back({subject, other, rule.kind, rule.other.span});
      by_member_[subject].push_back(index);
      if (other != subject) by_member_[other].push_back(index);
    }
  }
  for (const model::Service& service : program.services) {
    for (const model::ServiceMiddleware& middleware : service.middleware) {
      for (const model::Middleware& use : middleware.uses) {
        if (use.step.is_valid() || use.chain.is_valid()) add(use.step, use.chain);
      }
    }
  }
}

MiddlewareRules::Index MiddlewareRules::add(model::StepId step, model::ChainId chain) {
  const Member member{step.raw(), chain.raw()};
  const auto [entry, is_new] = indices_.try_emplace(member, static_cast<Index>(members_.size()));
  if (is_new) {
    members_.push_back(member);
    by_member_.emplace_back();
  }
  return entry->second;
}

MiddlewareRules::Index MiddlewareRules::index_of(model::StepId step, model::ChainId chain) const {
  if (!step.is_valid() && !chain.is_valid()) return kNone;  // a name that was not found
  const auto found = indices_.find({step.raw(), chain.raw()});
  return found == indices_.end() ? kNone : found->second;
}

const model::Origin& MiddlewareRules::origin(Index member) const {
  const auto [step, chain] = members_[member];
  return chain != model::ChainId().raw() ? program_.chains[model::ChainId(chain)].origin
                                         : program_.steps[model::StepId(step)].origin;
}

namespace {

// A depth-first search along "comes before".
class CycleFinder {
 public:
  CycleFinder(Context& context, const MiddlewareRules& rules)
      : context_(context), rules_(rules), states_(rules.size()), next_(rules.size()) {
    for (std::size_t i = 0; i < rules.rules().size(); ++i)
      next_[rules.rules()[i].first()].push_back(i);
  }

  void search() {
    for (std::size_t i = 0; i < rules_.size(); ++i)
      visit(static_cast<MiddlewareRules::Index>(i));
  }

 private:
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  struct Frame {
    MiddlewareRules::Index member = 0;
    std::size_t next = 0;
  };

  void visit(MiddlewareRules::Index start) {
    if (states_[start] != State::kNew) return;
    std::vector<Frame> stack{{start}};
    states_[start] = State::kOpen;
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next == next_[frame.member].size()) {
        states_[frame.member] = State::kDone;
        stack.pop_back();
        continue;
      }
      const MiddlewareRules::Rule& rule = rules_.rules()[next_[frame.member][frame.next++]];
      if (states_[rule.second()] == State::kNew) {
        states_[rule.second()] = State::kOpen;
        stack.push_back({rule.second()});
      } else if (states_[rule.second()] == State::kOpen) {
        report(stack, rule);
      }
    }
  }

  void report(const std::vector<Frame>& stack, const MiddlewareRules::Rule& last) {
    const auto first =
        llvm::find_if(stack, [&](const Frame& frame) { return frame.member == last.second(); });
    std::string path;
    for (auto frame = first; frame != stack.end(); ++frame)
      path += "`" + rules_.origin(frame->member).name + "` -> ";
    path += "`" + rules_.origin(last.second()).name + "`";
    auto& diagnostic = context_.engine.report(Kind::kMiddlewareCycle, last.span, path);
    for (auto frame = first; frame + 1 < stack.end(); ++frame) {
      const MiddlewareRules::Rule& rule = rules_.rules()[next_[frame->member][frame->next - 1]];
      diagnostic.secondary(rule.span, "`" + rules_.origin(rule.first()).name + "` before `" +
                                          rules_.origin(rule.second()).name + "` by this");
    }
    diagnostic.note("each of these comes before the next, so that no order has them all");
  }

  Context& context_;
  const MiddlewareRules& rules_;
  std::vector<State> states_;
  std::vector<std::vector<std::size_t>> next_;  // rules by the member that comes first
};

}  // namespace

void check_rule_cycles(Context& context, const MiddlewareRules& rules) {
  CycleFinder(context, rules).search();
}

}  // namespace zc::check
