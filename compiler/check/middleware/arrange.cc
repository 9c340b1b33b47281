// Sorts the middleware of a service and of a flow.

#include "compiler/check/middleware/middleware.h"
#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>

#include <functional>
#include <queue>

namespace zc::check {

namespace {

model::Statement use_of(const model::Middleware& middleware) {
  model::Statement statement;
  statement.kind = middleware.chain.is_valid() ? model::StatementKind::kChain : model::StatementKind::kStep;
  statement.step = middleware.step;
  statement.chain = middleware.chain;
  statement.span = middleware.span;
  return statement;
}

// Whether the route, without the service's base, is below the path: by segments.
bool is_below(const model::Route& route, llvm::StringRef base, llvm::StringRef path) {
  llvm::SmallVector<llvm::StringRef> skipped;
  llvm::SmallVector<llvm::StringRef> names;
  base.split(skipped, '/', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  path.split(names, '/', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  if (route.segments.size() < skipped.size() + names.size()) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const model::PathSegment& segment = route.segments[skipped.size() + i];
    if (segment.kind != model::PathSegment::Kind::kLiteral || segment.text != names[i]) return false;
  }
  return true;
}

// The order of a topological sort (Kahn): of what may come next, the one that was written first. What is in
// a cycle stays as it was written, behind the rest; the check of the order says what is wrong.
std::vector<std::uint32_t> sorted(const std::vector<std::vector<std::uint32_t>>& next) {
  std::vector<std::uint32_t> waiting(next.size());
  for (const std::vector<std::uint32_t>& after : next) {
    for (const std::uint32_t element : after)
      ++waiting[element];
  }
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t i = 0; i < next.size(); ++i) {
    if (waiting[i] == 0) ready.push(i);
  }
  std::vector<std::uint32_t> order;
  std::vector<bool> is_placed(next.size());
  while (!ready.empty()) {
    const std::uint32_t element = ready.top();
    ready.pop();
    order.push_back(element);
    is_placed[element] = true;
    for (const std::uint32_t after : next[element]) {
      if (--waiting[after] == 0) ready.push(after);
    }
  }
  for (std::uint32_t i = 0; i < next.size(); ++i) {
    if (!is_placed[i]) order.push_back(i);
  }
  return order;
}

}  // namespace

bool stands_before(const model::ServiceMiddleware& middleware, const model::Flow& flow,
                   const model::Service& service) {
  if (flow.trigger != model::Trigger::kRoute && flow.trigger != model::Trigger::kSlug) return false;
  if (middleware.paths.empty()) return true;
  return flow.route && llvm::any_of(middleware.paths, [&](const model::ScopePath& path) {
           return is_below(*flow.route, service.base, path.text);
         });
}

namespace {

class MiddlewareArranger {
 public:
  // The bodies of all chains are resolved.
  MiddlewareArranger(const model::Program& program, const MiddlewareRules& rules);

  // What stands before a flow. `written` is its own list, which keeps its order.
  [[nodiscard]] model::Block arrange(const model::Flow& flow, const model::Block& written) const;

 private:
  // What it means to run something.
  struct Facts {
    llvm::BitVector members;      // which of them run
    bool needs_identity = false;  // it finds out who asks, or requires what does
  };

  void find_facts();
  void find_facts_of(model::ChainId chain);
  [[nodiscard]] std::vector<model::ChainId> chains_of(model::ChainId chain) const;
  void add_facts(const model::Statement& use, Facts& facts) const;
  [[nodiscard]] model::Block collect(const model::Flow& flow, const model::Block& written) const;

  const model::Program& program_;
  const MiddlewareRules& rules_;
  std::vector<Facts> chains_;  // by ChainId
};

MiddlewareArranger::MiddlewareArranger(const model::Program& program, const MiddlewareRules& rules)
    : program_(program), rules_(rules), chains_(program.chains.size()) {
  find_facts();
}

void MiddlewareArranger::add_facts(const model::Statement& use, Facts& facts) const {
  const MiddlewareRules::Index index = rules_.index_of(use.step, use.chain);
  if (index != MiddlewareRules::kNone) facts.members.set(index);
  if (use.chain.is_valid()) {
    const Facts& inner = chains_[use.chain.index()];
    facts.members |= inner.members;
    facts.needs_identity = facts.needs_identity || inner.needs_identity;
  } else if (use.step.is_valid()) {
    facts.needs_identity = facts.needs_identity || program_.steps[use.step].auth;
  }
}

// What the facts of a chain are made of: the steps and chains in it, and those that it requires.
std::vector<model::ChainId> MiddlewareArranger::chains_of(model::ChainId chain) const {
  std::vector<model::ChainId> chains;
  model::for_each_statement_of(program_.chains[chain].body, [&](const model::Statement& statement) {
    if (statement.kind == model::StatementKind::kChain) chains.push_back(statement.chain);
  });
  for (const model::OrderRule& rule : program_.chains[chain].order) {
    if (rule.kind == model::OrderRule::Kind::kRequires && rule.other.chain.is_valid())
      chains.push_back(rule.other.chain);
  }
  return chains;
}

void MiddlewareArranger::find_facts() {
  // Depth first with a stack of its own: chains nest as deep as a file says. A cycle, which is reported, ends
  // where it closes.
  std::vector<bool> is_seen(chains_.size());
  struct Frame {
    model::ChainId chain;
    std::vector<model::ChainId> inner;
    std::size_t next = 0;
  };
  for (std::size_t i = 0; i < chains_.size(); ++i) {
    if (is_seen[i]) continue;
    std::vector<Frame> stack;
    const auto enter = [&](model::ChainId chain) {
      is_seen[chain.index()] = true;
      stack.push_back({chain, chains_of(chain)});
    };
    enter(model::ChainId(i));
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next < frame.inner.size()) {
        const model::ChainId inner = frame.inner[frame.next++];
        if (!is_seen[inner.index()]) enter(inner);
        continue;
      }
      find_facts_of(frame.chain);
      stack.pop_back();
    }
  }
}

void MiddlewareArranger::find_facts_of(model::ChainId chain) {
  Facts facts{llvm::BitVector(static_cast<unsigned>(rules_.size()))};
  model::for_each_statement_of(program_.chains[chain].body, [&](const model::Statement& statement) {
    const bool is_use =
        statement.kind == model::StatementKind::kChain || statement.kind == model::StatementKind::kStep;
    if (is_use) add_facts(statement, facts);
  });
  for (const model::OrderRule& rule : program_.chains[chain].order) {
    if (rule.kind != model::OrderRule::Kind::kRequires) continue;
    Facts required{llvm::BitVector(static_cast<unsigned>(rules_.size()))};
    add_facts(use_of(rule.other), required);
    facts.needs_identity = facts.needs_identity || required.needs_identity;
  }
  chains_[chain.index()] = std::move(facts);
}

// Of the service first, then of the flow. What the flow runs by itself is not put before it again, and what
// asks who it is not before a `public` flow.
model::Block MiddlewareArranger::collect(const model::Flow& flow, const model::Block& written) const {
  const model::ServiceId id = program_.packages[flow.origin.package].service;
  if (!id.is_valid() || program_.services[id].middleware.empty()) return written;
  Facts known{llvm::BitVector(static_cast<unsigned>(rules_.size()))};
  for (const model::Statement& use : written)
    add_facts(use, known);
  model::Block elements;
  for (const model::ServiceMiddleware& middleware : program_.services[id].middleware) {
    if (!stands_before(middleware, flow, program_.services[id])) continue;
    for (const model::Middleware& use : middleware.uses) {
      const model::Statement statement = use_of(use);
      const MiddlewareRules::Index index = rules_.index_of(use.step, use.chain);
      if (index != MiddlewareRules::kNone && known.members.test(index)) continue;
      Facts facts{llvm::BitVector(static_cast<unsigned>(rules_.size()))};
      add_facts(statement, facts);
      if (flow.is_public && facts.needs_identity) continue;
      known.members |= facts.members;
      elements.push_back(statement);
    }
  }
  elements.insert(elements.end(), written.begin(), written.end());
  return elements;
}

model::Block MiddlewareArranger::arrange(const model::Flow& flow, const model::Block& written) const {
  model::Block elements = collect(flow, written);
  if (elements.size() < 2 || rules_.is_empty()) return elements;
  std::vector<llvm::BitVector> members;
  llvm::DenseMap<MiddlewareRules::Index, std::vector<std::uint32_t>> runners;
  for (std::uint32_t i = 0; i < elements.size(); ++i) {
    Facts facts{llvm::BitVector(static_cast<unsigned>(rules_.size()))};
    add_facts(elements[i], facts);
    for (const unsigned member : facts.members.set_bits())
      runners[member].push_back(i);
    members.push_back(std::move(facts.members));
  }
  std::vector<std::vector<std::uint32_t>> next(elements.size());
  for (std::size_t i = elements.size() - written.size() + 1; i < elements.size(); ++i)
    next[i - 1].push_back(static_cast<std::uint32_t>(i));
  for (const auto& [member, first] : runners) {
    for (const std::uint32_t index : rules_.rules_of(member)) {
      const MiddlewareRules::Rule& rule = rules_.rules()[index];
      if (rule.first() != member) continue;
      const auto second = runners.find(rule.second());
      if (second == runners.end()) continue;
      for (const std::uint32_t before : first) {
        for (const std::uint32_t after : second->second) {
          // What runs both has its own order.
          if (members[before].test(rule.second()) || members[after].test(rule.first())) continue;
          next[before].push_back(after);
        }
      }
    }
  }
  model::Block result;
  for (const std::uint32_t index : sorted(next))
    result.push_back(std::move(elements[index]));
  return result;
}

}  // namespace

void arrange_middleware(const model::Program& program, const MiddlewareRules& rules, WrittenBodies& bodies) {
  const MiddlewareArranger arranger(program, rules);
  bodies.middleware.reserve(bodies.before.size());
  for (std::size_t i = 0; i < bodies.before.size(); ++i) {
    bodies.middleware.push_back(arranger.arrange(program.flows[model::FlowId(i)], bodies.before[i]));
  }
}

}  // namespace zc::check
