// Services: what counts for all flows of a package.

#include "compiler/check/flows/flows.h"
#include "compiler/check/middleware/middleware.h"
#include "compiler/check/steps/settings.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringExtras.h>

#include <algorithm>
#include <iterator>

namespace zc::check {

namespace {

constexpr llvm::StringRef kSettings[] = {"base",       "owner",   "auth",        "body",     "headers",
                                         "json_depth", "tenants", "regions",     "deadline", "policy",
                                         "deny",       "before",  "idempotency", "formats"};

constexpr llvm::StringLiteral kFormats = "`json`, or `json, msgpack`";

// `deny "legacy", "acme";`
void read_denied_words(SettingReader& reader, model::Service& service, const syntax::Setting& setting) {
  reader.allow_words({});
  if (setting.terms.empty()) return reader.bad(nullptr, "words that no address has");
  for (const syntax::Expr* value : setting.terms.front()) {
    const std::optional<std::string> word = reader.text(value);
    if (!word) continue;
    const bool is_word = !word->empty() && llvm::all_of(*word, [](char c) {
      return llvm::isDigit(c) || (c >= 'a' && c <= 'z');
    });
    if (is_word) {
      service.denied_words.push_back(*word);
    } else {
      reader.bad(value, "words of lower-case letters and digits");
    }
  }
}

// `formats json, msgpack;`: clients choose.
void read_formats(SettingReader& reader, model::Service& service, const syntax::Setting& setting) {
  reader.allow_words({});
  if (setting.terms.empty()) return reader.bad(nullptr, kFormats);
  bool has_json = false;
  bool is_known = true;
  for (const syntax::Expr* value : setting.terms.front()) {
    const auto format = reader.word(value, {"json", "msgpack"});
    is_known = is_known && format;
    has_json = has_json || format == "json";
    service.message_pack = service.message_pack || format == "msgpack";
  }
  // Problem documents are JSON whatever the client wants.
  if (is_known && !has_json) reader.bad(nullptr, kFormats);
}

void read_setting(Context& context, model::Service& service, const syntax::Setting& setting) {
  SettingReader reader(context, service.origin.package, setting);
  const llvm::StringRef name = reader.name();
  if (std::find(std::begin(kSettings), std::end(kSettings), name) == std::end(kSettings)) {
    return report_unknown_setting(context, setting, "a service", kSettings);
  }
  if (name == "before") return read_middleware(context, service, reader, setting);
  if (name == "deny") return read_denied_words(reader, service, setting);
  if (name == "formats") return read_formats(reader, service, setting);
  if (name == "tenants" || name == "regions") return;  // governance gives them a meaning
  reader.allow_words({});
  if (name == "base") {
    service.base = reader.text(reader.value()).value_or("");
    const bool is_path = service.base.empty() || (service.base.front() == '/' && service.base.back() != '/');
    if (!is_path) {
      context.engine.report(Kind::kBadSetting, reader.value()->span, name,
                            "a path such as `\"/api\"`, without a slash at its end");
    }
  } else if (name == "owner") {
    service.owner = reader.owner(reader.value());
  } else if (name == "auth") {
    const auto word = reader.word(reader.value(), {"deny", "allow"});
    if (word) service.auth_deny = *word == "deny";
  } else if (name == "idempotency") {
    service.requires_idempotency = reader.word(reader.value(), {"required"}).has_value();
    service.idempotency_span = reader.place();
  } else if (name == "body") {
    service.limits.body = reader.size(reader.value()).value_or(service.limits.body);
  } else if (name == "headers") {
    service.limits.headers = reader.size(reader.value()).value_or(service.limits.headers);
  } else if (name == "json_depth") {
    service.limits.json_depth = reader.count(reader.value(), 1).value_or(service.limits.json_depth);
  } else if (name == "deadline") {
    service.deadline = reader.duration(reader.value(), 1);
    service.deadline_span = reader.place();
  } else if (const std::optional<syntax::QualifiedName> policy = path_name(reader.value())) {
    const auto symbol = context.resolve(service.origin.package, NameSpace::kPolicies, *policy,
                                        Kind::kUnknownPolicy, "a policy");
    if (symbol) service.default_policy = symbol->id<model::PolicyId>();
  } else {
    context.engine.report(Kind::kBadSetting, setting.name.span, name, "the name of a policy");
  }
}

// `/api` before the route `/todos`.
void put_before(llvm::StringRef base, model::Route& route) {
  llvm::SmallVector<llvm::StringRef> names;
  base.split(names, '/', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  std::vector<model::PathSegment> segments;
  for (const llvm::StringRef name : names)
    segments.emplace_back().text = name.str();
  segments.insert(segments.end(), route.segments.begin(), route.segments.end());
  route.segments = std::move(segments);
  route.pattern = base.str() + (route.pattern == "/" ? std::string() : route.pattern);
}

}  // namespace

void apply_service(const model::Program& program, model::Flow& flow) {
  const model::ServiceId id = program.packages[flow.origin.package].service;
  if (!id.is_valid()) return;
  const model::Service& service = program.services[id];
  if (flow.trigger != model::Trigger::kRoute && flow.trigger != model::Trigger::kSlug) return;
  if (!flow.deadline) {
    flow.deadline = service.deadline;
    flow.deadline_span = service.deadline_span;
  }
  if (flow.route && !service.base.empty()) put_before(service.base, *flow.route);
}

void resolve_services(Context& context) {
  for (std::size_t i = 0; i < context.program.services.size(); ++i) {
    model::Service& service = context.program.services[model::ServiceId(i)];
    const llvm::ArrayRef<syntax::Setting> settings = context.declarations.services[i]->settings;
    report_double_settings(context, settings, {"before", "deny"});
    for (const syntax::Setting& setting : settings) {
      if (!setting.name.is_missing()) read_setting(context, service, setting);
    }
  }
}

}  // namespace zc::check
