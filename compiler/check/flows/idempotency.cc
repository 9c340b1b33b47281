// What a flow does about requests that come again: its store, and whether it needs one.

#include "compiler/check/flows/idempotency.h"

#include <optional>

namespace zc::check {

namespace {

constexpr llvm::StringLiteral kAdapter = "kv";
constexpr llvm::StringLiteral kPrelude = "zerver";

bool is_store(const model::Program& program, model::TargetId id) {
  const model::AdapterId adapter = program.targets[id].adapter;
  if (!adapter.is_valid()) return true;  // reported
  const model::Origin& origin = program.adapters[adapter].origin;
  return origin.name == kAdapter && program.packages[origin.package].name == kPrelude;
}

// What HTTP promises to have no effect, or the same when it is repeated (RFC 9110, 9.2).
bool is_safe(model::Method method) {
  return method == model::Method::kGet || method == model::Method::kHead ||
         method == model::Method::kOptions || method == model::Method::kTrace;
}
bool is_repeatable(model::Method method) {
  return is_safe(method) || method == model::Method::kPut || method == model::Method::kDelete;
}

void check_flow(Context& context, const model::Flow& flow) {
  const bool is_reached = flow.trigger == model::Trigger::kRoute || flow.trigger == model::Trigger::kSlug;
  const model::Method method = flow.route ? flow.route->method : model::Method::kPost;
  if (flow.idempotency && is_reached && is_safe(method)) {
    context.engine.report(Kind::kNeedlessIdempotency, flow.idempotency->span, flow.origin.name)
        .help("leave it out: a request that only reads may be repeated as it is");
  }
  const model::ServiceId id = context.program.packages[flow.origin.package].service;
  if (flow.idempotency || !is_reached || is_repeatable(method) || !id.is_valid()) return;
  const model::Service& service = context.program.services[id];
  if (!service.requires_idempotency || !flow.has_effects) return;
  context.engine.report(Kind::kMissingIdempotency, flow.origin.span, flow.origin.name, service.origin.name)
      .secondary(service.idempotency_span, "wanted here")
      .help(
          "say where answers are kept: `idempotency required on cache;`, with a target of the adapter `kv`");
}

}  // namespace

void read_idempotency(Context& context, model::Flow& flow, SettingReader& reader,
                      const syntax::Setting& setting) {
  reader.allow_words({"on", "ttl", "concurrent", "interrupted", "lease"});
  model::Idempotency result;
  result.span = setting.span;
  if (const auto word = reader.word(reader.value(), {"required", "optional"}))
    result.is_required = *word == "required";
  if (const std::optional<syntax::QualifiedName> name = path_name(reader.after("on"))) {
    const auto symbol =
        context.resolve(flow.origin.package, NameSpace::kTargets, *name, Kind::kUnknownTarget, "a target");
    if (symbol) result.target = symbol->id<model::TargetId>();
    if (symbol && !is_store(context.program, result.target)) {
      reader.bad(reader.after("on"), "a target of the adapter `kv`");
      result.target = {};
    }
  } else {
    reader.bad(reader.after("on"), "`on` and a target of the adapter `kv`");
  }
  if (reader.has("ttl")) result.life = reader.duration(reader.after("ttl"), 1'000'000).value_or(result.life);
  if (reader.has("lease")) result.lease = reader.duration(reader.after("lease"), 1'000'000);
  if (reader.has("concurrent")) {
    const auto word = reader.word(reader.after("concurrent"), {"conflict", "wait"});
    result.waits = word && *word == "wait";
  }
  if (reader.has("interrupted")) {
    const auto word = reader.word(reader.after("interrupted"), {"conflict", "retry"});
    result.retries = word && *word == "retry";
  }
  flow.idempotency = result;
}

void check_idempotency(Context& context) {
  for (const model::Flow& flow : context.program.flows)
    check_flow(context, flow);
}

}  // namespace zc::check
