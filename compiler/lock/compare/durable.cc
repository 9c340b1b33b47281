// Compares what waits in queues and journals: arguments of jobs, and the slots of suspended flows.

#include "compiler/lock/compare/comparison.h"

#include <map>
#include <utility>

namespace zc::lock {
namespace {

std::pair<llvm::StringRef, llvm::StringRef> split_use(llvm::StringRef point) { return point.split('#'); }

class StoredComparison {
 public:
  StoredComparison(const Names& names, Types& types, Changes& changes)
      : names_(names), types_(types), changes_(changes) {}

  void compare(const Entry& before, const Entry& after) {
    owner_ = &after;
    is_journaled_ = before.has("durable") && after.has("durable");
    if (before.has("durable") && !after.has("durable"))
      add(Rule::kDurableDropped, {"job `" + after.name + "`", before.span, after.span});
    if (after.kind == "job")
      compare_slots(before, after, "argument", Concern::kJobs, " of job `" + after.name + "`");
    compare_points(before, after);
  }

 private:
  struct Point {
    const Entry* entry = nullptr;
    std::size_t place = 0;
  };
  using Points = std::map<std::string, Point>;  // by the name that they have now

  // Arguments or live slots, by the names that the slots have now.
  void compare_slots(const Entry& before, const Entry& after, llvm::StringRef kind, Concern concern,
                     const std::string& where) {
    const Use use{Direction::kStored, concern, false};
    const std::string noun = kind == "live" ? "slot" : kind.str();
    const auto subject = [&](const std::string& name, const Entry* old_slot, const Entry* new_slot) {
      return Subject{noun + " `" + name + "`" + where, old_slot == nullptr ? before.span : old_slot->span,
                     new_slot == nullptr ? after.span : new_slot->span};
    };
    std::map<std::string, const Entry*> old_slots;
    for (const Entry& slot : before.members) {
      if (slot.kind == kind) old_slots[names_.renamed_in("slot", slot.name, owner_->name)] = &slot;
    }
    for (const Entry& slot : after.members) {
      if (slot.kind != kind) continue;
      const auto old_slot = old_slots.find(slot.name);
      if (old_slot == old_slots.end()) {
        types_.add_value(slot, use, subject(slot.name, nullptr, &slot));
        continue;
      }
      types_.compare_values(*old_slot->second, slot, use, subject(slot.name, old_slot->second, &slot));
      old_slots.erase(old_slot);
    }
    for (const auto& [name, slot] : old_slots)
      types_.remove_value(*slot, use, subject(name, slot, nullptr));
  }

  void compare_points(const Entry& before, const Entry& after) {
    const Points old_points = points_of(before, /*is_old=*/true);
    const Points new_points = points_of(after, /*is_old=*/false);
    const std::map<std::string, unsigned> old_counts = counts_of(old_points);
    const std::map<std::string, unsigned> new_counts = counts_of(new_points);
    std::vector<std::pair<std::string, Point>> common;  // where they are now
    for (const auto& [name, point] : old_points) {
      const std::string step = split_use(name).first.str();
      const auto count = new_counts.find(step);
      if (count == new_counts.end()) {
        report(Rule::kSuspensionRemoved, "is gone", subject(name, point.entry, nullptr));
      } else if (count->second != old_counts.at(step)) {
        if (split_use(name).second.empty())
          report_count(name, old_counts.at(step), count->second, new_points);
      } else {
        common.emplace_back(name, point);
        const Entry& now = *new_points.at(name).entry;
        compare_slots(*point.entry, now, "live", Concern::kDurable,
                      " at `" + name + "` of " + owner_->kind + " `" + owner_->name + "`");
      }
    }
    for (const auto& [name, point] : new_points) {
      if (!old_counts.contains(split_use(name).first.str()))
        report(Rule::kSuspensionAdded, "is new", subject(name, nullptr, point.entry));
    }
    compare_order(std::move(common), new_points);
  }

  // Says it of the first one that overtook another.
  void compare_order(std::vector<std::pair<std::string, Point>> common, const Points& now) {
    std::sort(common.begin(), common.end(),
              [](const auto& left, const auto& right) { return left.second.place < right.second.place; });
    for (std::size_t i = 1; i < common.size(); ++i) {
      const Point& overtaken = now.at(common[i - 1].first);
      const Point& point = now.at(common[i].first);
      if (point.place > overtaken.place) continue;
      changes_.add(Rule::kSuspensionMoved, Concern::kDurable,
                   subject(common[i].first, common[i].second.entry, point.entry), {}, common[i - 1].first);
      return;
    }
  }

  void report_count(const std::string& name, unsigned before, unsigned after, const Points& now) {
    const auto times = [](unsigned count) { return count == 1 ? "once" : std::to_string(count) + " times"; };
    changes_.add(Rule::kSuspensionRepeated, Concern::kDurable, subject(name, nullptr, now.at(name).entry),
                 times(before), times(after));
  }

  // A durable job is run again from its beginning: what is new stands before something that is done, too.
  void report(Rule rule, const char* what, const Subject& subject) {
    if (!is_journaled_) return add(rule, subject);
    changes_.add(Rule::kJournalChanged, Concern::kDurable, subject, {}, what);
  }

  void add(Rule rule, const Subject& subject) { changes_.add(rule, Concern::kDurable, subject); }

  [[nodiscard]] Subject subject(const std::string& name, const Entry* before, const Entry* after) const {
    return {"step `" + name + "` of " + owner_->kind + " `" + owner_->name + "`",
            before == nullptr ? Span() : before->span, after == nullptr ? owner_->span : after->span};
  }

  [[nodiscard]] Points points_of(const Entry& entry, bool is_old) const {
    Points points;
    std::size_t place = 0;
    for (const Entry& member : entry.members) {
      if (member.kind != "suspend") continue;
      const auto [step, use] = split_use(member.name);
      std::string name = is_old ? names_.renamed_in("step", step, entry.name) : step.str();
      if (!use.empty()) name += "#" + use.str();
      points[std::move(name)] = {&member, place++};
    }
    return points;
  }

  static std::map<std::string, unsigned> counts_of(const Points& points) {
    std::map<std::string, unsigned> counts;
    for (const auto& [name, point] : points)
      ++counts[split_use(name).first.str()];
    return counts;
  }

  const Names& names_;
  Types& types_;
  Changes& changes_;
  const Entry* owner_ = nullptr;
  bool is_journaled_ = false;  // a job that was and is durable
};

}  // namespace

void compare_stored(const Names& names, Types& types, Changes& changes) {
  for (const Names::Pair& pair : names.pairs()) {
    if (pair.after->kind == "flow" || pair.after->kind == "job" || pair.after->kind == "cron")
      StoredComparison(names, types, changes).compare(*pair.before, *pair.after);
  }
}

}  // namespace zc::lock
