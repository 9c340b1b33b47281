// Flows, jobs and crons as entries.

#include "compiler/lock/make/entries.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/model/outcome/outcome.h"
#include "compiler/model/words.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/ADT/Twine.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace zc::lock {
namespace {

using model::AnswerFormat;
using model::RequestPart;

// The kind of entry for a part of the request; empty for what a client does not choose.
const char* kind_of(RequestPart part) {
  switch (part) {
    case RequestPart::kJson:
    case RequestPart::kBody:
      return "body";
    case RequestPart::kPath:
      return "path";
    case RequestPart::kQuery:
      return "query";
    case RequestPart::kHeader:
    case RequestPart::kIdempotencyKey:
      return "header";
    case RequestPart::kCookie:
      return "cookie";
    case RequestPart::kClientIp:
    case RequestPart::kMethod:
      return "";
  }
  return "";
}

std::string name_of(const model::Expression& part) {
  switch (part.part) {
    case RequestPart::kJson:
      return "json";
    case RequestPart::kBody:
      return "raw";
    case RequestPart::kIdempotencyKey:
      return "idempotency-key";
    case RequestPart::kHeader: {
      std::string name = llvm::StringRef(part.name).lower();
      std::replace(name.begin(), name.end(), '_', '-');
      return name;
    }
    default:
      return part.name;
  }
}

// The attribute of an answer that says in which form the body comes.
std::string form_of(const model::Answer& answer) {
  switch (answer.format) {
    case AnswerFormat::kNone:
      return "empty";
    case AnswerFormat::kJson:
      return "json";
    case AnswerFormat::kText:
      return "text";
    case AnswerFormat::kHtml:
      return "html";
    case AnswerFormat::kBytes:
      return "bytes";
    case AnswerFormat::kMedia:
      return answer.media_type;
    case AnswerFormat::kJsonLines:
      return "lines";
    case AnswerFormat::kEvents:
      return "events";
    case AnswerFormat::kSource:
      return "source";
  }
  return "";
}

class FlowEntry {
 public:
  FlowEntry(const model::Program& program, model::FlowId id, TypeEntries& types)
      : program_(program), id_(id), flow_(program.flows[id]), types_(types) {}

  Entry make() {
    switch (flow_.trigger) {
      case model::Trigger::kJob:
        entry_ = declared(program_, "job", flow_.origin);
        if (flow_.job.is_durable) entry_.set("durable");
        arguments();
        break;
      case model::Trigger::kCron:
        entry_ = declared(program_, "cron", flow_.origin);
        break;
      case model::Trigger::kRoute:
      case model::Trigger::kSlug:
        entry_ = declared(program_, "flow", flow_.origin);
        api();
        break;
    }
    append_suspensions(program_, id_, types_, entry_);
    return std::move(entry_);
  }

 private:
  // Several reads of the same part: what all of them need.
  struct Input {
    Entry entry;
    bool is_optional = true;
  };
  struct Status {
    std::map<std::string, std::vector<std::string>> forms;  // and the types of each
    std::optional<std::vector<std::string>> headers;        // those that every answer with this status has
    Span span;
  };

  void arguments() {
    for (const model::Parameter& parameter : flow_.parameters) {
      if (!parameter.slot.is_valid()) continue;
      Entry entry;
      entry.kind = "argument";
      entry.name = local_name(program_, program_.slots[parameter.slot].origin, flow_.origin.package);
      entry.span = parameter.origin.span;
      types_.set_type(entry, parameter.type);
      entry_.members.push_back(std::move(entry));
    }
  }

  void api() {
    bool has_auth = false;
    model::for_each_statement(flow_, [&](const model::Statement& statement) {
      if (statement.answer) add_answer(*statement.answer, statement.span);
      if (statement.kind != model::StatementKind::kStep || !statement.step.is_valid()) return;
      const model::Step& step = program_.steps[statement.step];
      has_auth = has_auth || step.auth;
      if (step.may_done) statuses_["any"].span = statement.span;
      if (step.value && step.kind == model::StepKind::kExtract)
        add_inputs(*step.value, !step.writes.empty() && step.writes.front().optional, {});
    });
    entry_.set("access", has_auth ? "authenticated" : "public");
    if (flow_.route) {
      entry_.set("method", model::method_word(flow_.route->method));
      entry_.set("path", flow_.route->pattern);
      path_parameters();
    }
    if (flow_.trigger == model::Trigger::kSlug) {
      entry_.set("slug", flow_.slug);
      for (const model::Alias& alias : flow_.aliases)
        add_named("alias", alias.slug, alias.span);
    }
    if (model::takes_message_pack(program_, flow_)) entry_.set("msgpack");
    for (auto& [key, input] : inputs_) {
      if (key.first == "path") continue;  // entered with the path
      if (input.is_optional && !input.entry.has("optional")) input.entry.set("optional");
      entry_.members.push_back(std::move(input.entry));
    }
    answers();
    for (const model::ErrorId error : flow_.errors) {
      types_.add(error);
      add_named("fails", local_name(program_, program_.errors[error].origin, flow_.origin.package),
                flow_.origin.span);
    }
  }

  void add_named(const char* kind, std::string name, Span span) {
    Entry entry;
    entry.kind = kind;
    entry.name = std::move(name);
    entry.span = span;
    entry_.members.push_back(std::move(entry));
  }

  void add_inputs(const model::Expression& expression, bool is_optional,
                  const model::Expression* default_value) {
    if (expression.kind == model::ExpressionKind::kRequest) {
      add_input(expression, is_optional, default_value);
      return;
    }
    const bool coalesces = expression.kind == model::ExpressionKind::kBinary &&
                           expression.op == model::Operator::kCoalesce && expression.operands.size() == 2;
    for (std::size_t i = 0; i < expression.operands.size(); ++i) {
      const bool has_default = coalesces && i == 0;
      const bool passes_on = expression.kind == model::ExpressionKind::kConvert;
      add_inputs(expression.operands[i], has_default || is_optional,
                 has_default ? &expression.operands[1] : (passes_on ? default_value : nullptr));
    }
  }

  void add_input(const model::Expression& part, bool is_optional, const model::Expression* default_value) {
    const std::string kind = kind_of(part.part);
    if (kind.empty()) return;
    const std::string name = name_of(part);
    const bool may_lack = is_optional || program_.types[part.type].kind == model::TypeKind::kOptional;
    const auto [place, is_new] = inputs_.try_emplace({kind, name});
    Input& input = place->second;
    input.is_optional = input.is_optional && may_lack;
    if (!is_new) return;
    input.entry.kind = kind;
    input.entry.name = name;
    input.entry.span = part.span;
    const model::Type& type = program_.types[part.type];
    const model::TypeId inner = type.kind == model::TypeKind::kOptional ? type.element : part.type;
    input.entry.set("type", types_.text(inner));
    if (default_value == nullptr) return;
    while (default_value->kind == model::ExpressionKind::kConvert)
      default_value = &default_value->operands.front();
    if (default_value->kind == model::ExpressionKind::kConstant)
      input.entry.set("default", constant_text(program_, default_value->type, default_value->constant));
  }

  // In the order of the template, also those that nothing reads.
  void path_parameters() {
    const auto add = [&](const std::string& name) {
      const auto found = inputs_.find({"path", name});
      if (found != inputs_.end()) {
        entry_.members.push_back(std::move(found->second.entry));
        return;
      }
      add_named("path", name, flow_.route->span);
      entry_.members.back().set("type", "string");
    };
    for (const model::PathSegment& segment : flow_.route->segments) {
      if (segment.kind == model::PathSegment::Kind::kLiteral) continue;
      add(segment.text);
      for (const model::SegmentParameter& more : segment.more)
        add(more.name);
    }
  }

  void add_answer(const model::Answer& answer, Span span) {
    Status& status = statuses_[std::to_string(answer.status)];
    if (!status.span.is_valid()) status.span = span;
    std::vector<std::string>& types = status.forms[form_of(answer)];
    if (answer.body) {
      const std::string type = types_.text(answer.body->type);
      if (!llvm::is_contained(types, type)) types.push_back(type);
    }
    std::vector<std::string> headers;
    headers.reserve(answer.headers.size());
    for (const model::AnswerHeader& header : answer.headers)
      headers.push_back(llvm::StringRef(header.name).lower());
    llvm::sort(headers);
    if (!status.headers) {
      status.headers = std::move(headers);
      return;
    }
    llvm::erase_if(*status.headers,
                   [&](const std::string& each) { return !llvm::is_contained(headers, each); });
  }

  void answers() {
    for (auto& [name, status] : statuses_) {
      add_named("answer", name, status.span);
      Entry& entry = entry_.members.back();
      for (auto& [form, types] : status.forms) {
        llvm::sort(types);
        entry.set(form, llvm::join(types, "|"));
      }
      if (status.headers && !status.headers->empty()) entry.set("headers", llvm::join(*status.headers, ","));
    }
  }

  const model::Program& program_;
  model::FlowId id_;
  const model::Flow& flow_;
  TypeEntries& types_;
  Entry entry_;
  std::map<std::pair<std::string, std::string>, Input> inputs_;  // by kind and name
  std::map<std::string, Status> statuses_;
};

}  // namespace

Entry flow_entry(const model::Program& program, model::FlowId flow, TypeEntries& types) {
  return FlowEntry(program, flow, types).make();
}

}  // namespace zc::lock
