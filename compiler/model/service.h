// Services, middleware and deprecation: what is said about flows from outside their bodies.

#pragma once

#include "compiler/model/step.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::model {

// `deprecated since "2026-01" sunset "2026-07-01" successor show;`. Dates are months or days of RFC 3339.
struct Deprecation {
  std::string since, sunset;  // may be empty
  FlowId successor;           // may be none
  Span span, since_span, sunset_span, successor_span;
};

// A use of a step or chain that stands before a flow.
struct Middleware {
  StepId step;    // one of the two
  ChainId chain;  // may both be none, where the name was not found
  Span span;
};

// `chain audit after auth.bearer requires auth.bearer`: how a chain stands to another step or chain.
struct OrderRule {
  enum class Kind : std::uint8_t {
    kBefore,
    kAfter,
    kRequires  // after, and never without
  };
  Kind kind = Kind::kAfter;
  Middleware other;
};

struct ServiceLimits {
  std::uint64_t body = 1U << 20U, headers = 16U << 10U;
  std::uint32_t json_depth = 32;
};

struct ScopePath {
  std::string text;
  Span span;
};

// `before guard on "/admin";`: stands before the flows in its scope.
struct ServiceMiddleware {
  std::vector<Middleware> uses;
  std::vector<ScopePath> paths;  // of routes, without the base; none: all flows that clients reach
};

struct Service {
  Origin origin;
  std::string base;
  std::optional<std::string> owner;
  bool auth_deny = true;
  bool message_pack = false;  // documents come and go in it where clients want that
  ServiceLimits limits;
  std::optional<Nanoseconds> deadline;
  Span deadline_span;       // of the value
  PolicyId default_policy;  // of effects whose target has none
  std::vector<ServiceMiddleware> middleware;
  bool requires_idempotency = false;
  Span idempotency_span;
  std::vector<std::string> denied_words;  // in addresses; beside those that are always denied
};

}  // namespace zc::model
