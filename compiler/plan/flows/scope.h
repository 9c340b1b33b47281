// What stands around a place in a flow and takes what leaves it.

#pragma once

#include "compiler/model/program.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SetVector.h>

#include <cstdint>
#include <string>

namespace zc::plan {

// How control leaves a place without going on to the next statement.
struct Event {
  enum class Kind : std::uint8_t { kRaised, kCancelled, kBroken, kAnswered };
  Kind kind = Kind::kBroken;
  model::ErrorId error;  // of kRaised
};

// What has been seen to leave a part of a flow.
struct Arrivals {
  llvm::SmallSetVector<model::ErrorId, 8> errors;
  bool cancelled = false, broken = false, answered = false;

  void add(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kRaised:
        errors.insert(event.error);
        break;
      case Event::Kind::kCancelled:
        cancelled = true;
        break;
      case Event::Kind::kBroken:
        broken = true;
        break;
      case Event::Kind::kAnswered:
        answered = true;
        break;
    }
  }
  void add(const Arrivals& other) {
    errors.insert(other.errors.begin(), other.errors.end());
    cancelled = cancelled || other.cancelled;
    broken = broken || other.broken;
    answered = answered || other.answered;
  }
  [[nodiscard]] bool any() const { return !errors.empty() || cancelled || broken || answered; }
};

struct Scope {
  enum class Kind : std::uint8_t {
    kRescue,       // `errors`, in front of a `rescue`
    kBlock,        // with `on error` for `errors` or `any_error`, with `on cancel` when `takes_cancel`
    kHook,         // in an `on error`: `on cancel` of the same block still runs
    kOnCancel,     // in an `on cancel`: nothing leaves it but to its own end
    kSaga,         // takes everything
    kTransaction,  // that is repeated behind an error
    kBranch,       // a coroutine of its own, which ends with an exit
  };
  Kind kind = Kind::kBranch;
  llvm::ArrayRef<model::ErrorId> errors = {};
  bool any_error = false, takes_cancel = false;
  std::string label = {};       // where control goes
  std::string exit = {};        // the local that says why; kOnCancel: of its block
  std::string saga = {};        // kSaga: its local; kHook: that of the saga which the block is the body of
  std::string outer_saga = {};  // kSaga: the one around it
  bool is_outer_here = false;   // which is a local of the same coroutine
  bool hands_over = false;      // kSaga: the outermost one, and something in it is enqueued
  bool is_used = false;         // something goes there
  Arrivals arrivals = {};

  [[nodiscard]] bool takes(const Event& event) const {
    switch (kind) {
      case Kind::kRescue:
        return event.kind == Event::Kind::kRaised && llvm::is_contained(errors, event.error);
      case Kind::kBlock:
        if (event.kind == Event::Kind::kCancelled) return takes_cancel;
        return event.kind == Event::Kind::kRaised && (any_error || llvm::is_contained(errors, event.error));
      case Kind::kHook:
        if (event.kind == Event::Kind::kAnswered) return !saga.empty();
        return event.kind == Event::Kind::kCancelled && takes_cancel;
      case Kind::kSaga:
        return event.kind != Event::Kind::kAnswered;
      case Kind::kTransaction:
        return event.kind == Event::Kind::kRaised;
      case Kind::kOnCancel:
      case Kind::kBranch:
        return true;
    }
    return true;
  }
};

}  // namespace zc::plan
