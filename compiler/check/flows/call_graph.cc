// Finds recursion by depth-first search in order of declaration.

#include "compiler/check/flows/call_graph.h"

#include "compiler/model/graph/cfg.h"

#include <algorithm>

namespace zc::check {

namespace {

struct Call {
  Caller to;
  Span place;
};

class CallGraph {
 public:
  CallGraph(Context& context, const WrittenBodies& bodies) : context_(context), bodies_(bodies) {}

  CutCalls search() {
    for (std::size_t i = 0; i < context_.program.flows.size(); ++i)
      visit({Caller::Kind::kFlow, index(i)});
    for (std::size_t i = 0; i < context_.program.chains.size(); ++i)
      visit({Caller::Kind::kChain, index(i)});
    for (std::size_t i = 0; i < context_.program.steps.size(); ++i)
      visit({Caller::Kind::kStep, index(i)});
    return std::move(cut_);
  }

 private:
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  struct Frame {
    Caller caller;
    std::vector<Call> calls;
    std::size_t next = 0;
  };

  static std::uint32_t index(std::size_t i) { return static_cast<std::uint32_t>(i); }

  State& state(Caller caller) {
    const std::size_t count = caller.kind == Caller::Kind::kChain
                                  ? context_.program.chains.size()
                                  : (caller.kind == Caller::Kind::kFlow ? context_.program.flows.size()
                                                                        : context_.program.steps.size());
    std::vector<State>& states = states_[static_cast<std::size_t>(caller.kind)];
    if (states.empty()) states.resize(count);
    return states[caller.index];
  }

  const model::Origin& origin(Caller caller) const {
    switch (caller.kind) {
      case Caller::Kind::kChain:
        return context_.program.chains[model::ChainId(caller.index)].origin;
      case Caller::Kind::kFlow:
        return context_.program.flows[model::FlowId(caller.index)].origin;
      case Caller::Kind::kStep:
        break;
    }
    return context_.program.steps[model::StepId(caller.index)].origin;
  }

  static void collect(const model::Block& block, std::vector<Call>& calls) {
    model::for_each_statement_of(block, [&](const model::Statement& statement) {
      if (statement.kind == model::StatementKind::kStep) {
        if (!statement.step.is_valid()) return;
        calls.push_back({{Caller::Kind::kStep, statement.step.raw()}, statement.span});
      } else if (statement.kind == model::StatementKind::kChain) {
        calls.push_back({{Caller::Kind::kChain, statement.chain.raw()}, statement.span});
      } else if (statement.kind == model::StatementKind::kCall) {
        calls.push_back({{Caller::Kind::kFlow, statement.flow.raw()}, statement.span});
      }
    });
  }

  [[nodiscard]] std::vector<Call> calls_of(Caller caller) const {
    std::vector<Call> calls;
    if (caller.kind == Caller::Kind::kChain) {
      collect(context_.program.chains[model::ChainId(caller.index)].body, calls);
    } else if (caller.kind == Caller::Kind::kFlow) {
      collect(bodies_.middleware[caller.index], calls);
      collect(bodies_.flows[caller.index], calls);
    } else {
      const model::Step& step = context_.program.steps[model::StepId(caller.index)];
      for (const model::StepId needed : step.may_need)
        calls.push_back({{Caller::Kind::kStep, needed.raw()}, step.origin.span});
      if (step.then.is_valid()) calls.push_back({{Caller::Kind::kStep, step.then.raw()}, step.origin.span});
      for (const auto& chains : {step.may_insert, step.may_replace}) {
        for (const model::ChainId chain : chains)
          calls.push_back({{Caller::Kind::kChain, chain.raw()}, step.origin.span});
      }
    }
    return calls;
  }

  void visit(Caller start) {
    if (state(start) != State::kNew) return;
    state(start) = State::kOpen;
    std::vector<Frame> stack;
    stack.push_back({start, calls_of(start)});
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next == frame.calls.size()) {
        state(frame.caller) = State::kDone;
        stack.pop_back();
        continue;
      }
      const Call call = frame.calls[frame.next++];
      if (state(call.to) == State::kNew) {
        state(call.to) = State::kOpen;
        stack.push_back({call.to, calls_of(call.to)});
      } else if (state(call.to) == State::kOpen) {
        if (cut_.insert({frame.caller, call.to}).second) report(stack, call);
      }
    }
  }

  void report(const std::vector<Frame>& stack, const Call& last) {
    const auto first =
        std::find_if(stack.begin(), stack.end(), [&](const Frame& frame) { return frame.caller == last.to; });
    std::string path;
    for (auto frame = first; frame != stack.end(); ++frame)
      path += "`" + origin(frame->caller).name + "` -> ";
    path += "`" + origin(last.to).name + "`";
    auto& diagnostic = context_.engine.report(Kind::kRecursion, last.place, path);
    for (auto frame = first; frame + 1 < stack.end(); ++frame) {
      diagnostic.secondary(frame->calls[frame->next - 1].place, "which is run here");
    }
    diagnostic.note("a flow has an end that the compiler can see: nothing runs itself");
  }

  Context& context_;
  const WrittenBodies& bodies_;
  std::array<std::vector<State>, 3> states_;
  CutCalls cut_;
};

}  // namespace

CutCalls find_recursion(Context& context, const WrittenBodies& bodies) {
  return CallGraph(context, bodies).search();
}

}  // namespace zc::check
