// Where labelled data leaves the service, and what lets it: for the report `--emit=dataflow`.

#pragma once

#include "compiler/model/types.h"

#include <cstdint>
#include <string>
#include <vector>

namespace zc::model {

// One piece of labelled data at the place where it leaves or loses its label.
struct LabelledData {
  Label label = kNoLabel;
  std::string name;           // "todo.owner", as the flow's package writes it
  std::string declaration;    // "field `owner` of `Todo`"
  std::vector<StepId> steps;  // the last ones that passed it on, in order

  friend bool operator==(const LabelledData&, const LabelledData&) = default;
};

enum class DepartureKind : std::uint8_t {
  kArgument,   // of an operation: `target`, `operation`, `place` is the parameter
  kUrl,        // an argument that is a URL
  kKey,        // the idempotency key of an operation
  kBody,       // of an answer: `status`
  kHeader,     // of an answer: `place` is its name
  kParameter,  // of a job, kept in its queue: `job`, `place`
  kUniqueKey,  // of an `enqueue`
  kReason,     // `why` of an error that a C++ step makes: it may quote what the step reads
};

struct Departure {
  FlowId flow;
  StepId step;  // none for answers and `enqueue`
  DepartureKind kind = DepartureKind::kArgument;
  bool is_undo = false;  // the operation is the step's compensation
  TargetId target;
  std::uint32_t operation = 0;
  std::uint16_t status = 0;
  FlowId job;
  ErrorId error;
  std::string place;
  std::vector<LabelledData> data;
};

// Data that a step read, and whose label what it makes does not carry because of `drops`.
struct Drop {
  FlowId flow;
  StepId step;
  std::vector<LabelledData> data;
};

// In the order of the flows, then of their statements.
struct Departures {
  std::vector<Departure> departures;
  std::vector<Drop> drops;
};

}  // namespace zc::model
