// Messages of Protocol Buffers: what is known by a number keeps it, and is written as it was.

#include "compiler/lock/compare/comparison.h"

#include <llvm/ADT/Twine.h>

#include <algorithm>

namespace zc::lock {
namespace {

// "list<p.Old>" as the new side writes it.
std::string renamed_type(const Names& names, llvm::StringRef type) {
  std::size_t begin = type.find_last_of("<,");
  begin = begin == llvm::StringRef::npos ? 0 : begin + 1;
  const std::size_t end = std::min(type.find('>'), type.size());
  return type.take_front(begin).str() + names.renamed("message", type.slice(begin, end)) +
         type.drop_front(end).str();
}

const Entry* find_field(const Entry& message, const Entry& old_field) {
  const Entry* const same = message.member("field", old_field.name);
  if (same != nullptr) return same;
  for (const Entry& field : message.members)
    if (field.was == old_field.name) return &field;
  return nullptr;
}

const Entry* find_number(const Entry& message, llvm::StringRef number) {
  for (const Entry& field : message.members)
    if (field.value("number") == number) return &field;
  return nullptr;
}

void compare_messages(const Entry& before, const Entry& after, const Names& names, Changes& changes) {
  const auto subject = [&](const Entry& old_field, const Entry& field) {
    return Subject{("`" + field.name + "` of `" + after.name + "`"), old_field.span, field.span};
  };
  for (const Entry& old_field : before.members) {
    const Entry* const same = find_field(after, old_field);
    const llvm::StringRef number = old_field.value("number");
    if (same != nullptr && same->value("number") != number) {
      changes.add(Rule::kNumberChanged, Concern::kMessages, subject(old_field, *same), number.str(),
                  same->value("number").str());
      continue;
    }
    const std::string old_type = renamed_type(names, old_field.value("type"));
    const Entry* const there = same != nullptr ? same : find_number(after, number);
    if (there == nullptr || there->value("type") == old_type) continue;
    if (same == nullptr) {
      changes.add(Rule::kNumberReused, Concern::kMessages, subject(old_field, *there), old_field.name);
    } else {
      changes.add(Rule::kWireTypeChanged, Concern::kMessages, subject(old_field, *there), old_type,
                  there->value("type").str());
    }
  }
}

}  // namespace

void compare_messages(const Names& names, Changes& changes) {
  for (const Names::Pair& pair : names.pairs())
    if (pair.after->kind == "message") compare_messages(*pair.before, *pair.after, names, changes);
}

}  // namespace zc::lock
