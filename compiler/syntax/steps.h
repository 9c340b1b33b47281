// A step, its effect or group of effects, and its clauses.

#pragma once

#include "compiler/syntax/expressions.h"

#include <llvm/ADT/ArrayRef.h>

#include <cstdint>

namespace zc::syntax {

// `draft`, `auth.user`, `left?`: a slot that is read or written.
struct SlotUse {
  QualifiedName name;
  bool is_optional = false;
  Span span;
};

// `with money timeout 50ms hedge 2 after 20ms key expr`: how an effect is performed.
struct EffectClauses {
  QualifiedName policy;               // missing when none is named
  llvm::ArrayRef<Setting> overrides;  // inline: timeout, retry, backoff, hedge, rate
  const Expr* key = nullptr;          // null without `key`
  Span key_span;                      // `key expr`; nowhere without it
};

// `target.op(args)` and how. `call` is never null; its callee has at least two segments,
// `[package.]target.op`.
struct Effect {
  const CallExpr* call = nullptr;
  EffectClauses clauses;
  Span span;
};

// `request.json`, `request.path.id`, `request.query.page ?? 1`
struct RequestPart {
  llvm::ArrayRef<Name> segments;        // without `request`: "json", or "path" and "id"; at least one
  const Expr* default_value = nullptr;  // behind `??`, null when there is none
  Span span;                            // of `request.path.id`
};

enum class JoinKind : std::uint8_t {
  kAll,
  kAllRequired,
  kAny,
  kFirstSuccess,
  kRace,
  kQuorum,
  kHedge,
  kSequential
};

struct Group;

enum class Requirement : std::uint8_t { kUnspecified, kRequired, kOptional };

// `optional related = search.get("/x") with once;`, or a group in the group.
struct GroupMember : Node {
  Requirement requirement = Requirement::kUnspecified;
  QualifiedName slot;              // missing when the result goes nowhere
  const Effect* effect = nullptr;  // null for a nested group or when it could not be read
  const Group* group = nullptr;    // null for an effect
};

// `all_required { ... }`
struct Group : Node {
  JoinKind join = JoinKind::kAll;
  Span join_span;               // empty when the join is left out
  const Expr* count = nullptr;  // `quorum 2`, `hedge 2`; else null
  const Expr* delay = nullptr;  // `hedge 2 after 20ms`; else null
  llvm::ArrayRef<GroupMember> members;
};

enum class StepBodyKind : std::uint8_t {
  kNone,        // no `=`: the body is a C++ function
  kRequest,     // `request`
  kEffect,      // `effect`
  kGroup,       // `group`
  kExpression,  // `expression`
  kError,       // could not be read
};

// Exactly the member that `kind` names is set.
struct StepBody {
  StepBodyKind kind = StepBodyKind::kNone;
  const RequestPart* request = nullptr;
  const Effect* effect = nullptr;  // with the clauses that follow it in the step
  const Group* group = nullptr;
  const Expr* expression = nullptr;
  Span span;
};

struct FailureStatus {
  std::uint16_t value = 0;  // 100 to 999; 0: what is written is none
  Span span;
};

// `NotFound`, `NotFound on missing`, `Busy on conflict | timeout`, `Declined on 402 | rejected`
struct FailsClause {
  QualifiedName error;
  llvm::ArrayRef<Name> kinds;              // empty without statuses: those of the error's `@kind`
  llvm::ArrayRef<FailureStatus> statuses;  // what the other side answered with
  Span span;

  [[nodiscard]] bool names_causes() const { return !kinds.empty() || !statuses.empty(); }
};

enum class DecisionKind : std::uint8_t { kDone, kNeed, kInsert, kReplace };

// `may done`, `may need load, mine`, `may insert audit`, `may replace denied`
struct MayClause {
  DecisionKind kind = DecisionKind::kDone;
  llvm::ArrayRef<QualifiedName> names;  // steps for need, chains for insert and replace
  Span span;
};

// `then on_loaded(todo) -> price`: the function that runs after what was needed, with its own view.
struct Continuation {
  Name name;
  llvm::ArrayRef<SlotUse> reads;
  llvm::ArrayRef<SlotUse> writes;
  Span span;
};

}  // namespace zc::syntax
