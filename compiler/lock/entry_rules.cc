#include "compiler/lock/entry_rules.h"

#include "compiler/base/stable_sort.h"
#include "compiler/lock/type_text.h"
#include "compiler/lock/value_range.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace zc::lock {
namespace {

using Form = ValueForm;

constexpr AttributeRule kError[] = {{"status", Form::kStatus}};
// What is written of a value: `optional` may be left out, `default` stands for what is left out.
constexpr AttributeRule kValue[] = {
    {"type", Form::kType, true}, {"json"},   {"optional", Form::kFlag}, {"default"}, {"length", Form::kRange},
    {"range", Form::kRange},     {"pattern"}};
constexpr AttributeRule kScalar[] = {
    {"type", Form::kType, true}, {"length", Form::kRange}, {"range", Form::kRange}, {"pattern"}};
constexpr AttributeRule kEnumerator[] = {{"json"}};
constexpr AttributeRule kForeign[] = {{"cpp", Form::kText, true}};
constexpr AttributeRule kFlow[] = {
    {"access", Form::kText, true}, {"method"}, {"path"}, {"slug"}, {"msgpack", Form::kFlag}};
constexpr AttributeRule kJob[] = {{"durable", Form::kFlag}};
constexpr AttributeRule kTyped[] = {{"type", Form::kType, true}};
constexpr AttributeRule kLive[] = {{"type", Form::kType, true}, {"optional", Form::kFlag}};
// The other attributes are the forms in which a body may come, and its types: `json=todo.v1.Todo`.
constexpr AttributeRule kAnswer[] = {{"headers"}, {"empty", Form::kFlag}, {"", Form::kTypes}};
constexpr AttributeRule kStep[] = {{"writes"}};
constexpr AttributeRule kMessageField[] = {{"number", Form::kText, true}, {"type"}};
constexpr AttributeRule kTarget[] = {{"adapter", Form::kText, true}};

constexpr EntryRule kRules[] = {
    {"", "package", {}},
    {"", "flow", kFlow},
    {"flow", "alias", {}},
    {"flow", "path", kTyped, NameForm::kAny, true},
    {"flow", "query", kValue},
    {"flow", "header", kValue},
    {"flow", "cookie", kValue},
    {"flow", "body", kValue},
    {"flow", "answer", kAnswer, NameForm::kStatus},
    {"flow", "fails", {}},
    {"flow", "suspend", {}, NameForm::kAny, true},
    {"", "job", kJob},
    {"job", "argument", kLive},
    {"job", "suspend", {}, NameForm::kAny, true},
    {"", "cron", {}},
    {"cron", "suspend", {}, NameForm::kAny, true},
    {"suspend", "live", kLive},
    {"", "error", kError},
    {"error", "field", kValue},
    {"", "struct", {}},
    {"struct", "field", kValue},
    {"", "enum", {}},
    {"enum", "value", kEnumerator},
    {"", "scalar", kScalar},
    {"", "extern", kForeign},
    {"", "message", {}},
    {"message", "field", kMessageField},
    {"", "step", kStep},
    {"", "slot", kTyped},
    {"", "target", kTarget},
};

bool is_status(llvm::StringRef text) {
  return text.size() == 3 && text.find_first_not_of("0123456789") == llvm::StringRef::npos;
}

bool fits(ValueForm form, llvm::StringRef value) {
  switch (form) {
    case ValueForm::kFlag:
      return value.empty();
    case ValueForm::kText:
      return true;
    case ValueForm::kType:
      return parse_type(value).has_value();
    case ValueForm::kTypes:
      return parse_types(value).has_value();
    case ValueForm::kStatus:
      return is_status(value);
    case ValueForm::kRange:
      return parse_range(value).has_value();
  }
  return false;
}

llvm::StringRef form_text(ValueForm form) {
  switch (form) {
    case ValueForm::kFlag:
      return "no value";
    case ValueForm::kText:
      return "a text";
    case ValueForm::kType:
      return "a type";
    case ValueForm::kTypes:
      return "types with `|` between them";
    case ValueForm::kStatus:
      return "a status";
    case ValueForm::kRange:
      return "a range such as `1..200`";
  }
  return "";
}

void sort_below(llvm::StringRef parent, std::vector<Entry>& entries) {
  struct Ranked {
    const EntryRule* rule;  // its place in the table is its rank
    Entry entry;
  };
  std::vector<Ranked> ranked;
  ranked.reserve(entries.size());
  for (Entry& entry : entries) {
    sort_below(entry.kind, entry.members);
    const EntryRule* rule = find_entry_rule(parent, entry.kind);
    ranked.push_back({rule, std::move(entry)});
  }
  zc::stable_sort(ranked, [](const Ranked& left, const Ranked& right) {
    if (left.rule != right.rule) return left.rule < right.rule;
    return !left.rule->is_ordered && left.entry.name < right.entry.name;
  });
  for (std::size_t i = 0; i < ranked.size(); ++i)
    entries[i] = std::move(ranked[i].entry);
}

}  // namespace

llvm::ArrayRef<EntryRule> entry_rules() { return kRules; }

const EntryRule* find_entry_rule(llvm::StringRef parent, llvm::StringRef kind) {
  const auto* found = std::find_if(std::begin(kRules), std::end(kRules), [&](const EntryRule& rule) {
    return rule.parent == parent && rule.kind == kind;
  });
  return found == std::end(kRules) ? nullptr : found;
}

std::string problem_of(const EntryRule& rule, const Entry& entry) {
  if (rule.name == NameForm::kStatus && !is_status(entry.name) && entry.name != "any")
    return "`" + entry.name + "` is no status";
  for (const Attribute& attribute : entry.attributes) {
    const auto* known = std::find_if(rule.attributes.begin(), rule.attributes.end(), [&](const auto& each) {
      return each.name.empty() || each.name == attribute.name;
    });
    if (known == rule.attributes.end())
      return "`" + entry.kind + "` has no attribute `" + attribute.name + "`";
    if (!fits(known->form, attribute.value))
      return "`" + attribute.name + "` takes " + form_text(known->form).str();
  }
  for (const AttributeRule& attribute : rule.attributes) {
    if (attribute.required && !entry.has(attribute.name))
      return "`" + entry.kind + "` needs the attribute `" + attribute.name.str() + "`";
  }
  return {};
}

void sort_entries(std::vector<Entry>& entries) { sort_below("", entries); }

}  // namespace zc::lock
