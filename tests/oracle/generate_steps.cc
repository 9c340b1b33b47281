// Makes up the steps of a flow.

#include "tests/oracle/generate_steps.h"

#include <algorithm>
#include <utility>

namespace oracle {

int StepGenerator::new_slot(const std::string& suffix, bool is_list) {
  program_.slots.push_back({flow().name + "_" + suffix, is_list, index_});
  return static_cast<int>(program_.slots.size()) - 1;
}

void StepGenerator::declare_slots() {
  const int count = random_.between(2, 6);
  for (int i = 0; i < count; ++i)
    ints_.push_back(new_slot(std::string(1, static_cast<char>('a' + i)), false));
  const int lists = random_.between(1, 2);
  for (int i = 0; i < lists; ++i)
    lists_.push_back(new_slot("l" + std::to_string(i), true));
}

int StepGenerator::any_set(const std::vector<int>& slots, const Likely& likely, unsigned chance) {
  std::vector<int> fitting;
  for (const int slot : slots) {
    if (likely.contains(slot)) fitting.push_back(slot);
  }
  return !fitting.empty() && random_.percent(chance) ? random_.one_of(fitting) : random_.one_of(slots);
}

int StepGenerator::any_unset(bool is_list, const Likely& likely) {
  std::vector<int>& slots = is_list ? lists_ : ints_;
  if (random_.percent(2)) return random_.one_of(slots);
  std::vector<int> fitting;
  for (const int slot : slots) {
    if (!likely.touched.contains(slot)) fitting.push_back(slot);
  }
  if (!fitting.empty()) return random_.one_of(fitting);
  slots.push_back(new_slot((is_list ? "l" : "x") + std::to_string(slots.size()), is_list));
  return slots.back();
}

SlotUse StepGenerator::read_of(const std::vector<int>& slots, const Likely& likely) {
  const int slot = any_set(slots, likely, 97);
  return {slot, random_.percent(likely.contains(slot) ? 15 : 75)};
}

SlotUse StepGenerator::write_of(bool is_list, const Likely& likely) {
  return {any_unset(is_list, likely), random_.percent(10)};
}

bool StepGenerator::has(const std::vector<SlotUse>& uses, int slot) {
  return std::any_of(uses.begin(), uses.end(), [slot](const SlotUse& use) { return use.slot == slot; });
}

void StepGenerator::add(std::vector<SlotUse>& uses, SlotUse use) {
  if (!has(uses, use.slot)) uses.push_back(use);
}

void StepGenerator::touch(const std::vector<SlotUse>& writes, Likely& likely) {
  for (const SlotUse& use : writes)
    likely.touched.insert(use.slot);
}

void StepGenerator::note(const std::vector<SlotUse>& writes, Likely& likely) {
  for (const SlotUse& use : writes) {
    likely.touched.insert(use.slot);
    if (!use.optional) likely.insert(use.slot);
  }
}

Policy StepGenerator::policy(unsigned fails, bool may_retry, bool may_hedge) {
  Policy policy;
  if (random_.percent(4)) return policy;
  policy.timeout = static_cast<Time>(random_.between(1, 40)) * 5 * kMillisecond;
  if (may_retry && (fails & kUnavailable) != 0 && random_.percent(35)) {
    policy.retries = static_cast<std::uint32_t>(random_.between(1, 5));
    if (random_.percent(85)) {
      policy.least_backoff = static_cast<Time>(random_.between(1, 10)) * kMillisecond;
      policy.most_backoff = policy.least_backoff * static_cast<Time>(random_.between(1, 12));
    }
  }
  if (may_hedge && random_.percent(10)) {
    policy.hedges = static_cast<std::uint32_t>(random_.between(1, 2));
    policy.hedge_after = static_cast<Time>(random_.between(1, 30)) * kMillisecond;
  }
  return policy;
}

std::vector<Mapping> StepGenerator::mappings(unsigned fails) {
  std::vector<Mapping> result;
  if (fails == 0 || random_.percent(50)) return result;
  const int first = random_.between(6, kErrors - 1);
  const int second = random_.between(6, kErrors - 1);
  for (unsigned kind = 1; kind <= kTimeout; kind *= 2) {
    if ((fails & kind) == 0) continue;
    const int error = random_.percent(60) ? first : second;
    const auto same = std::find_if(result.begin(), result.end(),
                                   [&](const Mapping& mapping) { return mapping.error == error; });
    if (same == result.end()) {
      result.push_back({error, kind});
    } else {
      same->kinds |= kind;
    }
  }
  return result;
}

int StepGenerator::operation(bool wants_list) {
  for (;;) {
    const std::size_t index = random_.below(operations().size());
    const Operation& operation = operations()[index];
    // One without failures has no retries, and is no use in great numbers.
    if (operation.fails == 0 && !random_.percent(30)) continue;
    if (operation.has_result && operation.is_list == wants_list) return static_cast<int>(index);
  }
}

int StepGenerator::add_step(Step step) {
  step.name = flow().name + "_s" + std::to_string(flow().steps.size());
  flow().steps.push_back(std::move(step));
  return static_cast<int>(flow().steps.size()) - 1;
}

int StepGenerator::effect_step(const Likely& likely) {
  Step step;
  step.kind = StepKind::kEffect;
  const bool is_list = random_.percent(20);
  if (random_.percent(75)) step.reads.push_back(read_of(ints_, likely));
  step.effect.argument = step.reads.empty() ? SlotUse{} : step.reads.front();
  step.effect.operation = operation(is_list);
  if (random_.percent(10)) step.effect.operation = 5;  // has no result
  if (operations()[static_cast<std::size_t>(step.effect.operation)].has_result)
    step.writes.push_back(write_of(is_list, likely));
  const unsigned fails = operations()[static_cast<std::size_t>(step.effect.operation)].fails;
  step.mappings = mappings(fails);
  const bool copes = !step.writes.empty() && step.writes.front().optional;
  step.effect.policy = policy(fails, step.mappings.empty() && !copes, true);
  return add_step(std::move(step));
}

bool StepGenerator::picks(Join join) {
  return join == Join::kAny || join == Join::kFirstSuccess || join == Join::kRace || join == Join::kQuorum;
}

Group StepGenerator::group(Step& step, const Likely& likely, bool is_nested, int shared) {
  Group group;
  group.join = is_nested ? (random_.percent(60) ? Join::kSequential : Join::kAll)
                         : static_cast<Join>(random_.between(0, 7));
  int count = random_.between(2, 4);
  if (group.join == Join::kHedge) count = 1;
  if (group.join == Join::kQuorum) group.count = static_cast<std::uint32_t>(random_.between(1, count));
  if (group.join == Join::kHedge) {
    group.count = static_cast<std::uint32_t>(random_.between(1, 2));
    group.after = static_cast<Time>(random_.between(1, 20)) * kMillisecond;
  }
  // Where one of them wins, all write the same slot or each one that may stay unset. More than one that is
  // needed cannot share.
  const bool shares =
      picks(group.join) && (group.join != Join::kQuorum || group.count == 1) && random_.percent(60);
  if (shares) shared = any_unset(false, likely);
  // In these an optional member with a slot that all share would be one that may stay unset.
  const bool may_leave_out = !shares && group.join != Join::kFirstSuccess && group.join != Join::kHedge;
  for (int i = 0; i < count; ++i) {
    Member member;
    member.effect.argument = step.reads.empty() ? SlotUse{} : step.reads.front();
    // One that cannot fail decides a race of successes before the slowest has ended.
    do {
      member.effect.operation = operation(false);
    } while (operations()[static_cast<std::size_t>(member.effect.operation)].fails == 0);
    const unsigned fails = operations()[static_cast<std::size_t>(member.effect.operation)].fails;
    member.optional = may_leave_out && !is_nested && i > 0 && random_.percent(35);
    member.effect.policy = policy(fails, false, group.join != Join::kHedge);
    member.slot = shares ? shared : (random_.percent(85) ? any_unset(false, likely) : kNone);
    if (!shares && member.slot != kNone) {
      // Two members for one slot are a mistake, so a rare one.
      if (has(step.writes, member.slot) && !random_.percent(4)) member.slot = kNone;
      if (member.slot != kNone && has(step.writes, member.slot) && member.optional) member.slot = kNone;
    }
    if (member.slot != kNone)
      add(step.writes, {member.slot, member.optional || (picks(group.join) && !shares)});
    group.members.push_back(std::move(member));
  }
  return group;
}

int StepGenerator::group_step(const Likely& likely) {
  Step step;
  step.kind = StepKind::kGroup;
  if (random_.percent(60)) step.reads.push_back(read_of(ints_, likely));
  step.group = group(step, likely, false, kNone);
  const Join join = step.group.join;
  if ((join == Join::kAll || join == Join::kAllRequired) && random_.percent(15))
    step.group.nested.push_back(group(step, likely, true, kNone));
  return add_step(std::move(step));
}

int StepGenerator::value_step(const Likely& likely, bool extracts) {
  Step step;
  step.kind = extracts ? StepKind::kExtract : StepKind::kPure;
  if (!extracts && random_.percent(80)) step.reads.push_back(read_of(ints_, likely));
  step.writes.push_back({any_unset(false, likely), false});
  return add_step(std::move(step));
}

int StepGenerator::body_step(const Place& place, Likely& likely, bool may_fail) {
  Step step;
  for (int i = random_.between(0, 2); i > 0; --i)
    add(step.reads, read_of(random_.percent(85) ? ints_ : lists_, likely));
  for (int i = random_.between(0, 2); i > 0; --i)
    add(step.writes, write_of(random_.percent(25), likely));
  // One that changes a slot reads it.
  if (random_.percent(6) && !step.reads.empty())
    add(step.writes, {step.reads.front().slot, random_.percent(20)});
  if (may_fail) {
    for (int i = random_.between(-1, 2); i > 0; --i) {
      const int error = random_.percent(85) ? random_.between(6, kErrors - 1) : random_.between(1, 5);
      const bool is_new = std::none_of(step.mappings.begin(), step.mappings.end(),
                                       [&](const Mapping& mapping) { return mapping.error == error; });
      if (is_new) step.mappings.push_back({error, 0});
    }
    decisions(step, place, likely);
  }
  return add_step(std::move(step));
}

void StepGenerator::decisions(Step& step, const Place& place, Likely& likely) {
  if (place.may_answer && random_.percent(6)) step.may_done = true;
  if (random_.percent(7)) {
    step.needs.push_back(effect_step(likely));
    if (random_.percent(20)) step.needs.push_back(effect_step(likely));
    for (const int need : step.needs)
      touch(flow().steps[static_cast<std::size_t>(need)].writes, likely);
    if (random_.percent(75)) {
      step.has_then = true;
      Likely more = likely;
      note(flow().steps[static_cast<std::size_t>(step.needs.front())].writes, more);
      if (random_.percent(70)) add(step.then_reads, read_of(ints_, more));
      if (random_.percent(85)) step.then_writes = step.writes;
    }
  }
  if (place.depth > 3) return;
  if (random_.percent(5)) {
    Likely more = likely;
    step.inserts.push_back(chain(block(random_.between(1, 2), place.beside(), more)));
    likely.touched = more.touched;
  }
  if (place.may_answer && random_.percent(4)) {
    Likely more = likely;
    Block rest = block(random_.between(0, 2), place.inside(), more);
    if (!random_.percent(5)) finish(rest, more);
    step.replaces.push_back(chain(std::move(rest)));
  }
}

int StepGenerator::chain(Block block) {
  flow().chains.push_back(std::move(block));
  return static_cast<int>(flow().chains.size()) - 1;
}

int StepGenerator::some_step(const Place& place, Likely& likely) {
  const std::size_t choice = random_.below(100);
  if (choice < 45) return body_step(place, likely, true);
  if (choice < 72) return effect_step(likely);
  if (choice < 84) return group_step(likely);
  // A job has no request.
  return value_step(likely, choice < 90 && flow().trigger == Trigger::kSlug);
}

}  // namespace oracle
