// Effects that run side by side on the same thing: in groups, branches of `parallel`, and elements of `each`.

#include "compiler/check/effects/effect_checks.h"

#include <llvm/ADT/StringMap.h>

#include <map>
#include <string>
#include <utility>

namespace zc::check {

namespace {

using model::Statement;
using model::StatementKind;

// An access at the place of a flow or group from which it is made.
struct Placed {
  const Access* access = nullptr;
  model::StepId step;
  Span use;
};
using Branch = std::vector<Placed>;

class SideBySide {
 public:
  SideBySide(Context& context, Accesses& accesses) : context_(context), accesses_(accesses) {}

  void add(const model::EffectCall& call, model::StepId step, Span use, Branch& branch) {
    for (const Access& access : accesses_.of(call))
      branch.push_back({&access, step, use});
  }

  // Calls `report(first, second)` for accesses of two branches that conflict, at most once for each second
  // one.
  template <typename Report>
  void compare_branches(const std::vector<Branch>& branches, const Report& report) {
    llvm::StringMap<Things> things;
    for (const Branch& branch : branches) {
      for (const Placed& placed : branch) {
        if (const Placed* first = find_conflict(things, placed, nullptr)) report(*first, placed);
      }
      for (const Placed& placed : branch)
        things[thing_of(placed)].add(placed);
    }
  }

  // The same for the runs of a loop's body, in which an access also meets itself.
  template <typename Report>
  void compare_runs(const Branch& body, const VaryingSlots& varying, const Report& report) {
    llvm::StringMap<Things> things;
    for (const Placed& placed : body) {
      things[thing_of(placed)].add(placed);
      if (const Placed* first = find_conflict(things, placed, &varying)) report(*first, placed);
    }
  }

  [[nodiscard]] std::string name(const Placed& placed) const {
    return "`" + model::call_name(context_.program, *placed.access->call) + "` of step `" +
           context_.program.steps[placed.step].origin.name + "`";
  }

 private:
  // Accesses by their form and values: of one form only those with the same values can conflict.
  class Index {
   public:
    void add(const Placed& placed) {
      by_form_[placed.access->form()][placed.access->values()].push_back(placed);
    }

    // The first one that conflicts with `access`.
    [[nodiscard]] const Placed* find(const Access& access, const VaryingSlots* varying) const {
      const std::string form = access.form();
      for (const auto& [other_form, by_values] : by_form_) {
        if (other_form == form) {
          const auto same = by_values.find(access.values());
          const Placed* found = same == by_values.end() ? nullptr : find_among(same->second, access, varying);
          if (found != nullptr) return found;
          continue;
        }
        for (const auto& [values, earlier] : by_values) {
          if (const Placed* found = find_among(earlier, access, varying)) return found;
        }
      }
      return nullptr;
    }

   private:
    static const Placed* find_among(const Branch& earlier, const Access& access,
                                    const VaryingSlots* varying) {
      for (const Placed& first : earlier) {
        if (conflict(*first.access, access, varying)) return &first;
      }
      return nullptr;
    }

    std::map<std::string, std::map<std::string, Branch>> by_form_;
  };

  // What has been seen of one table or target. Rows that are added never conflict with each other, nor do
  // reads, and there may be many of both.
  struct Things {
    Index reads, inserts, others;

    void add(const Placed& placed) {
      if (placed.access->mode == AccessMode::kRead) {
        reads.add(placed);
      } else if (placed.access->sql && placed.access->mode == AccessMode::kAdd) {
        inserts.add(placed);
      } else {
        others.add(placed);
      }
    }
  };

  static std::string thing_of(const Placed& placed) {
    std::string thing = std::to_string(placed.access->call->target.raw());
    if (placed.access->sql) thing += " " + placed.access->sql->table;
    return thing;
  }

  static const Placed* find_conflict(const llvm::StringMap<Things>& things, const Placed& placed,
                                     const VaryingSlots* varying) {
    const auto found = things.find(thing_of(placed));
    if (found == things.end()) return nullptr;
    const Access& access = *placed.access;
    const Placed* first = found->second.others.find(access, varying);
    if (first == nullptr && access.mode != AccessMode::kRead)
      first = found->second.reads.find(access, varying);
    const bool is_insert = access.sql && access.mode == AccessMode::kAdd;
    if (first == nullptr && !is_insert) first = found->second.inserts.find(access, varying);
    return first;
  }

  Context& context_;
  Accesses& accesses_;
};

constexpr char kNote[] =
    "one of them writes what the other one reads or writes, and which comes first is chance";

class GroupConflicts {
 public:
  GroupConflicts(Context& context, Accesses& accesses) : context_(context), pairs_(context, accesses) {}

  void check(const model::Group& group, model::StepId step) {
    const bool is_concurrent = group.join != model::Join::kSequential && group.join != model::Join::kHedge;
    if (is_concurrent && group.members.size() > 1) compare(group, step);
    for (const model::GroupMember& member : group.members)
      if (member.group) check(*member.group, step);
  }

 private:
  void compare(const model::Group& group, model::StepId step) {
    std::vector<Branch> branches;
    for (const model::GroupMember& each : group.members) {
      Branch& branch = branches.emplace_back();
      model::for_each_effect(each, [&](const model::GroupMember& member) {
        pairs_.add(member.call, step, member.call.span, branch);
      });
    }
    pairs_.compare_branches(branches, [&](const Placed& first, const Placed& second) {
      context_.engine
          .report(Kind::kConflictingEffects, second.use, pairs_.name(first), pairs_.name(second),
                  second.access->thing(context_.program))
          .label(second.access->verb())
          .secondary(first.use, first.access->verb())
          .note(kNote)
          .help("perform one behind the other: in two steps, or in `sequential { }`");
    });
  }

  Context& context_;
  SideBySide pairs_;
};

class FlowConflicts {
 public:
  FlowConflicts(FlowContext& flow, Accesses& accesses) : flow_(flow), pairs_(flow.context, accesses) {}

  void check() {
    model::for_each_statement(flow_.flow(), [this](const Statement& statement) {
      if (statement.kind == StatementKind::kParallel) check_parallel(statement);
      const bool overlaps =
          statement.kind == StatementKind::kEach && statement.each->parallel > 1 && statement.each->most != 1;
      if (overlaps) check_each(statement);
    });
  }

 private:
  [[nodiscard]] const model::Program& program() const { return flow_.context.program; }

  // Calls `visit(step, statement)` for each use of a step, alternatives of steps among them.
  template <typename Visit> void for_each_use(const model::Block& block, const Visit& visit) const {
    for (const Statement& statement : block) {
      if (statement.kind == StatementKind::kStep && statement.step.is_valid()) visit(statement);
      for (const model::Block& branch : statement.branches)
        for_each_use(branch, visit);
      for (const std::uint32_t alternative : statement.alternatives)
        for_each_use(flow_.flow().alternatives[alternative].body, visit);
    }
  }

  Branch collect(const model::Block& block) {
    Branch branch;
    for_each_use(block, [&](const Statement& statement) {
      model::for_each_call(program().steps[statement.step], [&](const model::EffectCall& call) {
        pairs_.add(call, statement.step, statement.span, branch);
      });
    });
    return branch;
  }

  diagnostics::Diagnostic* report(const Placed& first, const Placed& second) {
    if (!flow_.reports.is_new(Kind::kConflictingEffects, second.use)) return nullptr;
    const bool is_same = first.access == second.access;
    auto& diagnostic = flow_.context.engine.report(
        Kind::kConflictingEffects, second.use, pairs_.name(first),
        is_same ? "itself for another element" : pairs_.name(second), second.access->thing(program()));
    diagnostic.secondary(second.access->call->span, second.access->verb()).note(kNote);
    if (!is_same) diagnostic.secondary(first.access->call->span, first.access->verb());
    return &diagnostic;
  }

  void check_parallel(const Statement& statement) {
    std::vector<Branch> branches;
    for (const model::Block& block : statement.branches)
      branches.push_back(collect(block));
    pairs_.compare_branches(branches, [this](const Placed& first, const Placed& second) {
      auto* diagnostic = report(first, second);
      if (diagnostic == nullptr) return;
      if (first.use != second.use) diagnostic->secondary(first.use, "side by side with this");
      diagnostic->help("write them one behind the other, outside of `parallel` or in `sequential { }`");
    });
  }

  void check_each(const Statement& statement) {
    VaryingSlots varying;
    if (statement.each->item.is_valid()) varying.insert(statement.each->item);
    for_each_use(statement.branches.front(), [&](const Statement& use) {
      for (const model::SlotUse& write : program().steps[use.step].writes)
        varying.insert(write.slot);
    });
    const Branch body = collect(statement.branches.front());
    pairs_.compare_runs(body, varying, [&](const Placed& first, const Placed& second) {
      auto* diagnostic = report(first, second);
      if (diagnostic == nullptr) return;
      diagnostic->secondary(statement.each->over.span, "its elements run side by side")
          .help("leave `parallel` out, or let each element write something of its own");
    });
  }

  FlowContext& flow_;
  SideBySide pairs_;
};

}  // namespace

void check_group_conflicts(Context& context, Accesses& accesses) {
  GroupConflicts groups(context, accesses);
  for (std::size_t i = 0; i < context.program.steps.size(); ++i) {
    const model::StepId id(i);
    if (context.program.steps[id].group) groups.check(*context.program.steps[id].group, id);
  }
}

void check_conflicts(FlowContext& flow, Accesses& accesses) { FlowConflicts(flow, accesses).check(); }

}  // namespace zc::check
