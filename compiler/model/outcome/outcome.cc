// Errors that leave a flow, and its answers.

#include "compiler/model/outcome/outcome.h"

#include "compiler/model/effects.h"
#include "compiler/model/outcome/status_text.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace zc::model {

namespace {

class EscapeCollector {
 public:
  explicit EscapeCollector(const Cfg& cfg) : cfg_(cfg) {}

  std::vector<Escape> collect() {
    for (const NodeIndex node : cfg_.order) {
      for (const Edge& edge : cfg_.nodes[node].out) {
        if (edge.to == Cfg::kFailedNode && edge.error.is_valid()) add(escape_of(edge.error), node);
      }
    }
    llvm::sort(escapes_, [](const Escape& left, const Escape& right) { return left.error < right.error; });
    return std::move(escapes_);
  }

 private:
  Escape& escape_of(ErrorId error) {
    const auto [entry, is_new] = index_.try_emplace(error, escapes_.size());
    if (is_new) escapes_.push_back({error, {}});
    return escapes_[entry->second];
  }

  // An `on error` passes on what others raised.
  void add(Escape& escape, NodeIndex node) {
    if (cfg_.nodes[node].kind != NodeKind::kRaise) {
      escape.raisers.push_back(node);
      return;
    }
    const NodeIndex handler = cfg_.node_of_statement[cfg_.nodes[node].statement];
    for (const NodeIndex from : cfg_.nodes[handler].in) {
      const bool raises = llvm::any_of(cfg_.nodes[from].out, [&](const Edge& edge) {
        return edge.to == handler && edge.error == escape.error;
      });
      if (raises) add(escape, from);
    }
  }

  const Cfg& cfg_;
  std::vector<Escape> escapes_;
  llvm::DenseMap<ErrorId, std::size_t> index_;
};

constexpr std::array<llvm::StringLiteral, 6> kKindNames{"invalid",  "missing",     "conflict",
                                                        "rejected", "unavailable", "timeout"};

std::string quoted_causes(Kinds kinds, llvm::ArrayRef<std::uint16_t> statuses) {
  std::string text;
  for (const std::uint16_t status : statuses)
    text += (!text.empty() ? " or `" : is_code(status) ? "code `" : "status `") + status_text(status) + "`";
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if ((kinds & (1U << i)) == 0) continue;
    text += text.empty() ? "`" : " or `";
    text += kKindNames[i];
    text += '`';
  }
  return text;
}

// Those that can fail with one of these kinds or, `with_status`, with a status.
void collect_calls(const Program& program, const Group& group, Kinds kinds, bool with_status,
                   std::vector<std::string>& names) {
  for (const GroupMember& member : group.members) {
    if (!can_fail_group(group.join, member.required)) continue;
    if (member.group) {
      collect_calls(program, *member.group, kinds, with_status, names);
    } else if ((member.call.raises & kinds) != 0 ||
               (with_status && operation_of(program, member.call).status)) {
      std::string name = "`" + call_name(program, member.call) + "`";
      if (!llvm::is_contained(names, name)) names.push_back(std::move(name));
    }
  }
}

std::string part_name(const Expression& part) {
  switch (part.part) {
    case RequestPart::kJson:
      return "`request.json`";
    case RequestPart::kBody:
      return "`request.body`";
    case RequestPart::kPath:
      return "`request.path." + part.name + "`";
    case RequestPart::kQuery:
      return "`request.query." + part.name + "`";
    case RequestPart::kHeader:
      return "`request.header." + part.name + "`";
    case RequestPart::kCookie:
      return "`request.cookie." + part.name + "`";
    case RequestPart::kClientIp:
      return "`request.client_ip`";
    case RequestPart::kIdempotencyKey:
      return "`request.idempotency_key`";
    case RequestPart::kMethod:
      return "`request.method`";
  }
  return "";
}

void collect_parts(const Expression& expression, std::vector<std::string>& names) {
  if (expression.kind == ExpressionKind::kRequest) names.push_back(part_name(expression));
  for (const Expression& operand : expression.operands)
    collect_parts(operand, names);
}

Kinds raised_by(const GroupMember& member) {
  return member.group ? raised_by(*member.group) : member.call.raises;
}

// Members that always succeed.
std::size_t infallible_members(const Group& group) {
  return static_cast<std::size_t>(
      llvm::count_if(group.members, [](const GroupMember& member) { return raised_by(member) == 0; }));
}

// Whether the join has what it needs whatever the members that can fail do.
bool always_succeeds(const Group& group) {
  switch (group.join) {
    case Join::kFirstSuccess:
    case Join::kHedge:
      return infallible_members(group) > 0;
    case Join::kQuorum:
      return infallible_members(group) >= group.quorum;
    case Join::kAll:
    case Join::kAllRequired:
    case Join::kAny:
    case Join::kRace:
    case Join::kSequential:
      return false;
  }
  return false;
}

llvm::StringRef media_type_of(const Answer& answer) {
  switch (answer.format) {
    case AnswerFormat::kNone:
      return "";
    case AnswerFormat::kJson:
      return "application/json";
    case AnswerFormat::kText:
      return "text/plain; charset=utf-8";
    case AnswerFormat::kHtml:
      return "text/html; charset=utf-8";
    case AnswerFormat::kBytes:
      return "application/octet-stream";
    case AnswerFormat::kMedia:
      return answer.media_type;
    case AnswerFormat::kJsonLines:
      return "application/jsonl";
    case AnswerFormat::kEvents:
      return "text/event-stream";
    case AnswerFormat::kSource:
      return "any media type";
  }
  return "";
}

}  // namespace

bool is_streamed(const Program& program, const Answer& answer) {
  return answer.format == AnswerFormat::kJsonLines || answer.format == AnswerFormat::kEvents ||
         (answer.body && program.types[answer.body->type].kind == TypeKind::kStream);
}

bool takes_message_pack(const Program& program, const Flow& flow) {
  const bool has_clients = flow.trigger == Trigger::kRoute || flow.trigger == Trigger::kSlug;
  const ServiceId service = program.packages[flow.origin.package].service;
  return has_clients && service.is_valid() && program.services[service].message_pack;
}

namespace {

class AnswerCollector {
 public:
  AnswerCollector(const Program& program, FlowId id)
      : program_(program), flow_(program.flows[id]), cfg_(build_cfg(program, id)) {}

  FlowAnswers collect() {
    const bool answers = flow_.trigger == Trigger::kRoute || flow_.trigger == Trigger::kSlug;
    if (answers) add_returns();
    for (const Escape& escape : escapes_of(cfg_))
      add_error(escape);
    if (answers) add_runtime();
    sort_by_status();
    return std::move(result_);
  }

 private:
  // Those with the same status stay in their order.
  void sort_by_status() {
    std::vector<std::pair<std::uint16_t, std::size_t>> order;
    for (std::size_t i = 0; i < result_.answers.size(); ++i)
      order.emplace_back(result_.answers[i].status, i);
    llvm::sort(order);
    std::vector<FlowAnswer> sorted;
    sorted.reserve(order.size());
    for (const auto& [status, index] : order)
      sorted.push_back(std::move(result_.answers[index]));
    result_.answers = std::move(sorted);
  }

  void add_returns() {
    for (const NodeIndex index : cfg_.order) {
      const Node& node = cfg_.nodes[index];
      if (node.statement == kNoIndex) continue;
      const Statement& statement = *cfg_.statements[node.statement];
      if (node.kind == NodeKind::kReturn) add_return(*statement.answer);
      if (node.kind == NodeKind::kStep && statement.step.is_valid() &&
          program_.steps[statement.step].may_done &&
          !llvm::is_contained(result_.may_answer, statement.step)) {
        result_.may_answer.push_back(statement.step);
      }
    }
  }

  void add_return(const Answer& answer) {
    FlowAnswer result;
    result.status = answer.status;
    result.format = answer.format;
    result.media_type = media_type_of(answer);
    for (const AnswerHeader& header : answer.headers) {
      if (llvm::StringRef(header.name).equals_insensitive("content-type"))
        result.media_type =
            header.value.kind == ExpressionKind::kConstant ? header.value.constant.text : "any media type";
    }
    if (answer.body) result.body = answer.body->type;
    for (const AnswerHeader& header : answer.headers)
      result.headers.push_back(header.name);
    const bool is_known = llvm::any_of(result_.answers, [&](const FlowAnswer& other) {
      return other.status == result.status && other.media_type == result.media_type &&
             other.body == result.body && other.headers == result.headers;
    });
    if (!is_known) result_.answers.push_back(std::move(result));
  }

  void add_error(const Escape& escape) {
    FlowAnswer result;
    result.source = FlowAnswer::Source::kError;
    result.status = program_.errors[escape.error].http_status.value_or(0);
    result.media_type = kProblem;
    result.error = escape.error;
    llvm::SmallDenseSet<StepId, 8> seen;
    for (const NodeIndex raiser : escape.raisers) {
      const StepId step = cfg_.statements[cfg_.nodes[raiser].statement]->step;
      if (seen.insert(step).second) result.raisers.push_back(step);
    }
    result_.answers.push_back(std::move(result));
  }

  void add_runtime() {
    bool has_loop = false;
    for_each_statement(flow_, [&](const Statement& statement) {
      has_loop = has_loop || statement.kind == StatementKind::kEach;
    });
    if (has_loop) add_runtime(413, "a list has more elements than its `each` takes");
    if (reads_json()) add_runtime(415, "the body is no JSON by its content type, or has a content coding");
    add_runtime(500,
                "a mistake of the program: an exception, a slot that a step left unwritten, an overflow");
    add_runtime(503, "the request needs more memory than it may have");
    if (flow_.idempotency) {
      add_runtime(400, "the `Idempotency-Key` is missing or malformed");
      add_runtime(409, "a request with the same `Idempotency-Key` is under way, or was interrupted");
      add_runtime(422, "the `Idempotency-Key` was used for another request");
      add_runtime(503, "the store of idempotency keys cannot be reached");
    }
    if (flow_.has_effects) add_runtime(504, "the deadline has passed");
  }

  bool reads_json() const {
    return llvm::any_of(cfg_.order, [&](NodeIndex index) {
      const Node& node = cfg_.nodes[index];
      if (node.kind != NodeKind::kStep || node.statement == kNoIndex) return false;
      const StepId step = cfg_.statements[node.statement]->step;
      return step.is_valid() && program_.steps[step].value && reads_json(*program_.steps[step].value);
    });
  }

  static bool reads_json(const Expression& expression) {
    return (expression.kind == ExpressionKind::kRequest && expression.part == RequestPart::kJson) ||
           llvm::any_of(expression.operands, [](const Expression& operand) { return reads_json(operand); });
  }

  void add_runtime(std::uint16_t status, llvm::StringRef why) {
    FlowAnswer result;
    result.source = FlowAnswer::Source::kRuntime;
    result.status = status;
    result.media_type = kProblem;
    result.why = why;
    result_.answers.push_back(std::move(result));
  }

  static constexpr llvm::StringLiteral kProblem = "application/problem+json";

  const Program& program_;
  const Flow& flow_;
  Cfg cfg_;
  FlowAnswers result_;
};

constexpr std::array<ServerAnswer, 11> kServerAnswers{{
    {400, "the request is malformed"},
    {404, "no flow has the path"},
    {405, "no flow with the path has the method"},
    {408, "the request took too long to arrive"},
    {413, "the body is too large"},
    {414, "the request line is too long"},
    {417, "more is expected than `100-continue`"},
    {431, "the header section is too large, or has too many fields"},
    {501, "CONNECT, or a transfer coding other than chunked"},
    {503, "too many connections"},
    {505, "neither HTTP/1.0 nor HTTP/1.1"},
}};

}  // namespace

std::vector<Escape> escapes_of(const Cfg& cfg) { return EscapeCollector(cfg).collect(); }

bool can_fail_group(Join join, bool is_required) {
  switch (join) {
    case Join::kAny:
    case Join::kRace:
    case Join::kQuorum:
      return true;  // whoever is first counts, or one more success is missing
    case Join::kAll:
    case Join::kAllRequired:
    case Join::kFirstSuccess:
    case Join::kHedge:
    case Join::kSequential:
      return is_required;
  }
  return true;
}

Kinds raised_by(const Group& group) {
  if (always_succeeds(group)) return 0;
  Kinds kinds = 0;
  for (const GroupMember& member : group.members) {
    if (can_fail_group(group.join, member.required)) kinds = static_cast<Kinds>(kinds | raised_by(member));
  }
  return kinds;
}

std::string cause_text(const Program& program, const Step& step, ErrorId error) {
  Kinds kinds = 0;
  std::vector<std::uint16_t> statuses;
  for (const ErrorMapping& mapping : step.mappings) {
    if (mapping.error != error) continue;
    kinds = static_cast<Kinds>(kinds | mapping.kinds);
    llvm::append_range(statuses, mapping.statuses);
  }
  const std::string causes = quoted_causes(kinds, statuses);
  switch (step.kind) {
    case StepKind::kEffect:
      if (step.call && !causes.empty())
        return "`" + call_name(program, *step.call) + "` fails with " + causes;
      break;
    case StepKind::kGroup: {
      std::vector<std::string> names;
      if (step.group) collect_calls(program, *step.group, kinds, !statuses.empty(), names);
      if (names.empty()) break;
      return llvm::join(names, " or ") + (names.size() > 1 ? " fail with " : " fails with ") + causes;
    }
    case StepKind::kExtract: {
      std::vector<std::string> names;
      if (step.value) collect_parts(*step.value, names);
      if (names.empty()) break;
      return llvm::join(names, " or ") + " is not what it should be";
    }
    case StepKind::kBody:
    case StepKind::kPure:
      break;
  }
  return "its C++ function decides so";
}

llvm::StringRef domain_name(const Program& program, ErrorId id) {
  const ErrorType& error = program.errors[id];
  if (error.domain.is_valid()) return program.domains[error.domain].origin.name;
  return program.packages[error.origin.package].name;
}

FlowAnswers answers_of(const Program& program, FlowId flow) {
  return AnswerCollector(program, flow).collect();
}

llvm::ArrayRef<ServerAnswer> server_answers() { return kServerAnswers; }

}  // namespace zc::model
