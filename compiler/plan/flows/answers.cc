// What a flow returns.

#include "compiler/model/outcome/outcome.h"
#include "compiler/plan/expressions/constant_json.h"
#include "compiler/plan/flows/field_name.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringRef.h>

namespace zc::plan {

void FlowBuilder::answer(const model::Statement& statement, Operation& operation) {
  const model::Answer& answer = *statement.answer;
  operation.status = answer.status;
  operation.comment = "return " + std::to_string(answer.status);
  operation.way = answer_way();
  switch (answer.format) {
    case model::AnswerFormat::kNone:
    case model::AnswerFormat::kJson:
      break;
    case model::AnswerFormat::kText:
      operation.content_type = "zerver::flow::kTextType";
      break;
    case model::AnswerFormat::kHtml:
      operation.content_type = "\"text/html; charset=utf-8\"";
      break;
    case model::AnswerFormat::kBytes:
      operation.content_type = "\"application/octet-stream\"";
      break;
    case model::AnswerFormat::kMedia:
      operation.content_type = string_literal(answer.media_type);
      break;
    case model::AnswerFormat::kJsonLines:
    case model::AnswerFormat::kEvents:
    case model::AnswerFormat::kSource:
      break;
  }
  for (const model::AnswerHeader& header : answer.headers) {
    const std::string name = field_name(header.name);
    model::Expression written = header.value;
    // A value in a path of ours must not end its segment.
    if (name == "Location" && written.kind == model::ExpressionKind::kInterpolation)
      written.kind = model::ExpressionKind::kUrl;
    const std::string value = builder_.writer.text(written, slots_);
    if (name == "Content-Type")
      operation.content_type = written.kind == model::ExpressionKind::kConstant
                                   ? value
                                   : "zerver::flow::field_value(" + value + ")";
    else
      operation.headers.push_back({string_literal(name), value});
  }
  // JSON of a type of its own is that whatever the client wants.
  const bool is_negotiated = answer.format == model::AnswerFormat::kJson && operation.content_type.empty() &&
                             model::takes_message_pack(builder_.program, flow_);
  const std::size_t most = is_negotiated ? 7 : 8;  // `Vary` is one
  if (operation.headers.size() > most)
    builder_.unsupported(statement.span,
                         "an answer with more than " + std::to_string(most) + " header fields");
  if (!answer.body) return;
  if (model::is_streamed(builder_.program, answer)) return streamed_answer(statement, operation);
  if (answer.format == model::AnswerFormat::kJson) {
    const std::optional<std::string> text = constant_json(builder_.program, *answer.body);
    if (text && !is_negotiated) {
      if (operation.content_type.empty()) operation.content_type = "zerver::flow::kJsonType";
      operation.text = string_literal(*text);
      return;
    }
    const bool is_literal = answer.body->kind == model::ExpressionKind::kObject ||
                            answer.body->kind == model::ExpressionKind::kList;
    if (is_literal || text)
      builder_.writer.append_json(*answer.body, slots_, operation.json);
    else
      operation.value = builder_.writer.value(*answer.body, slots_);
    return;
  }
  operation.text = builder_.writer.text(*answer.body, slots_);
}

void FlowBuilder::streamed_answer(const model::Statement& statement, Operation& operation) {
  const model::Answer& answer = *statement.answer;
  if (!plan_.is_coroutine) builder_.unsupported(statement.span, "a streamed answer of `on overload`");
  if (llvm::any_of(scopes_, [](const Scope& scope) { return scope.kind == Scope::Kind::kBranch; }))
    builder_.unsupported(statement.span, "a streamed answer inside `each` or `parallel`");
  if (flow_.idempotency) builder_.unsupported(statement.span, "a streamed answer that is to be kept");
  suspensions_.push_back(operation.comment);
  operation.stream = answer.format == model::AnswerFormat::kJsonLines ? "stream_lines"
                     : answer.format == model::AnswerFormat::kEvents  ? "stream_events"
                                                                      : "stream_bytes";
  operation.value = builder_.writer.value(*answer.body, slots_);
}

}  // namespace zc::plan
