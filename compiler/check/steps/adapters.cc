// Outside systems as declared: adapters, the policies for talking to them, and the targets.

#include "compiler/check/steps/adapters.h"

#include "compiler/check/expressions/expressions.h"
#include "compiler/check/expressions/literals.h"
#include "compiler/check/steps/rpc.h"
#include "compiler/check/steps/settings.h"
#include "compiler/check/types/messages.h"
#include "compiler/check/types/traits.h"
#include "compiler/check/types/types.h"

#include <llvm/ADT/StringMap.h>

namespace zc::check {

namespace {

std::vector<model::OperationParameter> resolve_parameters(Context& context, model::PackageId package,
                                                          llvm::ArrayRef<syntax::Field> written,
                                                          llvm::ArrayRef<syntax::Name> variables) {
  std::vector<model::OperationParameter> parameters;
  llvm::StringMap<Span> names;
  for (const syntax::Field& source : written) {
    if (source.name.is_missing()) continue;
    check_traits(context, source.traits, kOnParameter);
    const auto [first, is_new] = names.try_emplace(source.name.text, source.name.span);
    if (!is_new) {
      context.engine.report(Kind::kDuplicateEntry, source.name.span, "parameter", source.name.text)
          .secondary(first->second, "first declared here");
      continue;
    }
    model::OperationParameter parameter;
    parameter.name = source.name.text.str();
    parameter.span = source.name.span;
    parameter.type = resolve_type(context, package, *source.type, variables);
    parameter.number = field_number(context, source.traits, parameter.type);
    const model::Type& type = context.types[parameter.type];
    if (type.kind == model::TypeKind::kStream &&
        context.types.kind(type.element) == model::TypeKind::kVariable) {
      context.engine
          .report(Kind::kMisplacedStream, source.type->span, "a parameter cannot be a stream of any type")
          .note("who takes a stream says of what: `stream<bytes>`, `stream<Row>`");
      parameter.type = context.types.error();
    }
    if (source.default_value != nullptr) {
      parameter.default_value = literal_constant(context, *source.default_value, parameter.type);
    } else if (context.types.is_optional(parameter.type)) {
      parameter.default_value.emplace();  // null
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

void resolve_access(Context& context, const syntax::Operation& source, model::Operation& operation) {
  const syntax::Trait* chosen = nullptr;
  for (const auto& [name, access] :
       {std::pair("read", model::Access::kRead), std::pair("write", model::Access::kWrite),
        std::pair("statement", model::Access::kByStatement), std::pair("commit", model::Access::kWrite)}) {
    const syntax::Trait* trait = find_trait(source.traits, name);
    if (trait == nullptr) continue;
    if (chosen != nullptr) {
      context.engine
          .report(Kind::kBadOperation, trait->span, source.name.text,
                  "has two of `@read`, `@write`, `@statement` and `@commit`")
          .secondary(chosen->span, "and this says otherwise");
      continue;
    }
    chosen = trait;
    operation.access = access;
  }
  if (chosen == nullptr && !source.erroneous) {
    context.engine
        .report(Kind::kBadOperation, source.name.span, source.name.text,
                "does not say whether it reads or writes")
        .fix("say that it only reads", source.name.span.start_point(), "@read ")
        .help("`@read`, `@write`, `@statement` when its SQL decides, or `@commit` when it ends a `tx { }`");
  }
  operation.idempotent = find_trait(source.traits, "idempotent") != nullptr;
  operation.stream = find_trait(source.traits, "stream") != nullptr;
  operation.status = find_trait(source.traits, "status") != nullptr;
  const bool takes_statement =
      std::any_of(operation.parameters.begin(), operation.parameters.end(),
                  [&](const auto& p) { return context.types.kind(p.type) == model::TypeKind::kStatement; });
  if (operation.access == model::Access::kByStatement && !takes_statement && !source.erroneous) {
    context.engine.report(Kind::kBadOperation, source.name.span, source.name.text, "takes no statement")
        .note("an operation with `@statement` has a parameter of type `statement`");
  }
}

// Who streams says so, and says of what.
void check_stream(Context& context, const syntax::Operation& source, const model::Operation& operation) {
  const model::Type& result = context.types[operation.result];
  const bool is_stream = result.kind == model::TypeKind::kStream;
  if (is_stream && !operation.stream) {
    context.engine.report(Kind::kBadOperation, source.name.span, source.name.text, "yields a stream")
        .fix("say that it streams", source.name.span.start_point(), "@stream ");
  }
  // Remote procedures have rules of their own: a list may collect what comes.
  if (!operation.stream || !operation.method.empty() || result.kind == model::TypeKind::kError) return;
  const bool is_read = is_stream && operation.format != model::ResultFormat::kTyped;
  const bool is_known = is_stream && operation.format == model::ResultFormat::kTyped &&
                        context.types.kind(result.element) != model::TypeKind::kVariable;
  if (is_read || is_known) return;
  context.engine.report(Kind::kBadOperation, source.name.span, source.name.text, "does not yield a stream")
      .note(
          "what streams is `row stream<T>`, `json stream<T>`, `stream<bytes>`, or `stream<Item>` of values "
          "that "
          "have a type");
}

// What ends a `tx { }` is called by the flow itself: there is one, and nobody gives it arguments.
void check_commit(Context& context, const syntax::Operation& source, const model::Adapter& adapter,
                  model::Operation& operation) {
  const syntax::Trait* trait = find_trait(source.traits, "commit");
  if (trait == nullptr) return;
  operation.commits = true;
  const bool is_plain =
      operation.parameters.empty() && context.types.kind(operation.result) == model::TypeKind::kVoid;
  if (!is_plain)
    context.engine.report(Kind::kBadOperation, trait->span, source.name.text,
                          "takes or returns something, and ends a `tx { }`");
  for (const model::Operation& other : adapter.operations) {
    if (!other.commits) continue;
    context.engine.report(Kind::kBadOperation, trait->span, source.name.text, "is a second `@commit`")
        .secondary(other.origin.span, "the first one");
  }
}

model::Kinds resolve_operation_kinds(Context& context, const syntax::Operation& source) {
  std::vector<syntax::Name> names;
  for (const syntax::FailsClause& clause : source.fails) {
    if (clause.error.is_qualified() || clause.names_causes()) {
      context.engine.report(Kind::kUnknownWord, clause.span, dotted(clause.error), "kind")
          .note("an operation fails with kinds; the steps that call it say which errors they stand for");
    } else if (!clause.error.is_missing()) {
      names.push_back(clause.error.segments.front());
    }
  }
  return kinds_of(context, names);
}

void resolve_adapter(Context& context, model::Adapter& adapter, const syntax::AdapterDeclaration& source) {
  const model::PackageId package = adapter.origin.package;
  resolve_service(context, adapter, source);
  adapter.parameters = resolve_parameters(context, package, source.parameters, {});
  for (const model::OperationParameter& parameter : adapter.parameters) {
    if (is_configurable(context, context.types.strip_optional(parameter.type))) continue;
    context.engine
        .report(Kind::kBadType, parameter.span,
                "a parameter of an adapter is a simple value, not `" + context.text(parameter.type) + "`")
        .note(
            "targets take what the environment can say: text, numbers, `bool`, durations, times, UUIDs, "
            "enums");
  }
  llvm::StringMap<Span> names;
  for (const syntax::Operation& written : source.operations) {
    if (written.name.is_missing()) continue;
    const auto [first, is_new] = names.try_emplace(written.name.text, written.name.span);
    if (!is_new) {
      context.engine.report(Kind::kDuplicateName, written.name.span, "operation", written.name.text)
          .secondary(first->second, "first declared here");
      continue;
    }
    check_traits(context, written.traits, kOnOperation);
    model::Operation operation;
    operation.origin = make_origin(context, package, written.name, written.doc, written.traits);
    for (const syntax::Name& variable : written.type_parameters) {
      operation.type_parameters.push_back(variable.text.str());
    }
    operation.parameters = resolve_parameters(context, package, written.parameters, written.type_parameters);
    operation.result = written.result == nullptr
                           ? context.types.simple(model::TypeKind::kVoid)
                           : resolve_type(context, package, *written.result, written.type_parameters);
    if (written.result_format.text == "row") {
      operation.format = model::ResultFormat::kRow;
    } else if (written.result_format.text == "json") {
      operation.format = model::ResultFormat::kJson;
    } else if (!written.result_format.is_missing()) {
      context.engine.report(Kind::kUnknownWord, written.result_format.span, written.result_format.text,
                            "form of a result: it is `row` or `json`");
    }
    operation.fails = resolve_operation_kinds(context, written);
    resolve_access(context, written, operation);
    check_commit(context, written, adapter, operation);
    resolve_method(context, adapter, written, operation);
    check_stream(context, written, operation);
    adapter.operations.push_back(std::move(operation));
  }
}

// Targets that every program has.
void add_builtin_target(Context& context, llvm::StringRef name) {
  if (!context.prelude.is_valid()) return;
  const Symbol* adapter = context.names.find(context.prelude, NameSpace::kAdapters, name);
  if (adapter == nullptr || context.names.find(context.prelude, NameSpace::kTargets, name) != nullptr) return;
  model::Target target;
  target.origin = context.program.adapters[adapter->id<model::AdapterId>()].origin;
  target.adapter = adapter->id<model::AdapterId>();
  target.builtin = true;
  const model::TargetId id = context.program.targets.push_back(std::move(target));
  context.declarations.targets.push_back(nullptr);
  context.names.add(context.prelude, name, {SymbolKind::kTarget, id.raw()});
}

void read_accepts(Context& context, SettingReader& reader, const syntax::Setting& setting,
                  model::Target& target) {
  const bool is_alone = setting.terms.size() == 1 && setting.terms.front().size() == 1;
  for (const syntax::SettingTerm& term : setting.terms) {
    for (const syntax::Expr* value : term) {
      const auto label = reader.word(value, {"pii", "secret"});
      if (!label) continue;
      target.accepts.push_back({*label == "pii" ? model::kPii : model::kSecret,
                                {},
                                value->span,
                                is_alone ? setting.span : Span()});
    }
  }
  if (setting.terms.empty())
    context.engine.report(Kind::kBadSetting, setting.name.span, "accepts", "`pii` or `secret`");
}

constexpr llvm::StringRef kTargetSettings[] = {"in_flight", "queue",  "pool",    "breaker",  "retry_budget",
                                               "bearer",    "policy", "accepts", "compress", "format"};

void require_http(Context& context, const syntax::Setting& setting, const model::Target& target) {
  if (!target.adapter.is_valid()) return;  // reported at the target
  const std::vector<model::Operation>& operations = context.program.adapters[target.adapter].operations;
  if (std::none_of(operations.begin(), operations.end(), [](const auto& each) { return each.status; }))
    context.engine.report(Kind::kBadSetting, setting.name.span, setting.name.text,
                          "effect only on a target that is talked to over HTTP");
}

// `format msgpack`: of documents that go to it.
void read_format(Context& context, SettingReader& reader, const syntax::Setting& setting,
                 model::Target& target) {
  reader.allow_words({});
  require_http(context, setting, target);
  target.message_pack = reader.word(reader.value(), {"json", "msgpack"}) == "msgpack";
}

// `compress gzip over 4KiB`: what goes to a target that is talked to over HTTP.
void read_compression(Context& context, SettingReader& reader, const syntax::Setting& setting,
                      model::Target& target) {
  constexpr std::uint64_t kUsually = 1024;
  reader.allow_words({"over"});
  const bool is_known = reader.word(reader.value(), {"gzip"}).has_value();
  const std::optional<std::uint64_t> over =
      reader.has("over") ? reader.size(reader.after("over")) : std::optional(kUsually);
  require_http(context, setting, target);
  if (is_known && target.adapter.is_valid()) target.compress_over = over;
}

void read_target_setting(Context& context, model::Target& target, const syntax::Setting& setting) {
  const model::PackageId package = target.origin.package;
  SettingReader reader(context, package, setting);
  const llvm::StringRef name = reader.name();
  if (name == "accepts") return read_accepts(context, reader, setting, target);
  if (name == "compress") return read_compression(context, reader, setting, target);
  if (name == "format") return read_format(context, reader, setting, target);
  if (name == "breaker") {
    reader.allow_words({"of", "open"});
    const auto percent = reader.percent(reader.value());
    const auto of = reader.count(reader.after("of"), 1);
    const auto open = reader.duration(reader.after("open"));
    if (percent && of && open) target.breaker = model::Breaker{*percent, *of, *open};
    return;
  }
  if (std::find(std::begin(kTargetSettings), std::end(kTargetSettings), name) == std::end(kTargetSettings)) {
    return report_unknown_setting(context, setting, "a target", kTargetSettings);
  }
  reader.allow_words({});
  if (name == "in_flight") {
    target.in_flight = reader.count(reader.value(), 1);
    target.in_flight_span = reader.place();
  } else if (name == "queue") {
    target.queue_bound = reader.count(reader.value());
  } else if (name == "pool") {
    target.pool = reader.count(reader.value(), 1);
    target.pool_span = reader.place();
  } else if (name == "retry_budget") {
    target.retry_budget_percent = reader.percent(reader.value());
  } else if (name == "bearer") {
    if (reader.value() == nullptr) {
      context.engine.report(Kind::kBadSetting, setting.name.span, name, "a string");
      return;
    }
    ExpressionScope scope;
    scope.package = package;
    scope.place = ExpressionScope::Place::kTarget;
    target.bearer = ExpressionChecker(context, scope)
                        .check(*reader.value(), context.types.simple(model::TypeKind::kString));
  } else if (const std::optional<syntax::QualifiedName> policy = path_name(reader.value())) {
    const auto symbol =
        context.resolve(package, NameSpace::kPolicies, *policy, Kind::kUnknownPolicy, "a policy");
    if (symbol) target.default_policy = symbol->id<model::PolicyId>();
  } else {
    context.engine.report(Kind::kBadSetting, setting.name.span, name, "the name of a policy");
  }
}

}  // namespace

void resolve_adapters(Context& context) {
  for (std::size_t i = 0; i < context.program.adapters.size(); ++i) {
    resolve_adapter(context, context.program.adapters[model::AdapterId(i)],
                    *context.declarations.adapters[i]);
  }
  complete_rpc_adapters(context);
  add_builtin_target(context, "clock");
  add_builtin_target(context, "random");
}

void resolve_policies(Context& context) {
  static constexpr llvm::StringRef kKnown[] = {"timeout", "retry", "backoff", "on", "hedge", "rate"};
  for (std::size_t i = 0; i < context.program.policies.size(); ++i) {
    model::Policy& policy = context.program.policies[model::PolicyId(i)];
    const llvm::ArrayRef<syntax::Setting> settings = context.declarations.policies[i]->settings;
    report_double_settings(context, settings);
    for (const syntax::Setting& setting : settings) {
      if (!read_policy_setting(context, policy.origin.package, setting, policy.settings)) {
        report_unknown_setting(context, setting, "a policy", kKnown);
      }
    }
  }
}

void resolve_targets(Context& context) {
  for (std::size_t i = 0; i < context.program.targets.size(); ++i) {
    const syntax::TargetDeclaration* source = context.declarations.targets[i];
    if (source == nullptr) continue;
    const model::TargetId id(i);
    const model::PackageId package = context.program.targets[id].origin.package;
    const auto symbol =
        context.resolve(package, NameSpace::kAdapters, source->adapter, Kind::kUnknownAdapter, "an adapter");
    if (symbol) {
      model::Target& target = context.program.targets[id];
      target.adapter = symbol->id<model::AdapterId>();
      const model::Adapter& adapter = context.program.adapters[target.adapter];
      ExpressionScope scope;
      scope.package = package;
      scope.place = ExpressionScope::Place::kTarget;
      ExpressionChecker checker(context, scope);
      target.arguments = checker.arguments(source->arguments, adapter.parameters, source->adapter.span,
                                           adapter.origin.name, adapter.origin.span);
    }
    report_double_settings(context, source->settings, {"accepts"});
    for (const syntax::Setting& setting : source->settings) {
      read_target_setting(context, context.program.targets[id], setting);
    }
  }
}

}  // namespace zc::check
