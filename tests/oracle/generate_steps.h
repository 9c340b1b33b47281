// Makes up the steps of a flow: what they read and write, call and decide.

#pragma once

#include "tests/oracle/generate.h"

#include <set>
#include <string>
#include <vector>

namespace oracle {

class StepGenerator {
 protected:
  StepGenerator(Random& random, Program& program, int index)
      : random_(random), program_(program), index_(index) {}
  StepGenerator(const StepGenerator&) = delete;
  StepGenerator& operator=(const StepGenerator&) = delete;
  virtual ~StepGenerator() = default;

  // Slots that are probably set, and all that something may have written.
  struct Likely {
    std::set<int> set, touched;

    [[nodiscard]] bool contains(int slot) const { return set.contains(slot); }
    void insert(int slot) {
      set.insert(slot);
      touched.insert(slot);
    }
    void insert(const Likely& other) {
      set.insert(other.set.begin(), other.set.end());
      touched.insert(other.touched.begin(), other.touched.end());
    }
  };

  struct Place {
    bool may_answer = true;  // not beside others, and where somebody waits for it
    bool may_handle = true;  // not where the block is only a list
    int depth = 0;

    [[nodiscard]] Place inside() const { return {may_answer, true, depth + 1}; }
    [[nodiscard]] Place beside() const { return {false, true, depth + 1}; }
  };

  // For chains that steps may insert, and for those that take the place of the rest.
  virtual Block block(int count, const Place& place, Likely& likely) = 0;
  virtual void finish(Block& out, const Likely& likely) = 0;

  [[nodiscard]] Flow& flow() { return program_.flows[static_cast<std::size_t>(index_)]; }

  int new_slot(const std::string& suffix, bool is_list);
  void declare_slots();

  // One that is probably set.
  int any_set(const std::vector<int>& slots, const Likely& likely, unsigned chance);
  // One that is probably not set yet: a new one when there is none.
  int any_unset(bool is_list, const Likely& likely);
  SlotUse read_of(const std::vector<int>& slots, const Likely& likely);
  SlotUse write_of(bool is_list, const Likely& likely);
  static bool has(const std::vector<SlotUse>& uses, int slot);
  static void add(std::vector<SlotUse>& uses, SlotUse use);
  static void touch(const std::vector<SlotUse>& writes, Likely& likely);
  static void note(const std::vector<SlotUse>& writes, Likely& likely);

  Policy policy(unsigned fails, bool may_retry, bool may_hedge);
  // Errors of its own for all kinds, or none: then it has the prelude's.
  std::vector<Mapping> mappings(unsigned fails);
  int operation(bool wants_list);
  int add_step(Step step);
  int effect_step(const Likely& likely);
  static bool picks(Join join);
  // `shared`: where all members write the same slot.
  Group group(Step& step, const Likely& likely, bool is_nested, int shared);
  int group_step(const Likely& likely);
  int value_step(const Likely& likely, bool extracts);
  int body_step(const Place& place, Likely& likely, bool may_fail);
  void decisions(Step& step, const Place& place, Likely& likely);
  int chain(Block block);
  int some_step(const Place& place, Likely& likely);

  Random& random_;
  Program& program_;
  int index_;
  std::vector<int> ints_, lists_;  // the flow's own slots
};

}  // namespace oracle
