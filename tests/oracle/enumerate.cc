// Walks every path of a flow with the slots that are set on it. Paths that meet with the same slots set go on
// as one, the later of the two.

#include "tests/oracle/enumerate.h"

#include "tests/oracle/step_ends.h"

#include <algorithm>
#include <map>
#include <utility>

namespace oracle {

namespace {

using Bits = std::uint64_t;

class TooManyStates {};

// The slots that are set, and the latest that this can be so.
using States = std::map<Bits, Time>;

void merge(States& into, Bits bits, Time time) {
  Time& latest = into.try_emplace(bits, time).first->second;
  latest = std::max(latest, time);
}
void merge(States& into, const States& from) {
  for (const auto& [bits, time] : from)
    merge(into, bits, time);
}

// How a statement or block is left.
struct Outcome {
  States next, answered, cancelled;
  std::map<int, States> failed;  // by error
};

void merge_ends(Outcome& into, const Outcome& from) {
  merge(into.answered, from.answered);
  merge(into.cancelled, from.cancelled);
  for (const auto& [error, states] : from.failed)
    merge(into.failed[error], states);
}

struct Seen {
  bool set = false, unset = false;
};

// What one branch of a `parallel` does, as its neighbours see it.
struct Branch {
  std::set<Bits> states;  // it can be in when another one fails
  std::set<int> reads, writes;
};

class Walker {
 public:
  Walker(const Program& program, const std::set<int>& written, int flow, Verdict& verdict)
      : program_(program), written_(written), root_(flow), flow_(flow), verdict_(verdict) {}

  void run() {
    const Flow& flow = program_.flows[static_cast<std::size_t>(flow_)];
    Bits begin = 0;
    for (const int parameter : flow.parameters)
      begin |= bit(parameter);
    const Uses uses = uses_of(flow);
    for (std::size_t i = 0; i < flow.steps.size(); ++i) {
      std::set<int> slots;
      if (uses.steps[i] && flow.steps[i].kind == StepKind::kGroup) check_group(flow.steps[i].group, slots);
    }
    const Outcome outcome = whole_flow({{begin, 0}});
    FlowVerdict& result = verdict_.flows[static_cast<std::size_t>(flow_)];
    const auto end = [&](const States& states) {
      for (const auto& state : states)
        result.worst = std::max(result.worst, state.second);
    };
    end(outcome.next);
    end(outcome.answered);
    for (const auto& [error, states] : outcome.failed) {
      result.errors.insert(error_name(error));
      end(states);
    }
    if (flow.trigger == Trigger::kSlug && !outcome.next.empty()) find(Fault::kNoResponse, "");
    for (const auto& [place, seen] : seen_) {
      if (seen.set && seen.unset) result.maybe_slots.insert(name(place.second));
    }
    for (const int slot : raced_)
      result.raced_slots.insert(name(slot));
    for (const auto& [handler, errors] : arrivals_) {
      const std::vector<int>& named = handler.first->errors;
      const bool all_come =
          std::all_of(named.begin(), named.end(), [&](int error) { return errors.contains(error); });
      if (!errors.empty() && all_come) continue;
      result.has_dead_code = true;
      verdict_.findings.insert({Fault::kHandlerNever, handler.second, ""});
    }
  }

 private:
  static constexpr std::size_t kMostSteps = 20'000;

  [[nodiscard]] const Flow& code() const { return program_.flows[static_cast<std::size_t>(flow_)]; }
  [[nodiscard]] const std::string& name(int slot) const {
    return program_.slots[static_cast<std::size_t>(slot)].name;
  }
  void find(Fault fault, std::string subject) {
    verdict_.findings.insert({fault, flow_, std::move(subject)});
  }

  Bits bit(int slot) {
    const auto number = bits_.try_emplace(slot, bits_.size()).first->second;
    if (number >= 64) throw TooManyStates();
    return Bits{1} << number;
  }

  // --- reads and writes at one state ---

  void read(const std::vector<SlotUse>& reads, Bits state) {
    for (const SlotUse& use : reads) {
      const bool is_set = (state & bit(use.slot)) != 0;
      Seen& seen = seen_[{place_, use.slot}];
      (is_set ? seen.set : seen.unset) = true;
      for (Branch* branch : branches_)
        branch->reads.insert(use.slot);
      if (!is_set && !use.optional && written_.contains(use.slot)) find(Fault::kRead, name(use.slot));
    }
  }

  // All states behind the writes: each optional one happens or does not.
  std::vector<Bits> write(const std::vector<SlotUse>& writes, const std::vector<SlotUse>& reads, Bits state) {
    std::vector<Bits> states{state};
    for (const SlotUse& use : writes) {
      const bool changes =
          std::any_of(reads.begin(), reads.end(), [&](const SlotUse& read) { return read.slot == use.slot; });
      if ((state & bit(use.slot)) != 0 && !changes) find(Fault::kDoubleWrite, name(use.slot));
      for (Branch* branch : branches_)
        branch->writes.insert(use.slot);
      for (const Bits before : elements_) {
        if (changes && (before & bit(use.slot)) != 0) find(Fault::kRace, name(use.slot));
      }
      const std::size_t count = states.size();
      for (std::size_t i = 0; i < count; ++i) {
        if (use.optional) states.push_back(states[i]);
        states[i] |= bit(use.slot);
      }
    }
    // Outside of an `each` nothing of what its elements do is seen.
    for (std::size_t i = hidden_branches_; i < branches_.size(); ++i)
      branches_[i]->states.insert(states.begin(), states.end());
    return states;
  }

  // --- steps ---

  // Members that run side by side or one after the other, and more than one of which gets its slot set.
  void check_group(const Group& group, std::set<int>& slots) {
    const bool one_wins = group.join == Join::kAny || group.join == Join::kFirstSuccess ||
                          group.join == Join::kRace || group.join == Join::kHedge ||
                          (group.join == Join::kQuorum && group.count == 1);
    std::set<int> here;
    for (const Member& member : group.members) {
      if (member.slot == kNone) continue;
      if (!here.insert(member.slot).second && !one_wins) find(Fault::kDoubleWrite, name(member.slot));
    }
    for (const Group& nested : group.nested) {
      std::set<int> inside;
      check_group(nested, inside);
      for (const int slot : inside) {
        if (!here.insert(slot).second && !one_wins) find(Fault::kDoubleWrite, name(slot));
      }
    }
    slots.insert(here.begin(), here.end());
  }

  void fail_and_write(const Step& step, const std::vector<SlotUse>& reads, const std::vector<SlotUse>& writes,
                      Time time, bool may_cancel, Bits state, Time begin, Outcome& out) {
    if (++steps_ > kMostSteps) throw TooManyStates();
    read(reads, state);
    const Time end = add(begin, time);
    for (const int error : errors_of(step))
      merge(out.failed[error], state, end);
    // A step in C++ does not wait, so nothing can be cancelled in it.
    if (may_cancel) merge(out.cancelled, state, end);
    for (const Bits behind : write(writes, reads, state))
      merge(out.next, behind, end);
  }

  Outcome step(int index, const States& in) {
    const Step& step = code().steps[static_cast<std::size_t>(index)];
    Outcome out;
    for (const auto& [state, begin] : in)
      fail_and_write(step, step.reads, step.writes, time_of(step), waits(step), state, begin, out);
    if (step.may_done) merge(out.answered, in);
    for (const int need : step.needs) {
      const std::size_t outer = enter(&step, static_cast<std::size_t>(need));
      Outcome needed = this->step(need, in);
      if (step.has_then) {
        enter(&step.has_then, static_cast<std::size_t>(need));
        States between;
        std::swap(between, needed.next);
        for (const auto& [state, begin] : between)
          fail_and_write(step, step.then_reads, step.then_writes, 0, false, state, begin, needed);
      }
      place_ = outer;
      merge(out.next, needed.next);
      merge_ends(out, needed);
    }
    for (const int chain : step.inserts) {
      const std::size_t outer = enter(&step, 1000 + static_cast<std::size_t>(chain));
      const Outcome inserted = block(code().chains[static_cast<std::size_t>(chain)], in);
      place_ = outer;
      merge(out.next, inserted.next);
      merge_ends(out, inserted);
    }
    for (const int chain : step.replaces) {
      const std::size_t outer = enter(&step, 2000 + static_cast<std::size_t>(chain));
      const Outcome replaced = block(code().chains[static_cast<std::size_t>(chain)], in);
      place_ = outer;
      const bool answers = program_.flows[static_cast<std::size_t>(root_)].trigger == Trigger::kSlug;
      if (answers && !replaced.next.empty()) verdict_.findings.insert({Fault::kNoResponse, root_, ""});
      merge(out.answered, replaced.next);  // nothing follows
      merge_ends(out, replaced);
    }
    return out;
  }

  // --- statements ---

  // A place of the flow with all that is expanded in it: where code stands twice, it is two places.
  std::size_t enter(const void* what, std::size_t which = 0) {
    const auto place = places_.try_emplace({place_, what, which}, places_.size() + 1).first->second;
    return std::exchange(place_, place);
  }

  Outcome statement(const Statement& statement, const States& in) {
    const std::size_t outer = enter(&statement);
    Outcome out = inside(statement, in);
    place_ = outer;
    return out;
  }

  Outcome inside(const Statement& statement, const States& in) {
    for (const auto& state : in)
      read(statement.reads, state.first);
    switch (statement.kind) {
      case StatementKind::kStep:
        return step(statement.index, in);
      case StatementKind::kChain:
        return block(code().chains[static_cast<std::size_t>(statement.index)], in);
      case StatementKind::kSequential:
      case StatementKind::kSaga:
        return block(statement.blocks[0], in);
      case StatementKind::kCall: {
        const int caller = std::exchange(flow_, statement.index);
        Outcome out = whole_flow(in);
        flow_ = caller;
        return out;
      }
      case StatementKind::kParallel:
        return each_state(in, [&](Bits state, Time begin) { return parallel(statement, state, begin); });
      case StatementKind::kEach:
        return each_state(in, [&](Bits state, Time begin) { return each(statement, state, begin); });
      case StatementKind::kWhen: {
        Outcome out = block(statement.blocks[0], in);
        if (statement.blocks.size() == 1) {
          merge(out.next, in);
        } else {
          const Outcome otherwise = block(statement.blocks[1], in);
          merge(out.next, otherwise.next);
          merge_ends(out, otherwise);
        }
        return out;
      }
      case StatementKind::kReturn: {
        Outcome out;
        out.answered = in;
        return out;
      }
      default: {  // kEnqueue; handlers run in `walk`
        Outcome out;
        out.next = in;
        out.cancelled = in;
        return out;
      }
    }
  }

  template <typename Walk> Outcome each_state(const States& in, const Walk& walk) {
    Outcome out;
    for (const auto& [state, begin] : in) {
      const Outcome one = walk(state, begin);
      merge(out.next, one.next);
      merge_ends(out, one);
    }
    return out;
  }

  Outcome parallel(const Statement& statement, Bits state, Time begin) {
    std::vector<Branch> branches(statement.blocks.size());
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < branches.size(); ++i) {
      branches[i].states.insert(state);
      branches_.push_back(&branches[i]);
      outcomes.push_back(block(statement.blocks[i], {{state, begin}}));
      branches_.pop_back();
    }
    for (std::size_t i = 0; i < branches.size(); ++i) {
      for (std::size_t other = 0; other < branches.size(); ++other) {
        if (i != other) compare(branches[i], branches[other]);
      }
    }
    Outcome out;
    out.next = {{state, begin}};
    for (const Outcome& outcome : outcomes) {
      States joined;
      for (const auto& [left, left_end] : out.next) {
        for (const auto& [right, right_end] : outcome.next)
          merge(joined, left | right, std::max(left_end, right_end));
      }
      out.next = std::move(joined);
    }
    for (std::size_t i = 0; i < branches.size(); ++i) {
      // The others are waited for, and have come however far when they are cut off.
      std::set<Bits> meanwhile{0};
      Time others = 0;
      for (std::size_t other = 0; other < branches.size(); ++other) {
        if (i == other) continue;
        meanwhile.insert(branches[other].states.begin(), branches[other].states.end());
        others = std::max(others, longest(outcomes[other]));
      }
      for (const Bits bits : meanwhile) {
        for (const auto& [end, time] : outcomes[i].cancelled)
          merge(out.cancelled, end | bits, time);
        for (const auto& [error, ends] : outcomes[i].failed) {
          for (const auto& [end, time] : ends)
            merge(out.failed[error], end | bits, std::max(time, others));
        }
      }
    }
    return out;
  }

  static Time longest(const Outcome& outcome) {
    Time time = 0;
    for (const auto& state : outcome.next)
      time = std::max(time, state.second);
    for (const auto& [error, states] : outcome.failed) {
      for (const auto& state : states)
        time = std::max(time, state.second);
    }
    return time;
  }

  void compare(const Branch& branch, const Branch& other) {
    for (const int slot : branch.writes) {
      if (other.writes.contains(slot)) find(Fault::kDoubleWrite, name(slot));
      if (!other.reads.contains(slot)) continue;
      raced_.insert(slot);
      find(Fault::kRace, name(slot));
    }
  }

  // What an element writes is its own: neither the next one nor what stands behind sees it.
  Outcome each(const Statement& statement, Bits state, Time begin) {
    const std::size_t hidden = std::exchange(hidden_branches_, branches_.size());
    const Bits element = write({{statement.item, false}}, {}, state).front();
    const bool side_by_side = statement.parallel > 1 && statement.most > 1;
    if (side_by_side) elements_.push_back(state);
    const Outcome body = block(statement.blocks[0], {{element, 0}});
    if (side_by_side) elements_.pop_back();
    hidden_branches_ = hidden;

    Time round = 0;
    for (const auto& end : body.next)
      round = std::max(round, end.second);
    const std::uint64_t rounds = (statement.most + statement.parallel - 1) / statement.parallel;
    const Time before_last = add(begin, times(round, rounds - 1));
    Outcome out;
    for (const auto& end : body.answered)
      merge(out.answered, state, add(before_last, end.second));
    for (const auto& end : body.cancelled)
      merge(out.cancelled, state, add(before_last, end.second));
    for (const auto& [error, ends] : body.failed) {
      // Beside the one that fails others run, which are waited for.
      for (const auto& end : ends)
        merge(out.failed[error], state, add(before_last, side_by_side ? longest(body) : end.second));
    }
    std::vector<SlotUse> results;
    if (statement.results != kNone) results.push_back({statement.results, false});
    merge(out.next, write(results, {}, state).front(), add(before_last, round));
    return out;
  }

  // --- blocks with their handlers ---

  Outcome whole_flow(const States& in) {
    const Flow& flow = code();
    // What stands behind `before` comes before the body, in the same block.
    std::vector<const Statement*> statements;
    for (const Statement& statement : flow.before)
      statements.push_back(&statement);
    for (const Statement& statement : flow.body)
      statements.push_back(&statement);
    return walk(statements, in);
  }

  Outcome block(const Block& block, const States& in) {
    std::vector<const Statement*> statements;
    for (const Statement& statement : block)
      statements.push_back(&statement);
    return walk(statements, in);
  }

  struct Walk {
    const std::vector<const Statement*>& statements;
    std::vector<States> rescued;  // behind the `rescue` at this position
    Outcome out;
  };

  static bool is_handler(const Statement& statement) {
    return statement.kind == StatementKind::kRescue || statement.kind == StatementKind::kOnError ||
           statement.kind == StatementKind::kOnCancel;
  }

  static bool handles(const Statement& handler, int error) {
    return std::find(handler.errors.begin(), handler.errors.end(), error) != handler.errors.end();
  }

  Outcome walk(const std::vector<const Statement*>& statements, const States& in) {
    Walk walk{statements, std::vector<States>(statements.size()), {}};
    for (const Statement* statement : statements) {
      if (is_handler(*statement)) arrivals_[{statement, flow_}];
    }
    States current = in;
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const Statement& statement = *statements[i];
      if (statement.kind == StatementKind::kRescue) merge(current, walk.rescued[i]);
      if (is_handler(statement)) continue;
      if (current.empty()) {
        if (!in.empty()) find(Fault::kUnreachable, "");
        verdict_.flows[static_cast<std::size_t>(root_)].has_dead_code = true;
        continue;
      }
      Outcome one = this->statement(statement, current);
      current = std::move(one.next);
      leave(walk, i, one);
    }
    walk.out.next = std::move(current);
    return std::move(walk.out);
  }

  // Where the ends of the statement at `position` lead to.
  void leave(Walk& walk, std::size_t position, const Outcome& one) {
    merge(walk.out.answered, one.answered);
    if (!one.cancelled.empty()) cancel(walk, one.cancelled);
    for (const auto& [error, states] : one.failed) {
      if (!rescue(walk, position, error, states) && !on_error(walk, error, states))
        merge(walk.out.failed[error], states);
    }
  }

  bool rescue(Walk& walk, std::size_t position, int error, const States& states) {
    for (std::size_t i = position + 1; i < walk.statements.size(); ++i) {
      const Statement& handler = *walk.statements[i];
      if (handler.kind != StatementKind::kRescue || !handles(handler, error)) continue;
      arrivals_[{&handler, flow_}].insert(error);
      const std::size_t outer = enter(&handler);
      const Outcome body = block(handler.blocks[0], states);
      place_ = outer;
      merge(walk.rescued[i], body.next);
      leave(walk, i, body);
      return true;
    }
    return false;
  }

  // Runs on the way out: unless it answers, the error goes on.
  bool on_error(Walk& walk, int error, const States& states) {
    for (const Statement* handler : walk.statements) {
      if (handler->kind != StatementKind::kOnError) continue;
      if (!handler->errors.empty() && !handles(*handler, error)) continue;
      arrivals_[{handler, flow_}].insert(error);
      const std::size_t outer = enter(handler);
      Outcome body = block(handler->blocks[0], states);
      place_ = outer;
      if (!body.next.empty()) merge(body.failed[error], body.next);
      if (!body.cancelled.empty()) cancel(walk, std::exchange(body.cancelled, {}));
      merge_ends(walk.out, body);
      return true;
    }
    return false;
  }

  void cancel(Walk& walk, const States& states) {
    States ends = states;
    for (const Statement* handler : walk.statements) {
      if (handler->kind != StatementKind::kOnCancel) continue;
      arrivals_[{handler, flow_}].insert(kNone);
      const std::size_t outer = enter(handler);
      ends = block(handler->blocks[0], ends).next;
      place_ = outer;
    }
    merge(walk.out.cancelled, ends);
  }

  const Program& program_;
  const std::set<int>& written_;
  int root_;  // the flow that is walked
  int flow_;  // whose code it is: that of one that is called
  Verdict& verdict_;
  std::map<int, std::size_t> bits_;
  std::vector<Branch*> branches_;    // that the place stands in, from the outermost
  std::size_t hidden_branches_ = 0;  // as many of them begin outside of the innermost `each`
  std::vector<Bits> elements_;  // what was set before each `each` around, whose elements run side by side
  std::size_t place_ = 0;
  std::map<std::tuple<std::size_t, const void*, std::size_t>, std::size_t> places_;
  std::map<std::pair<std::size_t, int>, Seen> seen_;  // by place and slot
  std::set<int> raced_;                               // written beside a read
  std::map<std::pair<const Statement*, int>, std::set<int>> arrivals_;
  std::size_t steps_ = 0;
};

}  // namespace

const char* fault_name(Fault fault) {
  switch (fault) {
    case Fault::kRead:
      return "read before write";
    case Fault::kDoubleWrite:
      return "double write";
    case Fault::kNeverWritten:
      return "never written";
    case Fault::kUnreachable:
      return "unreachable";
    case Fault::kNoResponse:
      return "no response";
    case Fault::kHandlerNever:
      return "handler of nothing";
    case Fault::kRace:
      return "race";
  }
  return "";
}

std::optional<Verdict> enumerate(const Program& program) {
  Verdict verdict;
  verdict.flows.resize(program.flows.size());
  const Mentions mentions(program);
  for (const int slot : mentions.read) {
    if (mentions.written.contains(slot)) continue;
    const Slot& declared = program.slots[static_cast<std::size_t>(slot)];
    verdict.findings.insert({Fault::kNeverWritten, declared.flow, declared.name});
  }
  try {
    for (std::size_t i = 0; i < program.flows.size(); ++i)
      Walker(program, mentions.written, static_cast<int>(i), verdict).run();
  } catch (const TooManyStates&) {
    return std::nullopt;
  }
  return verdict;
}

}  // namespace oracle
