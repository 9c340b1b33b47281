// Middleware: what stands before flows, and in which order. See docs/language.md, "Middleware".

#pragma once

#include "compiler/check/flows/flows.h"
#include "compiler/check/steps/settings.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace zc::check {

// `before guard on "/admin";` of a service.
void read_middleware(Context& context, model::Service& service, SettingReader& reader,
                     const syntax::Setting& setting);

// A step or chain by its name; neither where there is none, which is reported.
[[nodiscard]] model::Middleware resolve_middleware(Context& context, model::PackageId package,
                                                   const syntax::QualifiedName& name);

// `before a after b requires c` of a chain.
[[nodiscard]] std::vector<model::OrderRule> resolve_order(Context& context, model::PackageId package,
                                                          llvm::ArrayRef<syntax::OrderClause> clauses);

// The rules of all chains. Members are the steps and chains that rules and services name, numbered.
class MiddlewareRules {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = 0xFFFFFFFF;

  struct Rule {
    Index subject = 0;  // the chain that says it
    Index other = 0;
    model::OrderRule::Kind kind = model::OrderRule::Kind::kAfter;
    Span span;

    // Which of both comes first.
    [[nodiscard]] Index first() const { return kind == model::OrderRule::Kind::kBefore ? subject : other; }
    [[nodiscard]] Index second() const { return kind == model::OrderRule::Kind::kBefore ? other : subject; }
  };

  explicit MiddlewareRules(const model::Program& program);

  [[nodiscard]] bool is_empty() const { return rules_.empty(); }
  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] Index index_of(model::StepId step, model::ChainId chain) const;
  [[nodiscard]] const model::Origin& origin(Index member) const;
  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }
  // The rules that say something of a member: by it, or about it.
  [[nodiscard]] const std::vector<std::uint32_t>& rules_of(Index member) const { return by_member_[member]; }

 private:
  using Member = std::pair<std::uint32_t, std::uint32_t>;  // raw ids of a step and a chain

  Index add(model::StepId step, model::ChainId chain);

  const model::Program& program_;
  llvm::DenseMap<Member, Index> indices_;
  std::vector<Member> members_;
  std::vector<Rule> rules_;
  std::vector<std::vector<std::uint32_t>> by_member_;
};

// Reports rules that contradict each other wherever they meet.
void check_rule_cycles(Context& context, const MiddlewareRules& rules);

// Puts the middleware of its service before each flow, in an order that the rules allow where there is one:
// fills `middleware` from `before`.
void arrange_middleware(const model::Program& program, const MiddlewareRules& rules, WrittenBodies& bodies);

// Whether the service puts this before the flow.
[[nodiscard]] bool stands_before(const model::ServiceMiddleware& middleware, const model::Flow& flow,
                                 const model::Service& service);

// Holds the order in which each flow runs things against the rules, and finds middleware that stands before
// no flow. The flows are expanded.
void check_middleware(Context& context, const MiddlewareRules& rules);

}  // namespace zc::check
