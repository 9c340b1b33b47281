// What stands beside the flows of a package: targets, answers to errors, routes.

#include "compiler/model/outcome/outcome.h"
#include "compiler/plan/build.h"
#include "compiler/plan/expressions/constant_json.h"
#include "compiler/plan/flows/calls/effective_policy.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <utility>

namespace zc::plan {
namespace {

using model::ExpressionKind;

bool is_setting(const model::Expression& expression) {
  return expression.kind == ExpressionKind::kEnvironment || expression.kind == ExpressionKind::kSecret;
}

std::string setting(const model::Expression& expression) {
  const bool is_secret = expression.kind == ExpressionKind::kSecret;
  return std::string(is_secret ? "environment.secret(" : "environment.variable(") +
         string_literal(expression.name) + ")";
}

// As a `.flow` file has it: `secret.PAY_KEY`.
std::string setting_name(const model::Expression& expression) {
  return (expression.kind == ExpressionKind::kSecret ? "secret." : "env.") + expression.name;
}

// "250ms", in the largest unit that leaves nothing over.
std::string duration_argument(std::uint64_t nanoseconds) {
  constexpr std::pair<std::uint64_t, const char*> kUnits[] = {{3'600'000'000'000, "h"},
                                                              {60'000'000'000, "m"},
                                                              {1'000'000'000, "s"},
                                                              {1'000'000, "ms"},
                                                              {1'000, "us"}};
  for (const auto& [size, name] : kUnits)
    if (nanoseconds != 0 && nanoseconds % size == 0) return std::to_string(nanoseconds / size) + name;
  return std::to_string(nanoseconds) + "ns";
}

// A constant as the text that `parse` of the adapter's configuration reads, as a literal.
std::string constant_text(const model::Program& program, const model::Expression& expression) {
  using Kind = model::Constant::Kind;
  const model::Constant& constant = expression.constant;
  switch (constant.kind) {
    case Kind::kBool:
      return constant.boolean ? "\"true\"" : "\"false\"";
    case Kind::kInteger:
      return string_literal((constant.negative ? "-" : "") + std::to_string(constant.integer));
    case Kind::kDuration:
      return string_literal((constant.negative ? "-" : "") + duration_argument(constant.integer));
    case Kind::kEnumerator: {
      model::TypeId type = expression.type;
      if (program.types[type].kind == model::TypeKind::kOptional) type = program.types[type].element;
      return string_literal(
          program.enums[model::EnumId(program.types[type].declaration)].values[constant.integer].json_name);
    }
    default:
      break;
  }
  return string_literal(constant.text);
}

bool is_null(const model::Expression& expression) {
  return expression.kind == ExpressionKind::kConstant &&
         expression.constant.kind == model::Constant::Kind::kNull;
}

// The statement that hands one argument of a target to its adapter; empty when there is nothing to hand.
std::string configuration(Builder& builder, const std::string& name, const model::Expression& expression) {
  const model::Program& program = builder.program;
  const std::string parameter = string_literal(name);
  switch (expression.kind) {
    case ExpressionKind::kConstant:
      if (is_null(expression)) return "";
      return "config.set(" + parameter + ", " + constant_text(program, expression) + ");";
    case ExpressionKind::kInterpolation:
      if (llvm::all_of(expression.operands,
                       [](const auto& part) { return part.kind == ExpressionKind::kConstant; })) {
        std::string text;
        for (const model::Expression& part : expression.operands)
          text += part.constant.text;
        return "config.set(" + parameter + ", " + string_literal(text) + ");";
      }
      break;
    case ExpressionKind::kEnvironment:
    case ExpressionKind::kSecret: {
      const bool may_be_absent = program.types[expression.type].kind == model::TypeKind::kOptional;
      return (may_be_absent ? "config.set_if(" : "config.set_required(") + parameter + ", " +
             setting(expression) + ", " + string_literal(setting_name(expression)) + ");";
    }
    case ExpressionKind::kBinary: {
      if (expression.op != model::Operator::kCoalesce || !is_setting(expression.operands[0])) break;
      const model::Expression& source = expression.operands[0];
      const model::Expression& otherwise = expression.operands[1].kind == ExpressionKind::kConvert
                                               ? expression.operands[1].operands[0]
                                               : expression.operands[1];
      if (otherwise.kind != ExpressionKind::kConstant) break;
      if (is_null(otherwise))
        return "config.set_if(" + parameter + ", " + setting(source) + ", " +
               string_literal(setting_name(source)) + ");";
      return "config.set_or(" + parameter + ", " + setting(source) + ", " +
             constant_text(program, otherwise) + ", " + string_literal(setting_name(source)) + ");";
    }
    case ExpressionKind::kConvert:
      return configuration(builder, name, expression.operands[0]);
    default:
      break;
  }
  builder.unsupported(expression.span, "such an argument of a target");
  return "";
}

// The settings that the runtime keeps, as initialisers.
std::vector<std::string> target_settings(const model::Target& target) {
  std::vector<std::string> result;
  if (target.in_flight) result.push_back(".in_flight = " + std::to_string(*target.in_flight));
  if (target.queue_bound) result.push_back(".queue = " + std::to_string(*target.queue_bound));
  if (target.breaker) {
    result.push_back(".breaker = {.percent = " + std::to_string(target.breaker->percent) +
                     ", .of = " + std::to_string(target.breaker->of) +
                     ", .open = " + duration(target.breaker->open) + "}");
  }
  if (target.retry_budget_percent)
    result.push_back(".retry_budget_percent = " + std::to_string(*target.retry_budget_percent));
  if (target.pool) result.push_back(".pool = " + std::to_string(*target.pool));
  return result;
}

// Which of the settings that have a default are written.
std::string declared_settings(const model::Target& target) {
  std::vector<llvm::StringRef> words;
  if (target.in_flight) words.emplace_back("in_flight");
  if (target.queue_bound) words.emplace_back("queue");
  if (target.breaker) words.emplace_back("breaker");
  if (target.retry_budget_percent) words.emplace_back("retry_budget");
  if (target.pool) words.emplace_back("pool");
  return llvm::join(words, " ");
}

// Databases: they are told the schema of the package that declares them.
bool takes_statements(const model::Program& program, const model::Adapter& adapter) {
  return llvm::any_of(adapter.operations, [&](const model::Operation& operation) {
    return llvm::any_of(operation.parameters, [&](const model::OperationParameter& parameter) {
      return program.types[parameter.type].kind == model::TypeKind::kStatement;
    });
  });
}

// "OverQuota" as "Over quota".
std::string title(llvm::StringRef name) {
  std::string words = snake(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  words.front() = llvm::toUpper(words.front());
  return words;
}

constexpr std::pair<model::Method, const char*> kMethods[] = {
    {model::Method::kGet, "get"},         {model::Method::kHead, "head"},
    {model::Method::kPost, "post"},       {model::Method::kPut, "put"},
    {model::Method::kPatch, "patch"},     {model::Method::kDelete, "delete"},
    {model::Method::kOptions, "options"}, {model::Method::kTrace, "trace"},
    {model::Method::kConnect, "connect"}};

// `/flow/v1/<slug>`
std::vector<SegmentMatch> slug_segments(const std::string& slug) {
  const auto literal = [](const std::string& text) {
    return SegmentMatch{SegmentMatch::Kind::kLiteral, encode_segment(text), {}};
  };
  return {literal("flow"), literal("v1"), literal(slug)};
}

}  // namespace

void plan_targets(Builder& builder) {
  for (const model::TargetId id : builder.targets) {
    const model::Target& target = builder.program.targets[id];
    const model::Adapter& adapter = builder.program.adapters[target.adapter];
    TargetPlan plan;
    plan.name = string_literal(builder.flow_name(target.origin));
    plan.adapter = string_literal(builder.flow_name(adapter.origin));
    plan.function = builder.source_scope.claim("configure_" + target.origin.name);
    for (std::size_t i = 0; i < adapter.parameters.size() && i < target.arguments.size(); ++i) {
      if (std::string statement = configuration(builder, adapter.parameters[i].name, target.arguments[i]);
          !statement.empty())
        plan.statements.push_back(std::move(statement));
    }
    // A setting that is the adapter's business is an argument to it.
    if (target.bearer) plan.statements.push_back(configuration(builder, "bearer", *target.bearer));
    plan.settings = target_settings(target);
    plan.effective = effective_limits(target);
    if (!adapter.operations.empty()) {
      plan.operations = builder.names.spelled(target.adapter, adapter.origin.package, builder.package) +
                        "::" + builder.names.operation_table(target.adapter);
    }
    if (const std::string rpcs = rpc_table(adapter); !rpcs.empty())
      plan.rpcs =
          builder.names.spelled(target.adapter, adapter.origin.package, builder.package) + "::" + rpcs;
    const std::string& schema = builder.program.packages[target.origin.package].schema;
    if (takes_statements(builder.program, adapter) && !schema.empty()) {
      const std::string name = builder.source_scope.claim(constant(target.origin.name + "_schema"));
      builder.plan.statements.push_back({name, string_literals(schema)});
      plan.settings.push_back(".schema = " + name);
    }
    if (const std::string declared = declared_settings(target); !declared.empty())
      plan.declared = string_literal(declared);
    if (target.message_pack) plan.format = "zerver::flow::Format::kMessagePack";
    if (target.compress_over) plan.compress_over = std::to_string(*target.compress_over);
    builder.plan.targets.push_back(std::move(plan));
  }
}

void plan_errors(Builder& builder) {
  for (const model::ErrorId id : builder.answered) {
    const model::ErrorType& error = builder.program.errors[id];
    builder.source_packages.insert(error.origin.package);
    ErrorAnswerPlan plan;
    plan.type = builder.names.spelled(id, error.origin.package, builder.package);
    plan.status = error.http_status.value_or(500);
    plan.code = string_literal(builder.flow_name(error.origin));
    plan.domain = string_literal(model::domain_name(builder.program, id));
    plan.uri = string_literal("urn:zerver:error:" + builder.flow_name(error.origin));
    plan.title = string_literal(title(error.origin.name));
    plan.retryable = error.retryable;
    for (std::size_t i = 0; i < error.fields.size(); ++i) {
      const model::Field& field = error.fields[i];
      const std::string& member = builder.names.field(id, i);
      const model::Type& type = builder.program.types[field.type];
      const bool is_optional = type.kind == model::TypeKind::kOptional;
      if (field.origin.name == "why" && type.kind == model::TypeKind::kString)
        plan.why = member;
      else
        plan.fields.push_back({member,
                               string_literal(field.json_name),
                               string_literal(json_key(field.json_name)),
                               "",
                               !is_optional,
                               is_optional,
                               {}});
    }
    builder.plan.errors.push_back(std::move(plan));
  }
  for (const model::ErrorId id : builder.passed_on) {
    const model::Origin& origin = builder.program.errors[id].origin;
    builder.plan.exit_answers.push_back(
        {builder.error_constants.lookup(id), builder.names.spelled(id, origin.package, builder.package)});
  }
}

void plan_routes(Builder& builder) {
  struct Entry {
    model::Method method;
    RouteEntry entry;
  };
  std::vector<Entry> entries;
  std::size_t index = 0;
  for (std::size_t i = 0; i < builder.program.flows.size(); ++i) {
    const model::Flow& flow = builder.program.flows[model::FlowId(i)];
    if (!builder.is_own(flow.origin)) continue;
    const std::size_t position = index++;
    builder.plan.captures = std::max(builder.plan.captures, builder.plan.flows[position].captures);
    if (flow.route) entries.push_back({flow.route->method, {position, segments_of(*flow.route)}});
    if (flow.trigger == model::Trigger::kSlug)
      entries.push_back({model::Method::kPost, {position, slug_segments(flow.slug)}});
    for (const model::Alias& alias : flow.aliases)
      if (flow.trigger == model::Trigger::kSlug)
        entries.push_back({model::Method::kPost, {position, slug_segments(alias.slug)}});
  }
  const auto add = [&](std::optional<model::Method> method, const char* name) {
    std::vector<RouteEntry> chosen;
    bool has_own = !method;
    for (const Entry& each : entries)
      if (method && each.method == *method) {
        chosen.push_back(each.entry);
        has_own = true;
      }
    // A request that both match goes to the method's own route, which is in the tree first.
    for (const Entry& each : entries)
      if (each.method == model::Method::kAny) chosen.push_back(each.entry);
    if (has_own && !chosen.empty())
      builder.plan.routes.push_back({name, method ? constant(name) : "", make_route_tree(chosen)});
  };
  for (const auto& [method, name] : kMethods)
    add(method, name);
  add(std::nullopt, "any");
}

}  // namespace zc::plan
