// Adapters, targets, policies and steps of the resolved program.

#pragma once

#include "compiler/model/boxed.h"
#include "compiler/model/expression.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::model {

enum class Access : std::uint8_t { kRead, kWrite, kByStatement };
enum class ResultFormat : std::uint8_t {
  kTyped,
  kRow,
  kJson
};  // who makes the value: the adapter, a row decoder, a JSON decoder

struct OperationParameter {
  std::string name;
  TypeId type;
  Boxed<Constant> default_value;
  Span span;
  Boxed<FieldNumber> number = {};  // of a call over gRPC whose parameters are the fields of its message
};

struct Operation {
  Origin origin;
  Access access = Access::kRead;
  bool idempotent = false;
  bool stream = false;
  bool status = false;   // its failures have a status: of HTTP, or a code of gRPC
  bool commits = false;  // @commit: ends a `tx { }`, and no step calls it
  std::vector<std::string> type_parameters;
  std::vector<OperationParameter> parameters;
  ResultFormat format = ResultFormat::kTyped;
  TypeId result;  // kVoid when there is none; may mention type parameters
  Kinds fails = 0;
  std::string method;  // of the adapter's service that it calls; empty: it is no call over gRPC
};

struct Adapter {
  Origin origin;
  std::string service;  // of gRPC, "people.v1.People"; empty: it is none
  std::vector<OperationParameter> parameters;
  std::vector<Operation> operations;
};

using Nanoseconds = std::uint64_t;
inline constexpr Nanoseconds kSecond = 1'000'000'000;

struct Backoff {
  Nanoseconds least = 0, most = 0;
};
struct Retry {
  std::uint32_t times = 0;
  Backoff backoff;
  std::vector<ErrorId> on;  // empty: every @retryable error
  Span span;                // of the setting; nowhere when only `backoff` or `on` is written
};
struct Hedge {
  std::uint32_t times = 1;
  Nanoseconds after = 0;
  Span span;  // of the setting, or of the join `hedge`
};
struct Rate {
  std::uint32_t count = 0;
  Nanoseconds per = 0;
};

struct PolicySettings {
  std::optional<Nanoseconds> timeout;
  std::optional<Retry> retry;
  std::optional<Hedge> hedge;
  std::optional<Rate> rate;
  Span timeout_span, rate_span;  // of the values; a rate is counted where it is written
};
struct Policy {
  Origin origin;
  PolicySettings settings;
};

struct Breaker {
  std::uint32_t percent = 50, of = 20;
  Nanoseconds open = 0;
};

struct Target {
  Origin origin;
  AdapterId adapter;
  std::vector<Expression> arguments;  // one a parameter of the adapter; environment and secrets allowed
  std::optional<std::uint32_t> in_flight, queue_bound, pool;
  Span in_flight_span, pool_span;  // of the values
  std::optional<Breaker> breaker;
  std::optional<std::uint32_t> retry_budget_percent;
  std::optional<std::uint64_t> compress_over;  // bytes of a request; longer ones are sent with gzip
  bool message_pack = false;  // what is sent to it as `json`, and asked for, is in that format
  Boxed<Expression> bearer;
  PolicyId default_policy;  // may be none
  Gates accepts;
  bool builtin = false;  // `clock`, `random`: need no declaration
};

// A group's join.
enum class Join : std::uint8_t {
  kAll,
  kAllRequired,
  kAny,
  kFirstSuccess,
  kRace,
  kQuorum,
  kHedge,
  kSequential
};

struct SlotUse {
  SlotId slot;
  bool optional = false;
  Span span;
};

// How a failure of an operation, or of parsing, becomes a declared error: one with a status in `statuses`,
// and one of a kind in `kinds` whose status stands in no mapping, becomes `error`.
struct ErrorMapping {
  ErrorId error;
  Kinds kinds = 0;
  Span span;
  std::vector<std::uint16_t> statuses = {};
};

// A column of a statement's rows, `*` written out.
struct RowColumn {
  std::string name;
  bool may_be_null = true;
};

// `insert into t (a, b) values {rows}`, where the rows are a list or a stream of structs.
struct BulkInsert {
  static constexpr std::size_t kRows = 1;  // among the operands of the statement

  std::string into;               // `t (a, b)`
  std::vector<Expression> cells;  // kField, without operands: what is stored in each column
};

// One call of an operation on a target.
struct EffectCall {
  TargetId target;
  std::uint32_t operation = 0;        // index in the adapter
  std::vector<Expression> arguments;  // one a parameter, defaults filled in
  TypeId result;                      // type parameters replaced; kVoid when none
  Access access = Access::kRead;      // kByStatement resolved
  PolicyId policy;                    // named by `with`; may be none
  PolicySettings settings;            // of the policy or the default one, then what the step says in place
  Boxed<Expression> key;              // idempotency key
  Kinds raises = 0;                   // what this call can really fail with
  std::vector<RowColumn> columns;     // of a SQL statement that was prepared; empty where that is not known
  std::optional<BulkInsert> bulk;     // what its statement is, in which nothing but the rows is bound
  std::vector<std::uint32_t> digits;  // values bound to it that SQLite may round to a number, in their order
  Span span;                          // `target.operation(arguments)`
  Span whole;                         // with its clauses
  Span policy_span;                   // the name behind `with`; nowhere when there is none
  Span key_span;                      // `key expression`; nowhere when there is none
};

struct Group;

// An effect of a group, or a group inside it.
struct GroupMember {
  bool required = true;  // not `optional`
  Boxed<Group> group;    // or else:
  SlotUse writes;
  EffectCall call;
};
struct Group {
  Join join = Join::kAll;
  std::uint32_t quorum = 0;
  std::vector<GroupMember> members;  // as they are written: the order in which they start, and are merged
  Span span;
  Span join_span;  // empty when the join is left out
};

enum class StepKind : std::uint8_t {
  kExtract,  // one or more request parts through `value`
  kPure,     // `value` is an expression over slots
  kEffect,   // `call`
  kGroup,    // `group`
  kBody,     // a C++ function
};

struct Step {
  Origin origin;
  StepKind kind = StepKind::kBody;
  std::vector<SlotUse> reads, writes;
  Boxed<Expression> value;
  Boxed<EffectCall> call;
  Boxed<Group> group;
  std::vector<ErrorId> fails;  // in declaration order; of effects and extractions this includes the prelude's
                               // when none is written
  std::vector<ErrorMapping> mappings;  // disjoint, and complete over what `what` can raise
  bool never_fails = false;            // effect whose writes are all optional and that declares no error
  bool may_done = false;
  std::vector<StepId> may_need;
  StepId then;  // continuation after a need; may be none
  std::vector<ChainId> may_insert, may_replace;
  Boxed<EffectCall> undo;
  bool pivot = false;
  Span pivot_span;
  bool auth = false;     // @auth
  bool limit = false;    // @limit: may come before authentication
  bool commits = false;  // no step of the file: the end of a `tx { }`
  Gates drops;
};

}  // namespace zc::model
