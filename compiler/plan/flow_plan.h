// What a flow does, statement by statement.

#pragma once

#include "compiler/model/ids.h"
#include "compiler/plan/header_plan.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace zc::plan {

// What happens when something fails: `statuses` are numbers, which go before all `kinds`, enumerators of
// FaultKind; `statement` ends or leaves the flow.
struct FailurePlan {
  // A field of the error that the answer may have: `const auto local = value;`
  struct Answered {
    std::string local, value;
    bool is_required = false;  // without it the failure is another one
  };
  std::vector<std::string> statuses, kinds;
  std::vector<Answered> answered;
  std::string statement;
};

// `if (condition) { target = value; presence = true; }`; each of condition, target and presence may be empty.
struct AssignPlan {
  std::string condition, target, value, presence;
};

// `const zerver::Result<type> local = value;`
struct PartPlan {
  std::string local, type, value;
};

// A `zerver::Json` that statements write with the JsonWriter `json`.
struct TextPlan {
  std::string local;
  Lines json;
  std::string format;  // zerver::flow::Format::kMessagePack; empty: JSON
};

// One effect that is started: everything is a C++ name or expression.
struct CallPlan {
  std::string site;            // the constant with its policy
  std::string call;            // the local
  std::string call_type;       // zerver::flow::RowsCall<Todo>
  std::string arguments_type;  // zerver::SqlAdapter::OneArguments
  std::string arguments_local;
  std::vector<std::string> arguments;  // {kInsertText, insert_parameters}
  std::vector<TextPlan> texts;         // that its arguments are made of
  std::string parameters_local;        // of a statement; empty: none
  std::vector<std::string> parameters;
  std::string rows_type;    // of a statement that inserts rows: `parameters` make one; else empty
  std::string key;          // what the other side knows a repeated call by; empty: none
  std::string transaction;  // the local of the transaction that it is part of; empty: none
  std::string shield;       // a further argument of the call; may be empty
};

// Calls, or groups, that are waited for together.
struct GroupPlan {
  std::string local;                 // group, sequential_1
  std::string join;                  // zerver::flow::Join::kAll
  std::string quorum;                // of kQuorum; else empty
  std::vector<std::string> members;  // "{&price_call}", in the order in which they start
};

// What is made of the result of a call or of a group: `local.result()`.
struct OutcomePlan {
  std::string local;
  std::string result;    // in place of that; else empty
  bool may_fail = true;  // else a failure only leaves slots unset
  std::vector<FailurePlan> failures;
  std::string uncovered;  // statements for a fault that is none of these
  // What is kept, in the order of the text; `condition` may be empty.
  struct Kept {
    std::string condition;
    std::vector<AssignPlan> assigns;
  };
  std::vector<Kept> kept;
};

// A slot that is captured; or, without one, the key of a call that is a part of the request.
struct SagaFieldPlan {
  model::SlotId slot;
  std::string name, type;  // of the member, an optional
  std::string json;        // its name in the journal, a C++ literal
  bool is_written = false;
};

// What the package knows of a step that writes inside a saga, whichever flow it stands in.
struct SagaStepPlan {
  std::string capture;   // ReserveCapture
  std::string constant;  // kReserveSaga
  std::string step;      // "orders.reserve", a C++ literal
  std::string written;   // as a `.flow` file writes it
  std::string role;      // kCompensated
  bool repeatable = false, undo_repeatable = false, undo_needs_result = false;
  std::vector<SagaFieldPlan> fields;
  std::string key;                               // the member with the key; empty: none
  std::string undo, undo_text;                   // undo_reserve, "pay.release"; empty: it has none
  std::string redo, redo_text;                   // of its own effect, when it may be repeated
  std::vector<CallPlan> undo_calls, redo_calls;  // one, when there is such a function
  std::vector<AssignPlan> redo_assigns;
};

// One use of such a step.
struct SagaUsePlan {
  std::string capture, constant;
  bool is_last = false;                   // no other write of the saga can come behind it
  std::vector<AssignPlan> before, after;  // of the effects
  std::string saga = {};                  // the local of the saga
  std::string unrecorded = {};            // guarded statements when it may not begin
};

// Where a durable job performs effects.
struct DurableSitePlan {
  std::string name, was;  // `send#2`; the same by the former name of its step, empty when it has none
  std::size_t loops = 0;  // around it
};

// One use of such a site.
struct DurableUsePlan {
  std::string place;     // an expression
  bool goes_on = false;  // the flow does, behind a failure as well
  std::string unkept;    // guarded statements when it could not be written down
};

// What `enqueue` hands over.
struct EnqueuePlan {
  std::string job;  // a C++ literal
  std::string site, arguments_type;
  std::vector<std::string> arguments;
  std::vector<std::string> settings;  // ".after = ..."
  std::string saga;    // the local, or that of a transaction, that keeps it until it completes; empty: none
  std::string shield;  // a further argument of the call; may be empty
  std::string failed;  // guarded statements when it is not taken
};

struct Operation;
using Body = std::vector<Operation>;

struct CasePlan {
  std::string label;      // admit::Decision::Kind::kFailOverQuota
  std::string statement;  // or
  Body body;
  bool ends = false;  // the flow does not go on behind `body`
};

struct HeaderPlan {
  std::string name, value;
};

// Statements around what answers: `leave` stands before the call that does, such as "co_return ".
struct AnswerWay {
  std::string before, leave, behind;
};

// What a step must have written, and what happens when it has not.
struct WrittenPlan {
  std::string name;  // in the view
  std::string statement;
};

// An `on error` or `on cancel` of a block.
struct HookPlan {
  std::string comment;
  std::string condition;  // of an `on error`, over the exit
  std::string label;      // behind an `on cancel`; empty: nothing goes there
  std::string taken;      // of a durable job: the statement that takes what has failed; empty: nothing has
  Body body;
};

// `each`: a loop, or runs side by side.
struct EachPlan {
  std::string list_type, list, over;  // the local, what it is made of
  std::string too_many;               // condition and statements when it is too long
  std::string index;
  std::string element;  // the local with what a run has for itself
  std::string element_type;
  bool is_element_read = true;
  std::vector<AssignPlan> begin;  // of a run
  std::string results_type;       // empty: no results
  std::string results;
  std::string collect;          // statement at the end of a run; empty without results
  std::vector<AssignPlan> end;  // behind the last run
  std::string parallel;         // side by side: how many
};

// One thing that a flow does.
struct Operation {
  enum class Kind : std::uint8_t {
    kExtract,
    kAssign,
    kCalls,
    kStep,
    kWhen,
    kEnqueue,
    kRescue,
    kAnswer,
    kBlock,     // with hooks
    kParallel,  // branches that are coroutines
    kEach,
    kSaga,
    kTransaction,
    kIdempotency
  };
  Kind kind = Kind::kAssign;
  std::string comment;                    // "read_id -> id", "return 201 todo"
  std::string flow_name;                  // of the step, a C++ literal
  bool may_throw = false;                 // kAssign: a number may overflow
  std::vector<PartPlan> parts;            // kExtract
  std::vector<AssignPlan> assigns;        // kExtract, kAssign, kStep: what is known of its writes
  std::vector<FailurePlan> failures;      // kExtract
  std::string uncovered;                  // kExtract: as in OutcomePlan
  std::vector<CallPlan> calls;            // kCalls
  std::vector<GroupPlan> groups;          // kCalls: the inner ones first; none when there is one call
  std::vector<OutcomePlan> outcomes;      // kCalls
  std::optional<SagaUsePlan> saga;        // kCalls that write inside a saga
  std::optional<DurableUsePlan> durable;  // kCalls and kEnqueue of a durable job
  std::string given_up;               // kCalls: guarded statements when the request is given up; may be empty
  EnqueuePlan enqueue;                // kEnqueue
  std::vector<std::string> settings;  // kIdempotency: ".target = 0"
  std::string step;                   // kStep: the namespace
  std::string prefix;                 // of its locals
  std::vector<std::string> arguments;
  std::vector<CasePlan> cases;
  std::vector<WrittenPlan> required_writes;
  std::string condition;               // kWhen
  Body body, otherwise;                // kWhen, kRescue: what may fail, what handles it
  std::string taken;                   // kRescue: as in HookPlan
  std::string saga_local, commit;      // kSaga: its local; statements at its end, empty: it never comes there
  std::string transaction_local;       // kTransaction
  std::vector<std::string> forgotten;  // kTransaction that is repeated: whether slots are set
  bool ends = false;                   // kTransaction that is repeated: nothing goes on behind the body
  std::string commits;                 // kCalls: the local of the transaction that ends with it; else empty
  std::string label;                   // kRescue, kBlock: where failures go
  std::string exit;  // kBlock, kParallel, kEach side by side: the local that says how it ended
  std::vector<HookPlan> on_error, on_cancel;  // kBlock
  std::string cancel_label;                   // kBlock: where `on error` goes when the request is given up
  std::string pass_on;                        // statements that go on with `exit`
  struct Branch {
    std::string name, function;          // kParallel: the local
    std::vector<std::string> arguments;  // behind `exchange`
  };
  std::vector<Branch> branches;  // kParallel, kEach side by side
  std::optional<EachPlan> each;
  std::uint16_t status = 200;      // kAnswer
  std::string content_type, text;  // expressions; both empty: no body
  std::string value;               // an expression that becomes JSON, or is streamed
  std::string stream;              // the function of the runtime that streams it; else empty
  Lines json;                      // or statements that write it
  std::vector<HeaderPlan> headers;
  AnswerWay way;
};

struct SlotPlan {
  std::string name, type;
  std::string presence;  // has_name; empty when it is known everywhere
  std::string flow_name;
  unsigned alignment = 8;
};

// What a run of an `each` has for itself.
struct StoragePlan {
  std::string name;  // ShowEach1
  std::vector<SlotPlan> slots;
};

// A part of a flow that is a coroutine of its own.
struct BranchPlan {
  std::string function;
  std::vector<std::string> parameters;  // behind `exchange`
  std::vector<std::string> arguments;
  std::optional<EachPlan> each;  // it is the run of an element
  Body body;
  bool ends = false;  // nothing goes on behind the body
};

struct FlowPlan {
  std::string name;      // "create"
  std::string function;  // run_create
  std::string storage;   // CreateSlots
  std::string constant;  // kCreate
  std::string flow_name, slug, method, path;
  std::string heading;  // `flow create on POST "/todos"`
  Lines doc;
  std::vector<SlotPlan> slots;
  bool uses_slots = false;            // something reads them, or has their addresses
  std::string deadline;               // an expression; empty: none
  std::vector<std::string> settings;  // what the scheduler is told: ".priority = ..."
  std::string owner;
  bool is_coroutine = false;
  std::string arguments_type;                  // of a job
  std::vector<DurableSitePlan> durable_sites;  // of a durable one
  bool is_routed = true;                       // by requests
  bool uses_path = false;                      // reads a path parameter
  std::size_t captures = 0;                    // values that its route yields
  std::string outcomes_name;                   // kShowOutcomes
  std::vector<std::string> outcomes;           // `{404, "urn:..."}`: how it can answer
  std::vector<StoragePlan> storages;
  std::vector<BranchPlan> branches;  // each behind those that it uses
  Body body;
  std::vector<FlowPlan> on_overload;  // what runs instead when there is no time: none or one
  std::vector<std::string>
      suspensions;  // steps at which it waits, in the order of the text: point 1 is the first
};

}  // namespace zc::plan
