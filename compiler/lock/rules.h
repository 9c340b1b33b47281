// The rules of rules.def as types and a table.

#pragma once

#include <llvm/ADT/StringRef.h>

#include <cstddef>
#include <cstdint>

namespace zc::lock {

// How much care a change needs, least first.
enum class Class : std::uint8_t {
  kSafe,      // old and new may run side by side
  kMigrate,   // goes well in a certain order, or after somebody was told
  kBreaking,  // what worked before does not work any more
};

// What a rule is about.
enum class Area : std::uint8_t { kRequest, kAnswer, kApi, kStored, kJob, kDurable, kNames, kMessage };

enum class Rule : std::uint8_t {
#define RULE(Name, Code, Area, Class, Title, Message, Advice) Name,
#include "compiler/lock/rules.def"
#undef RULE
};

struct RuleInfo {
  llvm::StringRef name;
  Area area;
  Class severity;
  llvm::StringRef title;  // the change in a few words
  const char* message;    // format of llvm::formatv: {0} what, {1} before, {2} after
  const char* advice;     // the same; may be empty
};

[[nodiscard]] std::size_t rule_count();
[[nodiscard]] const RuleInfo& info(Rule rule);
[[nodiscard]] llvm::StringRef class_name(Class severity);  // "safe", "migrate", "breaking"

}  // namespace zc::lock
