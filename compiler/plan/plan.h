// What is decided about the generated C++ of one package before any of its text is written.

#pragma once

#include "compiler/base/span.h"
#include "compiler/plan/flow_plan.h"
#include "compiler/plan/header_plan.h"
#include "compiler/plan/router/router.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace zc::plan {

// A job that the package has or enqueues: its arguments as a struct with a codec, and how it is run.
struct JobPlan {
  std::string flow_name;  // a C++ literal
  std::string comment, arguments_type;
  std::vector<FieldPlan> fields;
  std::vector<CodecFieldPlan> codec;
  bool is_enqueued = false, is_own = false;
  // Of an own one:
  std::size_t flow = 0;  // position
  std::string function, runner;
  bool is_coroutine = false;
  std::string durable_name;                     // kDeliverSites; empty: it is not durable
  std::vector<std::string> durable_sites = {};  // `{.name = "send", .loops = 1}`
  std::vector<std::string> settings;            // ".attempts = 8"
};

struct CronPlan {
  std::string flow_name;  // a C++ literal
  std::size_t flow = 0;   // position
  std::string function, runner;
  bool is_coroutine = false;
  std::vector<std::string> settings;  // ".line = ..."
};

struct SitePlan {
  bool is_enqueue = false;  // its target is the queue of jobs
  std::string name;         // kInsertCall
  std::string step;         // as a `.flow` file writes it, a C++ literal
  std::size_t target = 0;
  std::string operation;             // zerver::SqlAdapter::kOne
  std::vector<std::string> fails;    // enumerators of FaultKind
  std::vector<std::string> policy;   // ".timeout = ..."
  std::string effective;             // the policy with its defaults, for people
  std::string rate;                  // position in the table of rates; empty: none
  std::string answers_name;          // kInsertAnswers
  std::vector<std::string> answers;  // `{kinds, "todo.v1.NotFound", 404}`
  std::string columns_name;          // kLoadColumns; empty: the statement's columns are not known
  std::vector<std::string> columns;  // C++ literals
  std::string fields_name;           // kLoadFields
  std::vector<std::string> fields;   // the position of each field's column, or the constant for none
};

struct StatementPlan {
  std::string name;  // kInsertText
  Lines lines;       // C++ literals
};

struct TargetPlan {
  std::string name, adapter;  // qualified, C++ literals
  std::string function;       // configure_db
  std::vector<std::string> statements;
  std::vector<std::string> settings;  // ".in_flight = 64"
  std::string operations;             // zerver::SqlAdapter::kOperations; may be empty
  std::string rpcs;                   // people::PeopleAdapter::kRpcs; may be empty
  std::string declared;               // "in_flight pool" as a C++ literal; may be empty
  std::string compress_over;          // bytes; empty: requests are sent as they are
  std::string format;                 // zerver::flow::Format::kMessagePack; empty: JSON
  std::string effective;              // its limits with their defaults, for people
};

// What a `rate` that is written once allows to all who name it.
struct RatePlan {
  std::string count, per;  // C++ expressions
};

// How an error is answered.
struct ErrorAnswerPlan {
  std::string type;  // NotFound
  std::uint16_t status = 500;
  std::string code, domain;  // "todo.v1.NotFound", C++ literals
  std::string uri, title;    // C++ literals
  std::string why;           // the member that says what went wrong; empty: none
  bool retryable = false;
  std::vector<CodecFieldPlan> fields;  // without `why`
};

// An error that answers behind a hook, or outside of a branch.
struct ExitAnswerPlan {
  std::string constant, type;
};

struct PatternPlan {
  std::string name, expression;  // a function's name, a C++ literal
};

struct RouteTablePlan {
  std::string method;      // get
  std::string enumerator;  // kGet; empty for "any other"
  RouteTree tree;
};

// A construct that cannot be generated yet.
struct Unsupported {
  Span span;
  std::string what;
  bool is_hint = false;  // the program does the same without it: a warning
};

struct Plan {
  std::string package;        // "todo.v1"
  std::string path;           // of the outputs without ".flow.h"
  std::string source;         // "todo.flow"
  std::string cpp_namespace;  // todo::v1
  Lines doc;
  std::vector<std::string> header_includes;  // "auth.flow.h", <ns/extern.h>
  std::vector<std::string> source_includes;
  std::vector<TypePlan> types;  // in an order in which they compile
  std::vector<AdapterPlan> adapters;
  std::vector<StepPlan> steps;
  std::vector<FlowPlan> flows;
  std::vector<std::string> step_places;  // `{"load", {"todo.flow", 12}}`: of the steps that flows name
  std::vector<SitePlan> sites;
  std::vector<StatementPlan> statements;
  std::vector<TargetPlan> targets;
  std::vector<RatePlan> rates;
  std::vector<SagaStepPlan> saga_steps;
  std::vector<JobPlan> jobs;
  std::vector<CronPlan> crons;
  std::vector<ErrorAnswerPlan> errors;
  std::vector<std::string> error_constants;  // of errors that leave blocks; the first is 1
  bool answers_exits = false;                // some flow answers with the exit of a part of it
  std::vector<ExitAnswerPlan> exit_answers;
  std::vector<PatternPlan> patterns;
  std::vector<RouteTablePlan> routes;
  std::set<std::string> source_names;  // of the package and of its source file: taken
  std::size_t captures = 0;            // the most values that a route yields
  bool has_deprecated = false;         // something that generated code may use is deprecated
  std::string limits;                  // of the service block, as an initialiser; empty when it sets none
  std::vector<Unsupported> unsupported;
};

}  // namespace zc::plan
