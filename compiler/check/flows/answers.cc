// Resolves answers: status, body and its form, headers.

#include "compiler/check/flows/answers.h"

#include "compiler/check/expressions/conversions.h"
#include "compiler/check/expressions/literals.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>

namespace zc::check {

using model::AnswerFormat;
using model::TypeKind;

namespace {

bool is_token(llvm::StringRef text) {
  return !text.empty() && llvm::all_of(text, [](char c) {
    return llvm::isAlnum(c) || llvm::StringRef("!#$%&'*+-.^_`|~").contains(c);
  });
}

// That no header field has (RFC 9110, section 5.5).
bool is_control_character(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F';
}

// `type/subtype`, and parameters (RFC 9110, section 8.3.1).
bool is_media_type(llvm::StringRef text) {
  const auto [type, rest] = text.split('/');
  const auto [subtype, parameters] = rest.split(';');
  return is_token(type) && is_token(subtype.rtrim(' ')) && llvm::none_of(parameters, is_control_character);
}

// In what is written, or in a part of it; what it is at run time is checked there.
bool has_control_character(const model::Expression& value) {
  const bool is_text =
      value.kind == model::ExpressionKind::kConstant && value.constant.kind == model::Constant::Kind::kString;
  return (is_text && llvm::any_of(value.constant.text, is_control_character)) ||
         llvm::any_of(value.operands, has_control_character);
}

class AnswerResolver {
 public:
  AnswerResolver(Context& context, ExpressionChecker& checker, const syntax::ReturnStatement& written)
      : context_(context), checker_(checker), written_(written) {}

  model::Answer resolve() {
    answer_.status = written_.status;
    if (written_.status != 0 && (written_.status < 200 || written_.status > 599)) {
      context_.engine.report(Kind::kBadStatus, written_.status_span)
          .note("a flow answers with a final status, from 200 to 599");
    }
    resolve_format();
    if (written_.body != nullptr) resolve_body(*written_.body);
    for (const syntax::HeaderClause& header : written_.headers)
      resolve_header(header);
    for (const syntax::QualifiedName& revealed : written_.reveals)
      resolve_reveal(revealed);
    return std::move(answer_);
  }

 private:
  void resolve_format() {
    switch (written_.body_kind) {
      case syntax::BodyKind::kNone:
        answer_.format = AnswerFormat::kNone;
        return;
      case syntax::BodyKind::kStream:
        answer_.format = AnswerFormat::kJsonLines;
        return;
      case syntax::BodyKind::kSse:
        answer_.format = AnswerFormat::kEvents;
        return;
      case syntax::BodyKind::kValue:
        break;
    }
    answer_.format = AnswerFormat::kJson;
    if (written_.media_type != nullptr) {
      answer_.format = AnswerFormat::kMedia;
      answer_.media_type = written_.media_type->plain_text().str();
      if (!is_media_type(answer_.media_type) && !written_.media_type->erroneous) {
        const bool is_line = llvm::none_of(answer_.media_type, is_control_character);
        context_.engine.report(Kind::kBadAnswer, written_.media_type->span,
                               (is_line ? "`" + answer_.media_type + "`" : "this") + " is no media type");
      }
    } else if (!written_.format.is_missing()) {
      const llvm::StringRef name = written_.format.text;
      if (name == "text") {
        answer_.format = AnswerFormat::kText;
      } else if (name == "html") {
        answer_.format = AnswerFormat::kHtml;
      } else if (name == "bytes") {
        answer_.format = AnswerFormat::kBytes;
      } else if (name != "json") {
        context_.engine
            .report(Kind::kBadAnswer, written_.format.span,
                    "an answer cannot be written as `" + name.str() + "`")
            .note("an answer is `text`, `html`, `bytes`, `json`, or a media type such as `\"image/png\"`");
      }
    }
  }

  void resolve_body(const syntax::Expr& written) {
    const bool is_bodiless = written_.status == 204 || written_.status == 205 || written_.status == 304;
    if (is_bodiless) {
      context_.engine
          .report(Kind::kBadAnswer, written.span,
                  "an answer with status " + std::to_string(written_.status) + " has no body")
          .secondary(written_.status_span, "this status has no content (RFC 9110)");
    }
    model::Expression body = checker_.body(written);
    const TypeKind kind = context_.types.kind(body.type);
    const TypeKind inner = context_.types.kind(strip_scalar(context_, body.type));
    bool fits = true;
    if (kind == TypeKind::kStream && answer_.format != AnswerFormat::kJsonLines &&
        answer_.format != AnswerFormat::kEvents)
      return resolve_bytes(written, std::move(body));
    switch (answer_.format) {
      case AnswerFormat::kText:
        fits = is_formattable(context_, body.type);
        break;
      case AnswerFormat::kHtml:
        fits = inner == TypeKind::kString;
        break;
      case AnswerFormat::kBytes:
      case AnswerFormat::kMedia:
        fits = inner == TypeKind::kBytes || inner == TypeKind::kString;
        break;
      case AnswerFormat::kJsonLines:
      case AnswerFormat::kEvents:
        fits = kind == TypeKind::kList || kind == TypeKind::kStream;
        break;
      case AnswerFormat::kJson:
        fits = can_convert(context_, context_.types.strip_optional(body.type),
                           context_.types.simple(TypeKind::kJson));
        break;
      case AnswerFormat::kNone:
      case AnswerFormat::kSource:
        break;
    }
    if (!fits && kind != TypeKind::kError) {
      auto& diagnostic = context_.engine.report(
          Kind::kBadAnswer, written.span,
          "a value of type `" + context_.text(body.type) + "` cannot be answered as " + format_name().str());
      if (kind == TypeKind::kOptional) diagnostic.help("say with `??` what counts when it is absent");
    }
    answer_.body = std::move(body);
  }

  // A stream that is sent as it comes: without a form, as what its source says that it is.
  void resolve_bytes(const syntax::Expr& written, model::Expression body) {
    if (context_.types.kind(context_.types[body.type].element) != TypeKind::kBytes) {
      context_.engine
          .report(Kind::kBadAnswer, written.span,
                  "a value of type `" + context_.text(body.type) + "` cannot be answered as " +
                      format_name().str())
          .help("its elements are sent by `stream` as lines of JSON, by `sse` as events");
    }
    if (answer_.format == AnswerFormat::kJson && written_.format.is_missing())
      answer_.format = AnswerFormat::kSource;
    answer_.body = std::move(body);
  }

  [[nodiscard]] llvm::StringRef format_name() const {
    switch (answer_.format) {
      case AnswerFormat::kText:
        return "text";
      case AnswerFormat::kHtml:
        return "html";
      case AnswerFormat::kBytes:
        return "bytes";
      case AnswerFormat::kMedia:
        return answer_.media_type;
      case AnswerFormat::kJsonLines:
        return "a stream of lines";
      case AnswerFormat::kEvents:
        return "a stream of events";
      default:
        return "JSON";
    }
  }

  void resolve_header(const syntax::HeaderClause& written) {
    if (written.name.is_missing() || written.value == nullptr) return;
    const llvm::StringRef name = written.name.text;
    if (!is_token(name)) {
      context_.engine.report(Kind::kBadHeader, written.name.span, name)
          .note("a header's name is a token (RFC 9110, section 5.1)");
    }
    for (const llvm::StringRef reserved : {"content-length", "transfer-encoding", "connection"}) {
      if (name.equals_insensitive(reserved)) {
        context_.engine.report(Kind::kBadHeader, written.name.span, name)
            .note("the server writes this header itself");
      }
    }
    const auto same = std::find_if(answer_.headers.begin(), answer_.headers.end(),
                                   [&](const auto& other) { return name.equals_insensitive(other.name); });
    if (same != answer_.headers.end()) {
      context_.engine.report(Kind::kDuplicateEntry, written.name.span, "header", name)
          .secondary(same->value.span, "first written here");
    }
    model::Expression value = checker_.infer(*written.value);
    if (!is_formattable(context_, value.type)) {
      context_.engine.report(Kind::kNotFormattable, written.value->span, context_.text(value.type),
                             "written into a header");
    }
    if (has_control_character(value)) {
      context_.engine.report(Kind::kBadHeader, written.value->span, name)
          .note("its value would end in the middle: it has a line end, or another control character");
    }
    answer_.headers.push_back({name.str(), std::move(value)});
  }

  // A label, or a path to the data that is meant: what names nothing in the answer reveals nothing, which the
  // checks of data protection say.
  void resolve_reveal(const syntax::QualifiedName& written) {
    if (written.is_missing()) return;
    model::Gate gate;
    gate.span = written.span;
    if (written_.reveals.size() == 1) gate.clause = written_.reveals_span;
    const std::string name = dotted(written);
    if (name == "pii") {
      gate.label = model::kPii;
    } else if (name == "secret") {
      gate.label = model::kSecret;
    } else {
      for (const syntax::Name& segment : written.segments)
        gate.path.push_back(segment.text.str());
    }
    answer_.reveals.push_back(std::move(gate));
  }

  Context& context_;
  ExpressionChecker& checker_;
  const syntax::ReturnStatement& written_;
  model::Answer answer_;
};

}  // namespace

model::Answer resolve_answer(Context& context, ExpressionChecker& checker,
                             const syntax::ReturnStatement& written) {
  return AnswerResolver(context, checker, written).resolve();
}

}  // namespace zc::check
