// Makes up flows.

#include "tests/oracle/generate_steps.h"

#include <algorithm>
#include <set>
#include <utility>

namespace oracle {

namespace {

void add_errors(const Flow& flow, const Step& step, std::set<int>& errors) {
  for (const Mapping& mapping : step.mappings)
    errors.insert(mapping.error);
  if (step.kind == StepKind::kEffect && step.mappings.empty()) {
    for (int kind = 0; kind < 6; ++kind) {
      const unsigned fails = operations()[static_cast<std::size_t>(step.effect.operation)].fails;
      if ((fails & (1U << static_cast<unsigned>(kind))) != 0) errors.insert(kind);
    }
  }
  if (step.kind == StepKind::kExtract) errors.insert(0);
  for (const int need : step.needs)
    add_errors(flow, flow.steps[static_cast<std::size_t>(need)], errors);
}

// Roughly what a block can fail with: handlers are made up for these.
std::set<int> errors_of(const Program& program, int index, const Block& block) {
  std::set<int> errors;
  const Flow& flow = program.flows[static_cast<std::size_t>(index)];
  for_each_block(block, [&](const Block& inner) {
    for (const Statement& statement : inner) {
      if (statement.kind == StatementKind::kStep)
        add_errors(flow, flow.steps[static_cast<std::size_t>(statement.index)], errors);
      if (statement.kind == StatementKind::kChain)
        errors.merge(errors_of(program, index, flow.chains[static_cast<std::size_t>(statement.index)]));
    }
  });
  return errors;
}

class Generator final : private StepGenerator {
 public:
  Generator(Random& random, Program& program, int index) : StepGenerator(random, program, index) {}

  void run() {
    program_.flows.emplace_back();
    flow().name = "f" + std::to_string(index_);
    if (random_.percent(18)) flow().trigger = random_.percent(60) ? Trigger::kJob : Trigger::kCron;
    declare_slots();
    Likely likely;
    if (flow().trigger == Trigger::kJob) {
      for (int i = random_.between(0, 2); i > 0; --i) {
        const int slot = ints_[static_cast<std::size_t>(i - 1)];
        flow().parameters.push_back(slot);
        likely.insert(slot);
      }
    }
    if (flow().trigger == Trigger::kSlug && random_.percent(15)) before(likely);
    Place place;
    place.may_answer = flow().trigger == Trigger::kSlug;
    Block body = block(random_.between(1, 7), place, likely);
    // It may have ended with an answer already, and now and then forgets to.
    if (flow().trigger == Trigger::kSlug && !random_.percent(3)) finish(body, likely);
    if (random_.percent(8)) add_on_cancel(body, likely);
    flow().body = std::move(body);
  }

 private:
  static Statement make(StatementKind kind, int index = kNone) {
    Statement statement;
    statement.kind = kind;
    statement.index = index;
    return statement;
  }

  void run_step(Block& out, const Place& place, Likely& likely) {
    // Seldom one again that has run already.
    const bool again = !flow().steps.empty() && random_.percent(3);
    int index =
        again ? random_.between(0, static_cast<int>(flow().steps.size()) - 1) : some_step(place, likely);
    const Step* step = &flow().steps[static_cast<std::size_t>(index)];
    if (again && (step->may_done || !step->inserts.empty() || !step->replaces.empty())) {
      index = some_step(place, likely);
      step = &flow().steps[static_cast<std::size_t>(index)];
    }
    note(step->writes, likely);
    out.push_back(make(StatementKind::kStep, index));
  }

  Block block(int count, const Place& place, Likely& likely) override {
    Block out;
    const Likely begin = likely;
    for (int i = 0; i < count; ++i) {
      if (!statement(out, place, begin, likely)) break;
    }
    return out;
  }

  // False behind an answer.
  bool statement(Block& out, const Place& place, const Likely& begin, Likely& likely) {
    const std::size_t choice = place.depth > 2 ? 0 : random_.below(100);
    if (choice < 52) {
      run_step(out, place, likely);
    } else if (choice < 63) {
      when(out, place, likely);
    } else if (choice < 71) {
      parallel(out, place, likely);
    } else if (choice < 76) {
      each(out, place, likely);
    } else if (choice < 80) {
      Statement saga = make(StatementKind::kSaga);
      saga.blocks.push_back(block(random_.between(1, 3), place.inside(), likely));
      out.push_back(std::move(saga));
    } else if (choice < 82) {
      Statement sequential = make(StatementKind::kSequential);
      Place list = place.inside();
      list.may_handle = false;
      sequential.blocks.push_back(block(random_.between(1, 3), list, likely));
      out.push_back(std::move(sequential));
    } else if (choice < 87) {
      const int index = chain(block(random_.between(1, 3), place.inside(), likely));
      out.push_back(make(StatementKind::kChain, index));
    } else if (choice < 95 && place.may_handle) {
      rescue(out, place, begin, likely);
    } else if (choice < 97 && place.may_handle) {
      on_error(out, place, begin, likely);
    } else if (choice < 99) {
      enqueue(out, likely);
    } else if (place.may_answer) {
      finish(out, likely);
      return random_.percent(5);
    }
    return true;
  }

  void when(Block& out, const Place& place, Likely& likely) {
    Statement statement = make(StatementKind::kWhen);
    statement.reads.push_back(read_of(ints_, likely));
    Likely first = likely;
    statement.blocks.push_back(block(random_.between(1, 3), place.inside(), first));
    const bool answers = place.may_answer && random_.percent(25);
    if (answers) finish(statement.blocks.back(), first);
    Likely second = likely;
    if (random_.percent(50)) statement.blocks.push_back(block(random_.between(0, 3), place.inside(), second));
    if (answers) first = second;
    // Set where both have set it; sometimes one is thought enough.
    likely.touched.insert(first.touched.begin(), first.touched.end());
    likely.touched.insert(second.touched.begin(), second.touched.end());
    for (const int slot : first.set) {
      if (second.contains(slot) || random_.percent(5)) likely.insert(slot);
    }
    out.push_back(std::move(statement));
  }

  void parallel(Block& out, const Place& place, Likely& likely) {
    Statement statement = make(StatementKind::kParallel);
    const Likely begin = likely;
    const int count = random_.between(1, 3);
    Likely taken;  // what one writes the others neither read nor write, as a rule
    for (int i = 0; i < count; ++i) {
      Likely inside = begin;
      if (!random_.percent(5)) inside.touched.insert(taken.touched.begin(), taken.touched.end());
      Block branch = block(random_.between(1, 3), place.beside(), inside);
      // A handler needs statements before it, and a branch something to do.
      if (branch.empty()) continue;
      taken.insert(inside);
      statement.blocks.push_back(std::move(branch));
    }
    likely.insert(taken);
    if (!statement.blocks.empty()) out.push_back(std::move(statement));
  }

  void each(Block& out, const Place& place, Likely& likely) {
    Statement statement = make(StatementKind::kEach);
    statement.reads.push_back({any_set(lists_, likely, 97), false});
    statement.item = any_unset(false, likely);
    statement.most = static_cast<std::uint32_t>(random_.between(1, 20));
    statement.parallel = random_.percent(50) ? 1 : static_cast<std::uint32_t>(random_.between(2, 5));
    Likely inside = likely;
    inside.insert(statement.item);
    statement.blocks.push_back(block(random_.between(1, 3), place.beside(), inside));
    if (random_.percent(40)) {
      statement.results = any_unset(true, likely);
      likely.insert(statement.results);
    }
    out.push_back(std::move(statement));
  }

  void rescue(Block& out, const Place& place, const Likely& begin, Likely& likely) {
    const std::set<int> possible = errors_of(program_, index_, out);
    if (possible.empty()) return;
    Statement statement = make(StatementKind::kRescue);
    pick_errors(possible, statement);
    Likely inside = begin;
    inside.touched = likely.touched;
    statement.blocks.push_back(block(random_.between(0, 2), place.inside(), inside));
    likely.touched.insert(inside.touched.begin(), inside.touched.end());
    // Mostly it makes up for what the step before it did not do.
    std::vector<int> missing;
    if (out.back().kind == StatementKind::kStep) {
      for (const SlotUse& use : flow().steps[static_cast<std::size_t>(out.back().index)].writes) {
        if (!begin.touched.contains(use.slot)) missing.push_back(use.slot);
      }
    }
    if (place.may_answer && random_.percent(35)) {
      finish(statement.blocks.back(), inside);
    } else {
      for (const int slot : missing) {
        if (!random_.percent(80)) continue;
        Step step;
        step.writes.push_back({slot, false});
        statement.blocks.back().push_back(make(StatementKind::kStep, add_step(std::move(step))));
      }
    }
    out.push_back(std::move(statement));
  }

  void pick_errors(const std::set<int>& possible, Statement& handler) {
    for (const int error : possible) {
      if (random_.percent(50)) handler.errors.push_back(error);
    }
    if (handler.errors.empty()) handler.errors.push_back(*possible.begin());
    const int other = random_.between(0, kErrors - 1);
    if (random_.percent(4) && !possible.contains(other)) handler.errors.push_back(other);
  }

  void on_error(Block& out, const Place& place, const Likely& begin, const Likely& likely) {
    const std::set<int> possible = errors_of(program_, index_, out);
    // A block of handlers alone does nothing.
    if (out.empty()) return;
    Statement statement = make(StatementKind::kOnError);
    if (!possible.empty() && random_.percent(60)) pick_errors(possible, statement);
    Likely inside = begin;
    inside.touched = likely.touched;
    statement.blocks.push_back(block(random_.between(1, 2), place.inside(), inside));
    if (place.may_answer && random_.percent(30)) finish(statement.blocks.back(), inside);
    out.push_back(std::move(statement));
  }

  // Cleaning up cannot fail: there is nobody to tell.
  void add_on_cancel(Block& out, const Likely& likely) {
    Statement statement = make(StatementKind::kOnCancel);
    statement.blocks.emplace_back();
    Likely knowing = likely;
    Likely nothing;
    nothing.touched = likely.touched;
    Place place = Place{}.beside();
    const bool knows = random_.percent(10);
    statement.blocks.back().push_back(
        make(StatementKind::kStep, body_step(place, knows ? knowing : nothing, false)));
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(random_.below(out.size() + 1)),
               std::move(statement));
  }

  void enqueue(Block& out, const Likely& likely) {
    std::vector<int> jobs;
    for (int i = 0; i < index_; ++i) {
      if (program_.flows[static_cast<std::size_t>(i)].trigger == Trigger::kJob) jobs.push_back(i);
    }
    if (jobs.empty()) return;
    Statement statement = make(StatementKind::kEnqueue, random_.one_of(jobs));
    const Flow& job = program_.flows[static_cast<std::size_t>(statement.index)];
    for (std::size_t i = 0; i < job.parameters.size(); ++i)
      statement.reads.push_back(read_of(ints_, likely));
    out.push_back(std::move(statement));
  }

  // An answer, or another flow that answers.
  void finish(Block& out, const Likely& likely) override {
    std::vector<int> others;
    for (int i = 0; i < index_; ++i) {
      if (program_.flows[static_cast<std::size_t>(i)].trigger == Trigger::kSlug) others.push_back(i);
    }
    if (!others.empty() && random_.percent(5)) {
      out.push_back(make(StatementKind::kCall, random_.one_of(others)));
      return;
    }
    Statement statement = make(StatementKind::kReturn);
    if (random_.percent(70)) statement.reads.push_back(read_of(ints_, likely));
    out.push_back(std::move(statement));
  }

  void before(Likely& likely) {
    Place place;
    place.may_answer = false;
    for (int i = random_.between(1, 2); i > 0; --i) {
      if (random_.percent(50)) {
        flow().before.push_back(
            make(StatementKind::kChain, chain(block(random_.between(1, 2), place, likely))));
      } else {
        run_step(flow().before, place, likely);
      }
    }
  }
};

}  // namespace

Program generate(Random& random, std::size_t flows) {
  Program program;
  for (std::size_t i = 0; i < flows; ++i)
    Generator(random, program, static_cast<int>(i)).run();
  return program;
}

}  // namespace oracle
