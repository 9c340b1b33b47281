// Finds what an entry was called before.

#include "compiler/diagnostics/did_you_mean.h"
#include "compiler/lock/compare/comparison.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringSet.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>
#include <map>
#include <utility>

namespace zc::lock {

namespace {

// More pairs of old and new names than this are not compared letter by letter.
constexpr std::size_t kMaxGuesses = 100'000;

bool is_type(llvm::StringRef kind) {
  return kind == "struct" || kind == "enum" || kind == "scalar" || kind == "extern" || kind == "message";
}

// `load` and `load_todo`: the words of one are among those of the other.
bool shares_words(llvm::StringRef left, llvm::StringRef right) {
  llvm::SmallVector<llvm::StringRef> one, other;
  left.split(one, '_', -1, /*KeepEmpty=*/false);
  right.split(other, '_', -1, /*KeepEmpty=*/false);
  const auto includes = [](const auto& all, const auto& some) {
    return llvm::all_of(some, [&](llvm::StringRef word) { return llvm::is_contained(all, word); });
  };
  return includes(one, other) || includes(other, one);
}

}  // namespace

class Matcher {
 public:
  Matcher(Names& names, Changes& changes) : names_(names), changes_(changes) {}

  void run() {
    for (const Entry& entry : names_.before_->entries) {
      old_[key(entry.kind, entry.name)] = &entry;
      if (entry.kind == "package") old_packages_.insert(entry.name);
    }
    for (const Entry& entry : names_.after_->entries) {
      new_.insert(key(entry.kind, entry.name));
      if (entry.kind == "package" && old_packages_.contains(entry.name)) packages_.insert(entry.name);
    }
    for (const Entry& entry : names_.after_->entries)
      match(entry);
    for (const Entry& entry : names_.before_->entries) {
      if (!matched_.contains(key(entry.kind, entry.name))) gone_[group_of(entry)].push_back(&entry);
    }
    for (auto& [group, added] : added_)
      guess(added, gone_[group]);
    report_rest();
  }

 private:
  using Group = std::pair<std::string, std::string>;  // kind and package
  using Entries = std::vector<const Entry*>;

  static std::string key(llvm::StringRef kind, llvm::StringRef name) { return (kind + " " + name).str(); }
  // What says that two entries may be the same thing, whatever they are called; empty when nothing does.
  // Slots are matched before the steps that write them.
  [[nodiscard]] std::string signature_of(const Entry& entry, bool is_old) const {
    if (entry.kind == "slot") return entry.value("type").str();
    if (entry.kind == "target") return entry.value("adapter").str();
    if (entry.kind == "flow")
      return entry.has("path") ? (entry.value("method") + " " + entry.value("path")).str() : "";
    std::string signature;
    if (entry.kind == "step") {
      llvm::SmallVector<llvm::StringRef> writes;
      entry.value("writes").split(writes, ',', -1, /*KeepEmpty=*/false);
      for (const llvm::StringRef slot : writes)
        signature += (is_old ? names_.renamed_in("slot", slot, entry.name) : slot.str()) + ",";
      return signature;
    }
    for (const Entry& member : entry.members) {
      if (entry.kind == "job" && member.kind != "argument") continue;
      signature += member.name + " " + member.value("type").str() + "\n";
    }
    return signature.empty() ? signature : entry.value("status").str() + "\n" + signature;
  }

  static Group group_of(const Entry& entry) { return {entry.kind, split_name(entry.name).first.str()}; }
  static Subject subject_of(const Entry& entry, const Entry* before, const Entry* after) {
    return {entry.kind + " `" + entry.name + "`", before == nullptr ? Span() : before->span,
            after == nullptr ? Span() : after->span};
  }

  void match(const Entry& entry) {
    if (entry.kind == "package") return;
    if (const auto same = old_.find(key(entry.kind, entry.name)); same != old_.end())
      return pair(*same->second, entry);
    const auto former = entry.was.empty() ? old_.end() : old_.find(key(entry.kind, entry.was));
    if (former == old_.end() || new_.contains(key(entry.kind, entry.was))) {
      added_[group_of(entry)].push_back(&entry);
      return;
    }
    pair(*former->second, entry);
    if (is_type(entry.kind)) return;
    const bool is_error = entry.kind == "error";
    changes_.add(is_error ? Rule::kErrorRenamed : Rule::kRenamed,
                 is_error ? Concern::kClients : Concern::kNames, subject_of(entry, former->second, &entry),
                 former->second->name);
  }

  void pair(const Entry& before, const Entry& after) {
    matched_.insert(key(before.kind, before.name));
    names_.pairs_.push_back({&before, &after});
    if (before.name != after.name) names_.renames_[key(before.kind, before.name)] = after.name;
  }

  // A name that is gone and one that is new are taken for one thing when the names are alike, or when only
  // these two have the same signature.
  void guess(Entries& added, Entries& gone) {
    if (added.empty() || gone.empty() || is_type(added.front()->kind)) return;
    if (!packages_.contains(split_name(added.front()->name).first)) return;
    const bool compares_letters = added.size() * gone.size() <= kMaxGuesses;
    std::map<std::string, std::pair<Entries, Entries>> by_signature;
    for (const Entry* entry : gone)
      by_signature[signature_of(*entry, /*is_old=*/true)].first.push_back(entry);
    for (const Entry* entry : added)
      by_signature[signature_of(*entry, /*is_old=*/false)].second.push_back(entry);
    Entries rest;
    for (const Entry* entry : added) {
      const std::string signature = signature_of(*entry, /*is_old=*/false);
      const auto& [old_ones, new_ones] = by_signature[signature];
      const Entry* former = nullptr;
      if (compares_letters) former = alike(*entry, gone);
      const bool is_only = !signature.empty() && old_ones.size() == 1 && new_ones.size() == 1;
      if (former == nullptr && is_only && llvm::is_contained(gone, old_ones.front()))
        former = old_ones.front();
      if (former == nullptr) {
        rest.push_back(entry);
        continue;
      }
      gone.erase(std::find(gone.begin(), gone.end(), former));
      pair(*former, *entry);
      report_guess(*former, *entry);
    }
    added = std::move(rest);
  }

  [[nodiscard]] const Entry* alike(const Entry& entry, const Entries& gone) const {
    const llvm::StringRef name = split_name(entry.name).second;
    std::vector<llvm::StringRef> names;
    for (const Entry* each : gone)
      names.push_back(split_name(each->name).second);
    if (const auto meant = diagnostics::did_you_mean(name, names))
      return gone[static_cast<std::size_t>(std::find(names.begin(), names.end(), *meant) - names.begin())];
    const std::string signature = signature_of(entry, /*is_old=*/false);
    const auto found = llvm::find_if(gone, [&](const Entry* each) {
      return shares_words(name, split_name(each->name).second) &&
             signature_of(*each, /*is_old=*/true) == signature;
    });
    return found == gone.end() ? nullptr : *found;
  }

  void report_guess(const Entry& before, const Entry& after) {
    Change change;
    change.rule = Rule::kRenamedSilently;
    change.concern = Concern::kNames;
    change.subject = subject_of(after, &before, &after).text;
    change.before = split_name(before.name).second.str();
    change.old_span = before.span;
    change.new_span = after.span;
    change.kind = after.kind;
    change.was_span = after.was_span;
    change.name = split_name(after.name).second.str();
    changes_.add(std::move(change));
  }

  void report_rest() {
    for (const auto& [group, entries] : added_) {
      for (const Entry* entry : entries) {
        if (is_type(entry->kind) || entry->kind == "flow") continue;
        const bool is_job = entry->kind == "job";
        changes_.add(is_job ? Rule::kJobAdded : Rule::kNameAdded, is_job ? Concern::kJobs : Concern::kNames,
                     subject_of(*entry, nullptr, entry));
      }
    }
    for (const auto& [group, entries] : gone_) {
      for (const Entry* entry : entries) {
        if (is_type(entry->kind) || entry->kind == "flow" || entry->kind == "package") continue;
        const bool is_job = entry->kind == "job";
        changes_.add(is_job ? Rule::kJobRemoved : Rule::kNameRemoved,
                     is_job ? Concern::kJobs : Concern::kNames, subject_of(*entry, entry, nullptr));
      }
    }
  }

  Names& names_;
  Changes& changes_;
  llvm::StringMap<const Entry*> old_;
  llvm::StringSet<> new_, matched_, old_packages_, packages_;
  std::map<Group, Entries> added_, gone_;
};

void Names::match(Changes& changes) { Matcher(*this, changes).run(); }

std::string Names::renamed(llvm::StringRef kind, llvm::StringRef name) const {
  const auto found = renames_.find((kind + " " + name).str());
  return found == renames_.end() ? name.str() : found->second;
}

std::string Names::renamed_in(llvm::StringRef kind, llvm::StringRef name, llvm::StringRef owner) const {
  if (name.contains('.')) return renamed(kind, name);
  const llvm::StringRef package = split_name(owner).first;
  return split_name(renamed(kind, (package + "." + name).str())).second.str();
}

}  // namespace zc::lock
