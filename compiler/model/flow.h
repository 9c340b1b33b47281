// Flows, jobs and crons: structured bodies over resolved steps.

#pragma once

#include "compiler/model/boxed.h"
#include "compiler/model/service.h"
#include "compiler/model/step.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::model {

// What the definite-assignment analysis knows of a slot at one point of one flow.
enum class Presence : std::uint8_t { kUnset, kMaybe, kSet };

enum class StatementKind : std::uint8_t {
  kStep,      // `step`, with `read_presence` once analysed
  kChain,     // a chain, expanded in place: branches[0]
  kParallel,  // `branches`, one a statement
  kWhen,      // `condition`, branches[0] and, for `else`, branches[1] (empty when not written)
  kEach,      // `each`, body in branches[0]
  kSaga,      // branches[0]
  kTx,        // `transaction`; branches[0], where the commit is a step
  kRescue,    // branches[0] handles `errors` of what stands before it in the same block; see docs/language.md
  kOnError,   // branches[0] runs when `errors` (none: any) leave this block, which then fails unless it
              // answers
  kOnCancel,  // branches[0] runs when the request is cancelled inside this block
  kOnOverload,  // branches[0] runs instead of the flow when there is no time for that; outermost, at most one
  kCall,        // `flow`, its body expanded in place: branches[0]; its answer is this flow's
  kEnqueue,     // `enqueue`
  kReturn,      // `answer`
};

enum class AnswerFormat : std::uint8_t {
  kNone,
  kJson,
  kText,
  kHtml,
  kBytes,
  kMedia,
  kJsonLines,
  kEvents,
  kSource,  // bytes of a stream, whose source says what they are
};

struct AnswerHeader {
  std::string name;
  Expression value;
};

struct Answer {
  std::uint16_t status = 200;
  AnswerFormat format = AnswerFormat::kNone;
  std::string media_type;  // of kMedia
  Boxed<Expression> body;
  Gates reveals;
  std::vector<AnswerHeader> headers;  // `location` included
};

struct Each {
  Expression over;
  SlotId item;             // the slot that holds the element inside the body
  std::uint64_t most = 0;  // `max n`; 0: not written (an error)
  std::uint32_t parallel = 1;
  SlotId results;  // may be none
};

struct Enqueue {
  FlowId job;
  std::vector<Expression> arguments;
  Nanoseconds after = 0;
  std::optional<std::string> priority;
  Boxed<Expression> unique;
};

enum class Isolation : std::uint8_t { kDefault, kReadCommitted, kRepeatableRead, kSerializable };

struct Transaction {
  TargetId target;
  StepId commit;  // made for it
  Isolation isolation = Isolation::kDefault;
  std::uint32_t retries = 0;  // of the whole block, behind a conflict with another transaction
  Span keyword;
};

// Where a handler names one of its errors; those of a domain are named together.
struct ErrorNaming {
  Span span;
  bool by_domain = false;
};

struct Statement;
using Block = std::vector<Statement>;

struct Statement {
  StatementKind kind = StatementKind::kStep;
  Span span;
  StepId step;
  ChainId chain;
  FlowId flow;                          // kCall
  std::vector<Presence> read_presence;  // one a read of the step, set by the slot analysis
  std::vector<std::uint32_t>
      alternatives;  // kStep: what it may need, insert or replace here, in `Flow::alternatives`
  Boxed<Expression> condition;
  std::vector<Block> branches;     // also kChain's expansion, in branches[0]
  std::vector<ErrorId> errors;     // kRescue, kOnError; a domain as each of its errors
  std::vector<ErrorNaming> named;  // one an element of `errors`
  Boxed<Each> each;
  Boxed<Enqueue> enqueue;
  Boxed<Transaction> transaction;
  Boxed<Answer> answer;
};

// A reusable list of statements. Uses of it are expanded into the flows; alternatives of `may insert/replace`
// keep their expansion per flow in `FlowAlternatives`.
struct Chain {
  Origin origin;
  std::vector<OrderRule> order;
  Block body;
};

enum class Method : std::uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kPatch,
  kDelete,
  kOptions,
  kTrace,
  kConnect,
  kAny
};

struct SegmentParameter {
  std::string name, suffix;
  Span span = {};
};

struct PathSegment {
  enum class Kind : std::uint8_t {
    kLiteral,
    kParameter,
    kRest
  };  // kRest: `{name...}`, the last one, any number of segments
  Kind kind = Kind::kLiteral;
  std::string text;                    // decoded literal, or the parameter's name
  std::string prefix, suffix;          // literal text around a parameter within its segment
  Span span;                           // of the parameter
  std::vector<SegmentParameter> more;  // further parameters after `suffix`: `{base}...{head}`; a parameter
                                       // ends at the first occurrence of what follows it, and is never empty
};

struct Route {
  Method method = Method::kGet;
  std::string pattern;
  std::vector<PathSegment> segments;
  Span span;
};

enum class Trigger : std::uint8_t { kRoute, kSlug, kJob, kCron };
enum class Priority : std::uint8_t { kInteractive, kNormal, kBatch };

// Another slug of a flow.
struct Alias {
  std::string slug;
  Span span;
};

// A parameter of a job is a slot that the job begins with.
struct Parameter {
  Origin origin;
  TypeId type;
  SlotId slot;
};

// Branches that exist in a flow because a step may need, insert or replace: expanded and analysed like the
// body.
struct Alternative {
  enum class Kind : std::uint8_t { kNeed, kInsert, kReplace };
  Kind kind = Kind::kNeed;
  StepId step;    // the step that may decide for it
  Span use;       // the statement of the flow at which it stands
  StepId need;    // kNeed
  ChainId chain;  // kInsert, kReplace
  Block body;     // kNeed: the needed step, then the continuation; else the chain's expansion
};

struct JobSettings {
  std::uint32_t attempts = 1;
  bool is_durable = false;  // what its effects have answered is kept from one attempt to the next
  Span durable_span = {};
  Backoff backoff;
  std::optional<Nanoseconds> lease;
  Boxed<Expression> unique;  // over the parameters
  std::string dead_letter;   // a queue; may be empty
};

// The values of the fields of a crontab line, one bit each.
struct Schedule {
  std::uint64_t seconds = 1, minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;  // Sunday is 0
  bool either_day = false;  // one of the days of the month or of the week is enough
};

enum class Overlap : std::uint8_t { kSkip, kQueue, kAllow };
struct CronSettings {
  Schedule times;
  Overlap overlap = Overlap::kSkip;
  std::optional<Nanoseconds> catch_up;
  std::optional<Nanoseconds> computes;  // the most that one run does on its worker, as it says
  Span computes_span;                   // of the value
};

// `idempotency required on cache ttl 24h;`: a request that comes again with the same key gets the same
// answer.
struct Idempotency {
  TargetId target;  // of the adapter `kv`; invalid when it could not be resolved
  Span span;        // of the setting
  bool is_required = false;
  bool waits = false;    // for a request with the same key that is under way; else that is a conflict
  bool retries = false;  // what was interrupted runs again; else that is a conflict
  Nanoseconds life = 86'400'000'000'000;
  std::optional<Nanoseconds> lease;
};

struct Flow {
  Origin origin;
  Trigger trigger = Trigger::kSlug;
  Boxed<Route> route;
  std::string slug;
  std::vector<Alias> aliases;
  std::vector<Parameter> parameters;  // of a job
  std::string schedule, time_zone;    // of a cron
  JobSettings job;
  CronSettings cron;
  bool is_public = false;
  Span public_span;
  Boxed<Deprecation> deprecation;
  std::optional<Nanoseconds> deadline;  // its own, else the service's
  Span deadline_span;                   // of the value
  Priority priority = Priority::kNormal;
  std::optional<std::uint32_t> in_flight, retry_budget_percent, sample_percent;
  std::optional<std::string> owner;
  Boxed<Idempotency> idempotency;
  Block body;              // middleware of the service and `before` first, then the written statements
  std::size_t before = 0;  // so many statements of the body come before the written ones
  std::vector<Alternative> alternatives;
  std::vector<SlotId> slots;        // every slot that this flow touches, in order of first use
  std::vector<SlotId> maybe_slots;  // those that are read at some point where their presence is not known
  std::vector<ErrorId> errors;      // what it can end with
  bool has_effects = false;         // can suspend
};

struct Slot {
  Origin origin;
  TypeId type;
  bool is_private = false;
  Labels labels = kNoLabel;
};

}  // namespace zc::model
