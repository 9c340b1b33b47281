// How flows end: the errors that leave them, who raises those and why, and all answers that a client can get.

#pragma once

#include "compiler/model/graph/cfg.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringRef.h>

#include <cstdint>
#include <string>
#include <vector>

namespace zc::model {

// An error that a flow can end with, and the reachable nodes that raise it: steps, in the order of the graph.
struct Escape {
  ErrorId error;
  std::vector<NodeIndex> raisers;
};

// Errors that no handler of the flow takes, each once, ordered by id. Rescued ones are not among them; those
// of a handler's own steps are. Linear in the size of the graph.
[[nodiscard]] std::vector<Escape> escapes_of(const Cfg& cfg);

// Whether the failure of a member can be that of its group: not of an optional one that the join does
// without.
[[nodiscard]] bool can_fail_group(Join join, bool is_required);
// The kinds in which a group fails: those of the members whose failure counts; none where so many members
// cannot fail that the join always has what it needs.
[[nodiscard]] Kinds raised_by(const Group& group);

// Why a step raises an error, as the rest of a sentence: "`db.one` fails with `missing`".
[[nodiscard]] std::string cause_text(const Program& program, const Step& step, ErrorId error);

// Whether the body is made while it is sent.
[[nodiscard]] bool is_streamed(const Program& program, const Answer& answer);

// Whether clients of the flow may send and ask for MessagePack in place of JSON.
[[nodiscard]] bool takes_message_pack(const Program& program, const Flow& flow);

// Where an error belongs: its domain, else its package.
[[nodiscard]] llvm::StringRef domain_name(const Program& program, ErrorId error);

// One way in which a client is answered.
struct FlowAnswer {
  enum class Source : std::uint8_t {
    kReturn,   // a `return`: `format`, `media_type`, `body`
    kError,    // an error that no handler takes, as problem+json: `error`, `raisers`
    kRuntime,  // the runtime itself, as problem+json: `why`
  };

  Source source = Source::kReturn;
  std::uint16_t status = 0;  // 0: an error without a status
  AnswerFormat format = AnswerFormat::kNone;
  std::string media_type;            // "application/json"; empty: no body
  TypeId body;                       // none: no body
  std::vector<std::string> headers;  // names, as written
  ErrorId error;
  std::vector<StepId> raisers;  // each once, in the order of the graph
  std::string why;
};

struct FlowAnswers {
  std::vector<FlowAnswer> answers;  // by status, then as in the flow; equal ones once
  std::vector<StepId> may_answer;   // `may done`: C++ steps that can answer with anything
};

// Jobs and crons answer nobody: what they end with are errors alone. Needs `Flow::has_effects`.
[[nodiscard]] FlowAnswers answers_of(const Program& program, FlowId flow);

// What the server answers before a flow is found, whichever it would be.
struct ServerAnswer {
  std::uint16_t status = 0;
  llvm::StringLiteral why;
};
[[nodiscard]] llvm::ArrayRef<ServerAnswer> server_answers();

// For each flow of the root packages its answers, one a line, then those of the server. Deterministic.
void dump_outcomes(const Program& program, llvm::raw_ostream& out);

}  // namespace zc::model
