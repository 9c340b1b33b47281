// What changed between two locks, and how much care each change needs.

#pragma once

#include "compiler/lock/lock.h"
#include "compiler/lock/rules.h"

#include <cstdint>
#include <string>
#include <vector>

namespace zc::lock {

// Whom a change concerns.
enum class Concern : std::uint8_t { kClients, kJobs, kDurable, kNames, kMessages };

struct Change {
  Rule rule{};
  Concern concern{};
  std::string subject;        // "field `due` of `todo.v1.NewTodo`"
  std::string before, after;  // as far as the rule has them
  Span old_span;              // in the lock file; nowhere for what is new
  Span new_span;              // in the program; nowhere for what is gone
  // Of `kRenamedSilently`: the kind of declaration, its name without the package, and the `@was` that it has.
  std::string kind, name;
  Span was_span;

  [[nodiscard]] Class severity() const { return info(rule).severity; }
};

// Pure. Directions count: what clients send and what was stored is read by the new program, what it answers
// is read by old clients. A value that is used in several directions is named once for each whom it concerns,
// by its gravest rule.
[[nodiscard]] std::vector<Change> compare(const Lock& before, const Lock& after);

// The rule's message about this change, and what to do about it.
[[nodiscard]] std::string message_of(const Change& change);
[[nodiscard]] std::string advice_of(const Change& change);

}  // namespace zc::lock
