// A reader of crontab fields.

#include "compiler/check/flows/schedule.h"

#include <llvm/ADT/SmallVector.h>

#include <cstdint>
#include <iterator>

namespace zc::check {

namespace {

struct FieldRule {
  llvm::StringLiteral name;
  std::uint32_t least;
  std::uint32_t most;
  llvm::StringLiteral words;  // three letters each, for `least` and on
};

constexpr FieldRule kFields[] = {
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of the month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 7, "sunmontuewedthufrisat"},
};

std::optional<std::uint32_t> number(const FieldRule& rule, llvm::StringRef text) {
  std::uint32_t value = 0;
  if (text.size() == 3 && !rule.words.empty()) {
    const std::size_t at = rule.words.find(text.lower());
    if (at != llvm::StringRef::npos && at % 3 == 0) return rule.least + static_cast<std::uint32_t>(at / 3);
  }
  if (text.empty() || text.getAsInteger(10, value) || value < rule.least || value > rule.most)
    return std::nullopt;
  return value;
}

bool is_item(const FieldRule& rule, llvm::StringRef item) {
  const auto [span, step] = item.split('/');
  std::uint32_t every = 0;
  if (item.contains('/') && (step.getAsInteger(10, every) || every == 0)) return false;
  if (span == "*") return true;
  const auto [low, high] = span.split('-');
  const std::optional<std::uint32_t> first = number(rule, low);
  if (!first) return false;
  if (!span.contains('-')) return !item.contains('/');
  const std::optional<std::uint32_t> last = number(rule, high);
  return last && *first <= *last;
}

}  // namespace

std::optional<std::string> check_schedule(llvm::StringRef schedule) {
  llvm::SmallVector<llvm::StringRef, 8> fields;
  schedule.split(fields, ' ', -1, /*KeepEmpty=*/false);
  if (fields.size() != std::size(kFields)) return "has " + std::to_string(fields.size()) + " fields";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    llvm::SmallVector<llvm::StringRef, 8> items;
    fields[i].split(items, ',');
    for (const llvm::StringRef item : items) {
      if (!is_item(kFields[i], item)) return "`" + item.str() + "` is no " + kFields[i].name.str();
    }
  }
  return std::nullopt;
}

}  // namespace zc::check
