// Follows parameters of paths and queries into the slots that they are read into.

#include "compiler/check/data/labels.h"
#include "compiler/check/governance/governance.h"

#include <llvm/ADT/STLExtras.h>

#include <utility>

namespace zc::check {

namespace {

using model::RequestPart;

// Names that are personal data in every API that has them. "name" is not: most are names of things.
constexpr llvm::StringRef kPersonal[] = {"email",
                                         "e_mail",
                                         "email_address",
                                         "mail_address",
                                         "phone",
                                         "phone_number",
                                         "mobile",
                                         "ssn",
                                         "tax_id",
                                         "passport",
                                         "iban",
                                         "card_number",
                                         "credit_card",
                                         "birthday",
                                         "birthdate",
                                         "birth_date",
                                         "date_of_birth",
                                         "first_name",
                                         "last_name",
                                         "full_name",
                                         "surname",
                                         "passport_number",
                                         "social_security_number"};
constexpr llvm::StringRef kSecrets[] = {"password", "passwd",      "passphrase",    "secret",
                                        "api_key",  "apikey",      "access_token",  "auth_token",
                                        "pin_code", "private_key", "client_secret", "refresh_token"};

// A parameter that a step reads, and where it ends up.
struct Use {
  RequestPart part = RequestPart::kPath;
  std::string name;
  Span span;
  model::SlotId slot;  // may be none
  model::Labels labels = model::kNoLabel;
};

void collect(const model::Expression& expression, const Use& use, std::vector<Use>& uses) {
  const bool is_in_url = expression.kind == model::ExpressionKind::kRequest &&
                         (expression.part == RequestPart::kPath || expression.part == RequestPart::kQuery);
  if (is_in_url) {
    uses.push_back({expression.part, expression.name, expression.span, use.slot, use.labels});
  }
  for (const model::Expression& operand : expression.operands)
    collect(operand, use, uses);
}

std::vector<Use> uses_of(const LabelTable& labels, const model::Step& step) {
  std::vector<Use> uses;
  if (!step.value) return uses;
  Use use;
  if (!step.writes.empty()) {
    use.slot = step.writes.front().slot;
    use.labels = labels.labels_of(use.slot);
  }
  collect(*step.value, use, uses);
  return uses;
}

struct Parameter {
  llvm::StringRef name;
  Span span;
};

std::vector<Parameter> parameters_of(const model::Route& route) {
  std::vector<Parameter> parameters;
  for (const model::PathSegment& segment : route.segments) {
    if (segment.kind == model::PathSegment::Kind::kLiteral) continue;
    parameters.push_back({segment.text, segment.span});
    for (const model::SegmentParameter& more : segment.more)
      parameters.push_back({more.name, more.span});
  }
  return parameters;
}

class UrlChecker {
 public:
  explicit UrlChecker(Context& context) : context_(context) {
    const LabelTable labels(context.program);
    for (const model::Step& step : context.program.steps)
      uses_.push_back(uses_of(labels, step));
  }

  void check() {
    for (std::size_t i = 0; i < context_.program.flows.size(); ++i) {
      if (!context_.broken_flows[i]) check_path(context_.program.flows[model::FlowId(i)]);
    }
    for (const std::vector<Use>& uses : uses_) {
      for (const Use& use : uses)
        if (use.part == RequestPart::kQuery) check_query(use);
    }
  }

 private:
  void check_path(const model::Flow& flow) {
    if (!flow.route) return;
    const std::vector<Parameter> parameters = parameters_of(*flow.route);
    if (parameters.empty()) return;
    std::vector<const Use*> readers(parameters.size());
    model::for_each_statement(flow, [&](const model::Statement& statement) {
      if (statement.kind != model::StatementKind::kStep || !statement.step.is_valid()) return;
      for (const Use& use : uses_[statement.step.index()]) {
        if (use.part != RequestPart::kPath) continue;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
          const bool says_more =
              readers[i] == nullptr || (readers[i]->labels | use.labels) != readers[i]->labels;
          if (parameters[i].name == use.name && says_more) readers[i] = &use;
        }
      }
    });
    for (std::size_t i = 0; i < parameters.size(); ++i)
      check_parameter(flow, parameters[i], readers[i]);
  }

  void check_parameter(const model::Flow& flow, const Parameter& parameter, const Use* reader) {
    const model::Labels labels = reader != nullptr ? reader->labels : model::Labels{model::kNoLabel};
    if ((labels & model::kSecret) != 0) {
      explain(context_.engine.report(Kind::kSecretInUrl, parameter.span, "path", parameter.name), *reader)
          .help("send it in a header or in the body");
    } else if ((labels & model::kPii) != 0) {
      explain(context_.engine.report(Kind::kPersonalPath, parameter.span, parameter.name, flow.origin.name),
              *reader)
          .help("use an identifier that says nothing by itself, such as a `uuid`");
    } else if (llvm::is_contained(kPersonal, parameter.name)) {
      context_.engine
          .report(Kind::kRevealingParameter, parameter.span, "path", parameter.name, "personal data")
          .help("use an identifier that says nothing by itself, such as a `uuid`");
    } else if (llvm::is_contained(kSecrets, parameter.name)) {
      context_.engine.report(Kind::kRevealingParameter, parameter.span, "path", parameter.name, "a secret")
          .help("send it in a header or in the body");
    }
  }

  void check_query(const Use& use) {
    if ((use.labels & model::kSecret) != 0) {
      auto& diagnostic = context_.engine.report(Kind::kSecretInUrl, use.span, "query", use.name);
      diagnostic.secondary(context_.program.slots[use.slot].origin.span, "labelled `@secret`");
      diagnostic.note("URLs are kept in logs and histories").help("send it in a header or in the body");
    } else if (llvm::is_contained(kSecrets, use.name)) {
      context_.engine.report(Kind::kRevealingParameter, use.span, "query", use.name, "a secret")
          .help("send it in a header or in the body");
    }
  }

  diagnostics::Diagnostic& explain(diagnostics::Diagnostic& diagnostic, const Use& reader) {
    return diagnostic.secondary(reader.span, "read here")
        .secondary(context_.program.slots[reader.slot].origin.span, (reader.labels & model::kSecret) != 0
                                                                        ? "into a slot labelled `@secret`"
                                                                        : "into a slot labelled `@pii`")
        .note("URLs are kept in logs and histories");
  }

  Context& context_;
  std::vector<std::vector<Use>> uses_;  // by StepId
};

}  // namespace

void check_url_data(Context& context) { UrlChecker(context).check(); }

}  // namespace zc::check
