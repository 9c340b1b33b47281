// Compares values: their types, whether they may be missing, and what they are limited to.

#include "compiler/lock/compare/comparison.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/Twine.h>

#include <utility>

namespace zc::lock {
namespace {

// Scalars stand over built-in types; a lock file that was edited may say otherwise.
constexpr int kMaxScalars = 32;

// What each direction calls the same change.
struct DirectionRules {
  Rule added, added_optional, removed, removed_optional, renamed, required, optional;
  Rule changed, harmless, tightened, loosened, value_added, value_removed;
};
constexpr DirectionRules kDirections[] = {
    {Rule::kInputAdded, Rule::kInputAddedOptional, Rule::kInputRemoved, Rule::kInputRemoved,
     Rule::kInputRenamed, Rule::kInputRequired, Rule::kInputOptional, Rule::kInputTypeChanged,
     Rule::kInputTypeWidened, Rule::kInputTightened, Rule::kInputLoosened, Rule::kInputValueAdded,
     Rule::kInputValueRemoved},
    {Rule::kOutputAdded, Rule::kOutputAdded, Rule::kOutputRemoved, Rule::kOutputOptionalRemoved,
     Rule::kOutputRenamed, Rule::kOutputRequired, Rule::kOutputOptional, Rule::kOutputTypeChanged,
     Rule::kOutputTypeNarrowed, Rule::kOutputTightened, Rule::kOutputLoosened, Rule::kOutputValueAdded,
     Rule::kOutputValueRemoved},
    {Rule::kStoredAdded, Rule::kStoredAddedOptional, Rule::kStoredRemoved, Rule::kStoredRemoved,
     Rule::kStoredRenamed, Rule::kStoredRequired, Rule::kStoredOptional, Rule::kStoredTypeChanged,
     Rule::kStoredTypeWidened, Rule::kStoredTightened, Rule::kStoredLoosened, Rule::kStoredValueAdded,
     Rule::kStoredValueRemoved},
};

const DirectionRules& rules_of(const Use& use) {
  return kDirections[static_cast<std::size_t>(use.direction)];
}

// The name on the wire.
llvm::StringRef wire_name(const Entry& entry) {
  return entry.has("json") ? entry.value("json") : llvm::StringRef(entry.name);
}

// In an answer a default fills what is missing before it is written.
bool may_lack(const Entry& entry, const Use& use) {
  return entry.has("optional") || (use.direction != Direction::kAnswer && entry.has("default"));
}

bool is_integer(llvm::StringRef name) {
  return name == "i32" || name == "i64" || name == "u32" || name == "u64";
}

// Whether every value of the built-in type `from` is one of `to`, as both are written.
bool is_part_of(llvm::StringRef from, llvm::StringRef to, bool is_text) {
  constexpr llvm::StringLiteral kWritten[] = {"decimal", "bytes", "uuid", "timestamp", "duration"};
  if (to == "json") return !is_text;
  const bool is_text_only = is_integer(from) || from == "f64" || from == "bool";
  if (to == "string") return llvm::is_contained(kWritten, from) || (is_text && is_text_only);
  if (to == "decimal") return is_text && is_integer(from);
  if (to == "f64") return from == "i32" || from == "u32";
  if (to == "i64") return from == "i32" || from == "u32";
  return to == "u64" && from == "u32";
}

// An object of an answer as if it were a struct.
Entry object_entry(const TypeText& object, Span span) {
  Entry entry;
  entry.kind = "struct";
  entry.span = span;
  for (std::size_t i = 0; i < object.elements.size(); ++i) {
    TypeText type = object.elements[i];
    Entry field;
    field.kind = "field";
    field.name = object.field_names[i];
    field.span = span;
    if (std::exchange(type.is_optional, false)) field.set("optional");
    field.set("type", to_text(type));
    entry.members.push_back(std::move(field));
  }
  return entry;
}

}  // namespace

Types::Types(const Lock& before, const Lock& after, const Names& names, Changes& changes)
    : names_(names), changes_(changes) {
  const auto fill = [](const Lock& lock, Table& types, Table& errors) {
    for (const Entry& entry : lock.entries) {
      if (entry.kind == "error") errors[entry.name] = &entry;
      const bool is_type =
          entry.kind == "struct" || entry.kind == "enum" || entry.kind == "scalar" || entry.kind == "extern";
      if (is_type) types[entry.name] = &entry;
    }
  };
  fill(before, old_types_, old_errors_);
  fill(after, new_types_, new_errors_);
}

const Entry* Types::find(const Table& table, llvm::StringRef name) {
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

void Types::add_value(const Entry& after, const Use& use, const Subject& subject) {
  const DirectionRules& rules = rules_of(use);
  changes_.add(may_lack(after, use) ? rules.added_optional : rules.added, use.concern, subject);
}

void Types::remove_value(const Entry& before, const Use& use, const Subject& subject) {
  const DirectionRules& rules = rules_of(use);
  changes_.add(may_lack(before, use) ? rules.removed_optional : rules.removed, use.concern, subject);
}

void Types::compare_values(const Entry& before, const Entry& after, const Use& use, const Subject& subject) {
  const DirectionRules& rules = rules_of(use);
  const bool could_lack = may_lack(before, use);
  const bool can_lack = may_lack(after, use);
  if (could_lack && !can_lack) changes_.add(rules.required, use.concern, subject);
  if (!could_lack && can_lack) changes_.add(rules.optional, use.concern, subject);
  const bool has_other_default =
      before.has("default") && after.has("default") && before.value("default") != after.value("default");
  if (has_other_default && use.direction == Direction::kRequest) {
    changes_.add(Rule::kInputDefaultChanged, use.concern, subject, before.value("default").str(),
                 after.value("default").str());
  }
  const std::optional<TypeText> old_type = parse_type(before.value("type"));
  const std::optional<TypeText> new_type = parse_type(after.value("type"));
  if (!old_type || !new_type) return;
  Limits old_limits, new_limits;
  old_limits.add(before);
  new_limits.add(after);
  const Relations relations = relate(*old_type, *new_type, use, subject, old_limits, new_limits);
  report(relations, use, subject, *old_type, *new_type, old_limits, new_limits);
}

void Types::compare_types(const TypeText& before, const TypeText& after, const Use& use,
                          const Subject& subject) {
  Limits old_limits, new_limits;
  const Relations relations = relate(before, after, use, subject, old_limits, new_limits);
  report(relations, use, subject, before, after, old_limits, new_limits);
}

void Types::report(const Relations& relations, const Use& use, const Subject& subject, const TypeText& before,
                   const TypeText& after, const Limits& old_limits, const Limits& new_limits) {
  const DirectionRules& rules = rules_of(use);
  const bool is_answer = use.direction == Direction::kAnswer;
  if (relations.type != Relation::kSame) {
    const bool is_harmless = relations.type == (is_answer ? Relation::kNarrower : Relation::kWider);
    changes_.add(is_harmless ? rules.harmless : rules.changed, use.concern, subject, to_text(before),
                 to_text(after));
  }
  if (relations.limits == Relation::kSame) return;
  // What is neither wider nor narrower does both kinds of harm: the one that counts here is named.
  const bool is_tighter =
      relations.limits == Relation::kNarrower || (relations.limits == Relation::kDifferent && !is_answer);
  changes_.add(is_tighter ? rules.tightened : rules.loosened, use.concern, subject, old_limits.text(),
               new_limits.text());
}

TypeText Types::strip_scalars(const Table& table, TypeText type, Limits& limits) const {
  for (int i = 0; i < kMaxScalars; ++i) {
    const Entry* entry = find(table, type.name);
    if (entry == nullptr || entry->kind != "scalar") break;
    limits.add(*entry);
    std::optional<TypeText> base = parse_type(entry->value("type"));
    if (!base) break;
    base->is_optional = base->is_optional || type.is_optional;
    type = std::move(*base);
  }
  return type;
}

Types::Relations Types::relate(const TypeText& before, const TypeText& after, const Use& use,
                               const Subject& subject, Limits& old_limits, Limits& new_limits) {
  Relations result;
  const Entry* old_entry = find(old_types_, before.name);
  const Entry* new_entry = find(new_types_, after.name);
  const bool are_scalars = old_entry != nullptr && new_entry != nullptr && old_entry->kind == "scalar" &&
                           new_entry->kind == "scalar";
  if (before.is_optional != after.is_optional)
    result.type = after.is_optional ? Relation::kWider : Relation::kNarrower;
  if (are_scalars && names_.renamed("scalar", before.name) == after.name) {
    wait(*old_entry, *new_entry, use);
    result.limits = Limits::relate(old_limits, new_limits);
    return result;
  }
  const TypeText old_type = strip_scalars(old_types_, before, old_limits);
  const TypeText new_type = strip_scalars(new_types_, after, new_limits);
  result.limits = Limits::relate(old_limits, new_limits);
  const bool are_lists =
      !old_type.elements.empty() && old_type.name == new_type.name && !old_type.name.empty();
  if (are_lists) {
    Limits old_inner, new_inner;
    const Relations inner =
        relate(old_type.elements.front(), new_type.elements.front(), use, subject, old_inner, new_inner);
    // The limits of elements are part of the type that holds them.
    result.type = join(result.type, join(inner.type, inner.limits));
    return result;
  }
  old_entry = find(old_types_, old_type.name);
  new_entry = find(new_types_, new_type.name);
  const auto has_fields = [](const TypeText& type, const Entry* entry) {
    return type.name.empty() || (entry != nullptr && entry->kind == "struct");
  };
  const bool is_object = old_type.name.empty() || new_type.name.empty();
  if (is_object && has_fields(old_type, old_entry) && has_fields(new_type, new_entry)) {
    const Entry old_object = old_type.name.empty() ? object_entry(old_type, subject.old_span) : *old_entry;
    const Entry new_object = new_type.name.empty() ? object_entry(new_type, subject.new_span) : *new_entry;
    compare_fields(old_object, new_object, use, subject.text);
    return result;
  }
  if (old_entry != nullptr && new_entry != nullptr && old_entry->kind == new_entry->kind) {
    wait(*old_entry, *new_entry, use);
    return result;
  }
  result.type = join(result.type, relate_plain(old_type, new_type, use));
  return result;
}

Relation Types::relate_plain(const TypeText& before, const TypeText& after, const Use& use) const {
  if (before.name == after.name && !before.name.empty()) return Relation::kSame;
  // The values of an enum are texts.
  const auto plain_name = [](const Table& table, llvm::StringRef name) {
    const Entry* entry = find(table, name);
    return entry != nullptr && entry->kind == "enum" ? llvm::StringRef("uuid") : name;
  };
  const bool can_be_json = !use.is_text;
  const bool old_is_declared = find(old_types_, before.name) != nullptr;
  const bool new_is_declared = find(new_types_, after.name) != nullptr;
  const llvm::StringRef from = plain_name(old_types_, before.name);
  const llvm::StringRef to = plain_name(new_types_, after.name);
  if (after.name == "json" && can_be_json) return Relation::kWider;
  if (before.name == "json" && can_be_json) return Relation::kNarrower;
  if (!new_is_declared && is_part_of(from, after.name, use.is_text)) return Relation::kWider;
  if (!old_is_declared && is_part_of(to, before.name, use.is_text)) return Relation::kNarrower;
  return Relation::kDifferent;
}

void Types::wait(const Entry& before, const Entry& after, const Use& use) {
  if (seen_.insert({&before, &after, use}).second) waiting_.push_back({&before, &after, use});
}

void Types::finish() {
  while (!waiting_.empty()) {
    const Waiting next = waiting_.back();
    waiting_.pop_back();
    compare_declarations(next);
  }
}

void Types::compare_declarations(const Waiting& each) {
  const Entry& before = *each.before;
  const Entry& after = *each.after;
  const Subject subject{after.kind + " `" + after.name + "`", before.span, after.span};
  if (after.kind == "struct") {
    compare_fields(before, after, each.use, owner_text(before, after));
  } else if (after.kind == "enum") {
    compare_enums(before, after, each.use);
  } else if (after.kind == "scalar") {
    compare_values(before, after, each.use, subject);
  } else if (before.value("cpp") != after.value("cpp")) {
    changes_.add(Rule::kForeignChanged, each.use.concern, subject, before.value("cpp").str(),
                 after.value("cpp").str());
  }
}

void Types::compare_errors(const Entry& before, const Entry& after) {
  const Use use{Direction::kAnswer, Concern::kClients};
  if (!seen_.insert({&before, &after, use}).second) return;
  const Subject subject{"error `" + after.name + "`", before.span, after.span};
  const auto status = [](const Entry& entry) {
    return entry.has("status") ? entry.value("status").str() : std::string("500");
  };
  if (status(before) != status(after))
    changes_.add(Rule::kErrorStatusChanged, use.concern, subject, status(before), status(after));
  compare_fields(before, after, use, owner_text(before, after));
}

std::string Types::owner_text(const Entry& before, const Entry& after) const {
  if (names_.renamed(before.kind, before.name) == after.name) return "`" + after.name + "`";
  return "`" + before.name + "`, which is `" + after.name + "` now,";
}

void Types::compare_fields(const Entry& before, const Entry& after, const Use& use,
                           const std::string& owner) {
  const auto subject = [&](llvm::StringRef name, const Entry* old_field, const Entry* new_field) {
    return Subject{("field `" + name + "` of " + owner).str(),
                   old_field == nullptr ? Span() : old_field->span,
                   new_field == nullptr ? after.span : new_field->span};
  };
  llvm::StringMap<const Entry*> by_wire, by_name;
  for (const Entry& field : after.members) {
    by_wire[wire_name(field)] = &field;
    if (!field.was.empty()) by_name[field.was] = &field;
  }
  for (const Entry& field : after.members)
    by_name.try_emplace(field.name, &field);
  std::set<const Entry*> found;
  for (const Entry& old_field : before.members) {
    const Entry* same = find(by_wire, wire_name(old_field));
    if (same == nullptr) {
      same = find(by_name, old_field.name);
      // What is stored holds the new name only when `@was` leads there.
      const bool is_known =
          same != nullptr && (use.direction != Direction::kStored || same->was == old_field.name);
      if (!is_known || found.contains(same)) {
        remove_value(old_field, use, subject(old_field.name, &old_field, nullptr));
        continue;
      }
      changes_.add(rules_of(use).renamed, use.concern, subject(same->name, &old_field, same),
                   wire_name(old_field).str(), wire_name(*same).str());
    }
    found.insert(same);
    compare_values(old_field, *same, use, subject(same->name, &old_field, same));
  }
  for (const Entry& field : after.members) {
    if (!found.contains(&field)) add_value(field, use, subject(field.name, nullptr, &field));
  }
}

void Types::compare_enums(const Entry& before, const Entry& after, const Use& use) {
  const DirectionRules& rules = rules_of(use);
  const auto subject = [&](llvm::StringRef name, const Entry* old_value, const Entry* new_value) {
    return Subject{("value `" + name + "` of `" + after.name + "`").str(),
                   old_value == nullptr ? Span() : old_value->span,
                   new_value == nullptr ? after.span : new_value->span};
  };
  llvm::StringMap<const Entry*> old_values, new_values;
  for (const Entry& value : before.members)
    old_values[wire_name(value)] = &value;
  for (const Entry& value : after.members) {
    new_values[wire_name(value)] = &value;
    // A stored value is found under its former name.
    if (use.direction == Direction::kStored && !value.was.empty()) new_values.try_emplace(value.was, &value);
  }
  for (const Entry& value : before.members) {
    if (find(new_values, wire_name(value)) == nullptr)
      changes_.add(rules.value_removed, use.concern, subject(wire_name(value), &value, nullptr));
  }
  for (const Entry& value : after.members) {
    const bool is_known = find(old_values, wire_name(value)) != nullptr ||
                          (use.direction == Direction::kStored && find(old_values, value.was) != nullptr);
    if (!is_known) changes_.add(rules.value_added, use.concern, subject(wire_name(value), nullptr, &value));
  }
}

}  // namespace zc::lock
