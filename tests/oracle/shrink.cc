// Leaves out of a program whatever it differs without.

#include "tests/oracle/compare.h"

#include <functional>
#include <utility>

namespace oracle {

namespace {

using Cut = std::function<void(Program&)>;

// Every single thing that can be left out.
class Cuts {
 public:
  explicit Cuts(const Program& program) {
    for (std::size_t flow = 0; flow < program.flows.size(); ++flow) {
      this->flow(program.flows[flow], flow);
    }
  }

  std::vector<Cut> all;

 private:
  void flow(const Flow& flow, std::size_t index) {
    all.push_back([index](Program& program) { program.flows[index].before.clear(); });
    std::size_t number = 0;
    for_each_block_of(flow, [&](const Block& block) {
      for (std::size_t i = 0; i < block.size(); ++i)
        statement(block[i], index, number, i);
      ++number;
    });
    for (std::size_t i = 0; i < flow.steps.size(); ++i)
      step(flow.steps[i], index, i);
  }

  template <typename Change> void on_block(std::size_t flow, std::size_t wanted, Change change) {
    all.push_back([=](Program& program) {
      std::size_t number = 0;
      Block* found = nullptr;
      for_each_block_of(program.flows[flow], [&](Block& block) {
        if (number++ == wanted) found = &block;
      });
      if (found != nullptr) change(*found);
    });
  }

  void statement(const Statement& written, std::size_t flow, std::size_t number, std::size_t at) {
    on_block(flow, number,
             [at](Block& block) { block.erase(block.begin() + static_cast<std::ptrdiff_t>(at)); });
    for (std::size_t i = 0; i < written.blocks.size(); ++i) {
      // What is in it, in its place.
      on_block(flow, number, [at, i](Block& block) {
        Block inner = std::move(block[at].blocks[i]);
        block.erase(block.begin() + static_cast<std::ptrdiff_t>(at));
        block.insert(block.begin() + static_cast<std::ptrdiff_t>(at), inner.begin(), inner.end());
      });
      if (written.blocks.size() > 1) {
        on_block(flow, number, [at, i](Block& block) {
          block[at].blocks.erase(block[at].blocks.begin() + static_cast<std::ptrdiff_t>(i));
        });
      }
    }
    for (std::size_t i = 0; i < written.errors.size() && written.errors.size() > 1; ++i) {
      on_block(flow, number, [at, i](Block& block) {
        block[at].errors.erase(block[at].errors.begin() + static_cast<std::ptrdiff_t>(i));
      });
    }
    if (written.kind == StatementKind::kReturn && !written.reads.empty())
      on_block(flow, number, [at](Block& block) { block[at].reads.clear(); });
  }

  template <typename Change> void on_step(std::size_t flow, std::size_t index, Change change) {
    all.push_back([=](Program& program) { change(program.flows[flow].steps[index]); });
  }
  template <typename Values>
  void drop_each(std::size_t flow, std::size_t index, const Values& values, Values Step::* member) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      on_step(flow, index, [member, i](Step& step) {
        (step.*member).erase((step.*member).begin() + static_cast<std::ptrdiff_t>(i));
      });
    }
  }

  void step(const Step& written, std::size_t flow, std::size_t index) {
    drop_each(flow, index, written.needs, &Step::needs);
    drop_each(flow, index, written.inserts, &Step::inserts);
    drop_each(flow, index, written.replaces, &Step::replaces);
    drop_each(flow, index, written.then_reads, &Step::then_reads);
    drop_each(flow, index, written.then_writes, &Step::then_writes);
    if (written.may_done) on_step(flow, index, [](Step& step) { step.may_done = false; });
    if (written.has_then) {
      on_step(flow, index, [](Step& step) {
        step.has_then = false;
        step.then_reads.clear();
        step.then_writes.clear();
      });
    }
    if (written.kind == StepKind::kBody) {
      drop_each(flow, index, written.reads, &Step::reads);
      drop_each(flow, index, written.writes, &Step::writes);
      drop_each(flow, index, written.mappings, &Step::mappings);
    } else {
      // A C++ step in its stead.
      on_step(flow, index, [](Step& step) {
        step.kind = StepKind::kBody;
        for (Mapping& mapping : step.mappings)
          mapping.kinds = 0;
      });
      on_step(flow, index, [](Step& step) {
        step.effect.policy.retries = 0;
        step.effect.policy.hedges = 0;
      });
    }
  }
};

// A flow that says nothing.
void clear(Flow& flow) {
  Flow empty;
  empty.name = flow.name;
  empty.trigger = Trigger::kCron;
  flow = std::move(empty);
}

// How the first difference begins, without names: what is left must still differ in this.
std::string symptom(const Program& program, const std::string& prelude) {
  const Comparison comparison = compare(program, prelude);
  if (comparison.differences.empty()) return "";
  std::string text = comparison.differences.front();
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text.substr(0, 40);
}

}  // namespace

Program shrink(Program program, const std::string& prelude) {
  const std::string wanted = symptom(program, prelude);
  for (std::size_t i = program.flows.size(); i-- > 0;) {
    Program smaller = program;
    clear(smaller.flows[i]);
    if (symptom(smaller, prelude) == wanted) program = std::move(smaller);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const Cut& cut : Cuts(program).all) {
      Program smaller = program;
      cut(smaller);
      if (print(smaller).text.size() >= print(program).text.size() || symptom(smaller, prelude) != wanted)
        continue;
      program = std::move(smaller);
      changed = true;
      break;
    }
  }
  return program;
}

}  // namespace oracle
