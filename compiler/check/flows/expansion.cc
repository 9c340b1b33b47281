// Expands chains, calls and alternatives.

#include "compiler/check/flows/expansion.h"

#include "compiler/check/transactions/transactions.h"
#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/STLExtras.h>

#include <iterator>
#include <utility>

namespace zc::check {

namespace {

constexpr std::size_t kMaxStatements = 20'000;  // of one flow
constexpr std::size_t kMaxDepth = 100;          // of blocks in blocks, and of `rescue` around `rescue`

// A `rescue` stands around what is before it in its block, those before it included.
bool is_rescue(const model::Statement& statement) { return statement.kind == model::StatementKind::kRescue; }

class Expander {
 public:
  Expander(Context& context, const WrittenBodies& bodies, const CutCalls& cut, model::FlowId id)
      : context_(context), bodies_(bodies), cut_(cut), id_(id) {}

  void expand() {
    const Caller self{Caller::Kind::kFlow, id_.raw()};
    model::Block body = expand(bodies_.middleware[id_.index()], self);
    flow().before = body.size();
    append(expand(bodies_.flows[id_.index()], self), body);
    flow().body = std::move(body);
    flow().alternatives = std::move(alternatives_);
    if (is_too_large_) {
      context_.large_flows.push_back(id_);
      context_.engine.report(Kind::kFlowTooLarge, flow().origin.span, flow().origin.name, kMaxStatements,
                             kMaxDepth);
    }
  }

 private:
  model::Flow& flow() { return context_.program.flows[id_]; }

  [[nodiscard]] bool is_cut(Caller from, Caller to) const { return cut_.contains({from, to}); }

  model::Block expand(const model::Block& written, Caller from) {
    model::Block result;
    const auto depth = 1 + static_cast<std::size_t>(llvm::count_if(written, is_rescue));
    if (depth_ + depth > kMaxDepth) {
      is_too_large_ = true;
      return result;
    }
    depth_ += depth;
    result.reserve(written.size());
    for (const model::Statement& statement : written) {
      if (++count_ > kMaxStatements) {
        is_too_large_ = true;
        break;
      }
      result.push_back(one(statement, from));
    }
    depth_ -= depth;
    return result;
  }

  static void append(model::Block statements, model::Block& block) {
    block.insert(block.end(), std::make_move_iterator(statements.begin()),
                 std::make_move_iterator(statements.end()));
  }

  model::Statement one(const model::Statement& written, Caller from) {
    if (written.kind == model::StatementKind::kStep && written.step.is_valid()) return step(written, from);
    model::Statement result = written;
    if (written.kind == model::StatementKind::kChain) {
      const Caller to{Caller::Kind::kChain, written.chain.raw()};
      if (!is_cut(from, to))
        result.branches.push_back(expand(context_.program.chains[written.chain].body, to));
      return result;
    }
    if (written.kind == model::StatementKind::kCall) {
      const Caller to{Caller::Kind::kFlow, written.flow.raw()};
      if (!is_cut(from, to)) {
        model::Block body = expand(bodies_.before[written.flow.index()], to);
        append(expand(bodies_.flows[written.flow.index()], to), body);
        // That is for those who ask for the called flow.
        llvm::erase_if(body, [](const model::Statement& statement) {
          return statement.kind == model::StatementKind::kOnOverload;
        });
        result.branches.push_back(std::move(body));
      }
      return result;
    }
    for (std::size_t i = 0; i < written.branches.size(); ++i)
      result.branches[i] = expand(written.branches[i], from);
    if (written.kind == model::StatementKind::kTx)
      place_commits(*written.transaction, result.branches.front());
    return result;
  }

  model::Statement step(const model::Statement& written, Caller from) {
    model::Statement result = written;
    const Caller self{Caller::Kind::kStep, written.step.raw()};
    if (is_cut(from, self)) return result;
    const model::Step& step = context_.program.steps[written.step];
    for (const model::StepId needed : step.may_need) {
      model::Block body;
      body.push_back(use(needed, written.span));
      if (step.then.is_valid()) body.push_back(use(step.then, written.span));
      add_alternative(result, model::Alternative::Kind::kNeed, needed, {}, expand(body, self));
    }
    for (const model::ChainId chain : step.may_insert) {
      add_alternative(result, model::Alternative::Kind::kInsert, {}, chain, chain_body(self, chain));
    }
    for (const model::ChainId chain : step.may_replace) {
      add_alternative(result, model::Alternative::Kind::kReplace, {}, chain, chain_body(self, chain));
    }
    return result;
  }

  model::Block chain_body(Caller from, model::ChainId chain) {
    const Caller to{Caller::Kind::kChain, chain.raw()};
    return is_cut(from, to) ? model::Block() : expand(context_.program.chains[chain].body, to);
  }

  static model::Statement use(model::StepId step, Span span) {
    model::Statement statement;
    statement.kind = model::StatementKind::kStep;
    statement.step = step;
    statement.span = span;
    return statement;
  }

  void add_alternative(model::Statement& statement, model::Alternative::Kind kind, model::StepId need,
                       model::ChainId chain, model::Block body) {
    model::Alternative alternative;
    alternative.kind = kind;
    alternative.step = statement.step;
    alternative.use = statement.span;
    alternative.need = need;
    alternative.chain = chain;
    alternative.body = std::move(body);
    statement.alternatives.push_back(static_cast<std::uint32_t>(alternatives_.size()));
    alternatives_.push_back(std::move(alternative));
  }

  Context& context_;
  const WrittenBodies& bodies_;
  const CutCalls& cut_;
  model::FlowId id_;
  std::vector<model::Alternative> alternatives_;
  std::size_t count_ = 0;
  std::size_t depth_ = 0;
  bool is_too_large_ = false;
};

// Flows that others need to be expanded.
std::vector<bool> called_flows(const Context& context, const WrittenBodies& bodies) {
  std::vector<bool> called(bodies.flows.size());
  const auto visit = [&](const model::Statement& statement) {
    if (statement.kind == model::StatementKind::kCall) called[statement.flow.index()] = true;
  };
  for (const model::Block& body : bodies.flows)
    model::for_each_statement_of(body, visit);
  for (const model::Chain& chain : context.program.chains)
    model::for_each_statement_of(chain.body, visit);
  return called;
}

}  // namespace

void expand_flows(Context& context, WrittenBodies bodies, const CutCalls& cut) {
  const std::vector<bool> called = called_flows(context, bodies);
  for (std::size_t i = 0; i < context.program.flows.size(); ++i) {
    Expander(context, bodies, cut, model::FlowId(i)).expand();
    bodies.middleware[i] = {};
    if (!called[i]) bodies.flows[i] = {};
  }
}

}  // namespace zc::check
