// The order of the comparison, and what becomes of several changes of one thing.

#include "compiler/lock/compare.h"

#include "compiler/lock/compare/comparison.h"

#include <llvm/Support/FormatVariadic.h>

#include <map>
#include <utility>

namespace zc::lock {

void Changes::add(Rule rule, Concern concern, const Subject& subject, std::string before, std::string after) {
  Change change;
  change.rule = rule;
  change.concern = concern;
  change.subject = subject.text;
  change.before = std::move(before);
  change.after = std::move(after);
  change.old_span = subject.old_span;
  change.new_span = subject.new_span;
  changes_.push_back(std::move(change));
}

namespace {

// A value may be used in several directions, and is judged in each of them.
bool has_directions(Rule rule) {
  const Area area = info(rule).area;
  return area == Area::kRequest || area == Area::kAnswer || area == Area::kStored;
}

}  // namespace

std::vector<Change> Changes::take() {
  std::map<std::pair<Concern, std::string>, Class> gravest;
  for (const Change& change : changes_) {
    if (!has_directions(change.rule)) continue;
    Class& severity = gravest[{change.concern, change.subject}];
    severity = std::max(severity, change.severity());
  }
  std::vector<Change> kept;
  std::set<std::tuple<Concern, std::string, Rule, std::string, std::string>> seen;
  for (Change& change : changes_) {
    if (has_directions(change.rule) && change.severity() < gravest[{change.concern, change.subject}])
      continue;
    if (!seen.insert({change.concern, change.subject, change.rule, change.before, change.after}).second)
      continue;
    kept.push_back(std::move(change));
  }
  changes_.clear();
  return kept;
}

std::vector<Change> compare(const Lock& before, const Lock& after) {
  Changes changes;
  Names names(before, after);
  names.match(changes);
  Types types(before, after, names, changes);
  compare_apis(before, after, names, types, changes);
  compare_stored(names, types, changes);
  compare_messages(names, changes);
  types.finish();
  return changes.take();
}

std::string message_of(const Change& change) {
  return llvm::formatv(info(change.rule).message, change.subject, change.before, change.after).str();
}

std::string advice_of(const Change& change) {
  return llvm::formatv(info(change.rule).advice, change.subject, change.before, change.after).str();
}

std::pair<llvm::StringRef, llvm::StringRef> split_name(llvm::StringRef qualified) {
  const std::size_t dot = qualified.rfind('.');
  if (dot == llvm::StringRef::npos) return {llvm::StringRef(), qualified};
  return {qualified.take_front(dot), qualified.drop_front(dot + 1)};
}

}  // namespace zc::lock
