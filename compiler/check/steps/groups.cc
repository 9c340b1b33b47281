// Groups of effects: joins, members, and the slots that they write.

#include "compiler/check/expressions/literals.h"
#include "compiler/check/steps/effects.h"
#include "compiler/model/effects.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/MapVector.h>

#include <algorithm>
#include <utility>

namespace zc::check {

namespace {

model::Join join_of(syntax::JoinKind kind) {
  switch (kind) {
    case syntax::JoinKind::kAll:
      return model::Join::kAll;
    case syntax::JoinKind::kAllRequired:
      return model::Join::kAllRequired;
    case syntax::JoinKind::kAny:
      return model::Join::kAny;
    case syntax::JoinKind::kFirstSuccess:
      return model::Join::kFirstSuccess;
    case syntax::JoinKind::kRace:
      return model::Join::kRace;
    case syntax::JoinKind::kQuorum:
      return model::Join::kQuorum;
    case syntax::JoinKind::kHedge:
      return model::Join::kHedge;
    case syntax::JoinKind::kSequential:
      return model::Join::kSequential;
  }
  return model::Join::kAll;
}

// One of the members decides: the others may leave their slots unset.
bool picks_winners(model::Join join) {
  return join == model::Join::kAny || join == model::Join::kFirstSuccess || join == model::Join::kRace ||
         join == model::Join::kQuorum;
}

class GroupResolver {
 public:
  GroupResolver(Context& context, const ExpressionScope& scope) : context_(context), scope_(scope) {}

  model::Group resolve(const syntax::Group& written, bool may_be_left_out = false) {
    model::Group group;
    group.join = join_of(written.join);
    group.span = written.span;
    group.join_span = written.join_span;
    if (group.join == model::Join::kQuorum) group.quorum = quorum(written);
    for (const syntax::GroupMember& member : written.members) {
      if (member.group != nullptr) {
        const bool is_optional = member.requirement == syntax::Requirement::kOptional;
        model::GroupMember& inner = group.members.emplace_back();
        inner.required = !is_optional;
        inner.group = resolve(*member.group, may_be_left_out || is_optional || picks_winners(group.join));
      } else if (member.effect != nullptr) {
        add_member(group, member, written, may_be_left_out);
      }
    }
    if (written.members.empty() && !written.erroneous)
      context_.engine.report(Kind::kBadGroup, written.span, "a group needs effects");
    if (group.join == model::Join::kHedge) check_hedge(written);
    check_writers(group);
    return group;
  }

 private:
  std::uint32_t quorum(const syntax::Group& written) {
    const auto* count = literal_of(written.count, syntax::LiteralKind::kInteger);
    const bool fits = count != nullptr && count->value >= 1 && count->value <= written.members.size();
    if (!fits && !written.erroneous) {
      context_.engine.report(Kind::kBadGroup,
                             written.count != nullptr ? written.count->span : written.join_span,
                             "a quorum of " + std::to_string(written.members.size()) +
                                 " effects is a number from 1 to " + std::to_string(written.members.size()));
      return 1;
    }
    return fits ? static_cast<std::uint32_t>(count->value) : 1;
  }

  // A hedge starts its one effect again.
  void check_hedge(const syntax::Group& written) {
    if (written.erroneous) return;
    if (written.members.size() > 1 ||
        (!written.members.empty() && written.members.front().group != nullptr)) {
      context_.engine
          .report(Kind::kBadGroup, written.join_span, "a hedge starts one effect again, this one has others")
          .help("`race` starts different effects and takes what is first");
    }
    const auto* count = literal_of(written.count, syntax::LiteralKind::kInteger);
    if (written.count != nullptr && !written.count->erroneous && (count == nullptr || count->value < 1)) {
      context_.engine.report(Kind::kBadGroup, written.count->span,
                             "a hedge takes a number of further attempts that is not zero");
    }
    if (written.delay != nullptr && !written.delay->erroneous &&
        literal_of(written.delay, syntax::LiteralKind::kDuration) == nullptr) {
      context_.engine.report(Kind::kBadGroup, written.delay->span,
                             "a hedge waits for a duration such as `20ms` before it starts again");
    }
  }

  void add_member(model::Group& group, const syntax::GroupMember& written, const syntax::Group& whole,
                  bool is_in_optional) {
    model::GroupMember member;
    member.required = written.requirement != syntax::Requirement::kOptional;
    Destination destination;
    if (!written.slot.is_missing()) {
      if (const model::SlotUse* use = find_write(written.slot)) {
        member.writes = {use->slot, use->optional, written.slot.span};
        destination = {use->slot, use->optional};
        const bool may_be_left_out = is_in_optional || ((!member.required || picks_winners(group.join)) &&
                                                        !is_shared(whole, written.slot));
        if (may_be_left_out && !use->optional) {
          context_.engine
              .report(Kind::kOptionalMember, written.slot.span, dotted(written.slot),
                      scope_.step->origin.name)
              .fix("say so where the step writes it", use->span.end_point(), "?");
        }
      }
    }
    std::optional<model::EffectCall> call = resolve_effect(context_, scope_, *written.effect, destination);
    if (!call) return;
    if (group.join == model::Join::kHedge) {
      const auto* count = literal_of(whole.count, syntax::LiteralKind::kInteger);
      const auto* delay = literal_of(whole.delay, syntax::LiteralKind::kDuration);
      call->settings.hedge = model::Hedge{count != nullptr ? static_cast<std::uint32_t>(count->value) : 1,
                                          delay != nullptr ? delay->value : 0, whole.join_span};
    }
    member.call = std::move(*call);
    group.members.push_back(std::move(member));
  }

  // Every member writes it, so whoever wins sets it.
  static bool is_shared(const syntax::Group& group, const syntax::QualifiedName& slot) {
    return std::all_of(group.members.begin(), group.members.end(), [&](const syntax::GroupMember& member) {
      return member.requirement != syntax::Requirement::kOptional && dotted(member.slot) == dotted(slot);
    });
  }

  const model::SlotUse* find_write(const syntax::QualifiedName& name) {
    const auto symbol =
        context_.resolve(scope_.package, NameSpace::kSlots, name, Kind::kUnknownSlot, "a slot");
    if (!symbol) return nullptr;
    for (const model::SlotUse& use : scope_.step->writes) {
      if (use.slot == symbol->id<model::SlotId>()) return &use;
    }
    auto& diagnostic =
        context_.engine.report(Kind::kSlotNotWritten, name.span, scope_.step->origin.name, dotted(name));
    if (!scope_.step->writes.empty()) {
      diagnostic.fix("write it", scope_.step->writes.back().span.end_point(), ", " + dotted(name));
    } else {
      diagnostic.help("name it behind `->`");
    }
    return nullptr;
  }

  // Two effects that may both succeed write two slots.
  void check_writers(const model::Group& group) {
    const bool one_wins =
        picks_winners(group.join) && (group.join != model::Join::kQuorum || group.quorum == 1);
    if (one_wins) return;
    llvm::DenseMap<model::SlotId, Span> first;
    for (const model::GroupMember& child : group.members) {
      // What stands twice inside a nested group was reported there.
      Uses uses;
      model::for_each_effect(child, [&](const model::GroupMember& member) { add_use(member, uses); });
      for (const auto& [slot, place] : uses) {
        const auto [entry, is_new] = first.try_emplace(slot, place);
        if (is_new) continue;
        context_.engine.report(Kind::kDoubleWrite, place, context_.program.slots[slot].origin.name)
            .secondary(entry->second, "first written here");
      }
    }
  }

  using Uses = llvm::MapVector<model::SlotId, Span>;

  static void add_use(const model::GroupMember& member, Uses& uses) {
    if (member.writes.slot.is_valid()) uses.insert({member.writes.slot, member.writes.span});
  }

  Context& context_;
  const ExpressionScope& scope_;
};

}  // namespace

model::Group resolve_group(Context& context, const ExpressionScope& scope, const syntax::Group& group) {
  return GroupResolver(context, scope).resolve(group);
}

}  // namespace zc::check
