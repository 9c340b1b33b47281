// Effects of a flow: calls, their policies, and what becomes of their failures.

#include "compiler/model/effects.h"

#include "compiler/plan/flows/calls/effective_policy.h"
#include "compiler/plan/flows/flow_builder.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringExtras.h>

#include <optional>
#include <utility>

namespace zc::plan {
namespace {

using model::TypeKind;

std::vector<std::string> status_texts(llvm::ArrayRef<std::uint16_t> statuses) {
  std::vector<std::string> result;
  for (const std::uint16_t status : statuses)
    result.push_back(std::to_string(status));
  return result;
}

// The lines of a statement without the margin that all but the first have; as they are when a quoted text
// goes over a line's end, where white space counts.
std::string without_margin(llvm::StringRef text) {
  std::size_t margin = llvm::StringRef::npos;
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') is_quoted = !is_quoted;
    if (text[i] != '\n') continue;
    if (is_quoted) return text.str();
    const llvm::StringRef line = text.drop_front(i + 1).split('\n').first;
    if (!line.trim().empty()) margin = std::min(margin, line.size() - line.ltrim(' ').size());
  }
  if (margin == llvm::StringRef::npos) return text.str();
  const auto [first, rest] = text.split('\n');
  std::string result = first.str();
  llvm::SmallVector<llvm::StringRef> lines;
  rest.split(lines, '\n');
  for (const llvm::StringRef line : lines)
    result += "\n" + line.drop_front(std::min(margin, line.size())).str();
  return result;
}

std::string call_type(model::ResultFormat format, const std::string& result) {
  switch (format) {
    case model::ResultFormat::kRow:
      return "zerver::flow::RowsCall<" + result + ">";
    case model::ResultFormat::kJson:
      return "zerver::flow::JsonCall<" + result + ">";
    case model::ResultFormat::kTyped:
      break;
  }
  return "zerver::flow::ValueCall<" + result + ">";
}

std::string stream_call_type(model::ResultFormat format, bool is_bytes, const std::string& result) {
  if (format == model::ResultFormat::kJson) return "zerver::flow::JsonStreamCall<" + result + ">";
  if (format == model::ResultFormat::kRow || is_bytes) return "zerver::flow::StreamCall<" + result + ">";
  return "zerver::flow::TypedStreamCall<" + result + ">";
}

// What the step makes of failures, as initialisers of FailureAnswer.
std::vector<std::string> failure_answers(const Builder& builder, const model::Step& step) {
  std::vector<std::string> result;
  for (const model::ErrorMapping& mapping : step.mappings) {
    if (mapping.kinds == 0) continue;
    const model::ErrorType& error = builder.program.errors[mapping.error];
    result.push_back("{zerver::FaultKinds::of(" + llvm::join(kind_names(mapping.kinds), ", ") + "), " +
                     string_literal(builder.flow_name(error.origin)) + ", " +
                     std::to_string(error.http_status.value_or(0)) + "}");
  }
  return result;
}

// The struct that the call's rows are read into, of which each field stands in one column; none when they
// become something else, or nothing.
std::optional<model::StructId> row_struct(const model::Program& program, const model::EffectCall& effect,
                                          const model::Operation& operation) {
  if (operation.format != model::ResultFormat::kRow || effect.columns.empty()) return std::nullopt;
  const model::Type* type = &program.types[effect.result];
  while (type->kind == TypeKind::kOptional || type->kind == TypeKind::kList ||
         type->kind == TypeKind::kStream)
    type = &program.types[type->element];
  if (type->kind != TypeKind::kStruct) return std::nullopt;
  return model::StructId(type->declaration);
}

// The only part of a request that a key can be made of.
void bind_request_key(const model::Expression& expression, Bindings& bindings) {
  if (expression.kind == model::ExpressionKind::kRequest)
    bindings.parts[&expression] = "zerver::flow::idempotency_key(exchange)";
  for (const model::Expression& operand : expression.operands)
    bind_request_key(operand, bindings);
}

}  // namespace

std::string FlowBuilder::error_value(const model::ErrorMapping& mapping, const model::Step& step,
                                     const std::string& fault, FailurePlan& plan) {
  const model::ErrorId id = mapping.error;
  const model::ErrorType& error = builder_.program.errors[id];
  const bool is_answered = model::answers_fields(builder_.program, step, mapping);
  const Bindings bindings = bindings_of(step);
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < error.fields.size(); ++i) {
    const model::Field& field = error.fields[i];
    const auto read = llvm::find_if(step.reads, [&](const model::SlotUse& use) {
      return builder_.program.slots[use.slot].origin.name == field.origin.name;
    });
    std::string value = "{}";
    if (read != step.reads.end()) {
      const std::string presence = read->optional ? bindings.presence.lookup(read->slot) : std::string();
      value = bindings.slots.lookup(read->slot);
      if (!presence.empty())
        value = presence + " ? " + builder_.writer.type(field.type) + "(" + value + ") : std::nullopt";
    } else if (field.origin.name == "why") {
      value = fault + ".why";
    } else if (is_answered) {
      const bool is_optional = type(field.type).kind == TypeKind::kOptional;
      const model::TypeId plain = is_optional ? type(field.type).element : field.type;
      builder_.require(plain, builder_.source_packages);
      value = "zerver::flow::answered_field<" + builder_.writer.type(plain) + ">(exchange, " + fault + ", " +
              string_literal(field.json_name) + ")";
      const bool is_required = !is_optional && !field.default_value;
      // One statement does for kinds as well, of which no field is required.
      if (mapping.kinds == 0) {
        plan.answered.push_back({"answered_" + builder_.names.field(id, i), value, is_required});
        value = plan.answered.back().local;
      }
      if (is_required) {
        value = "*" + value;
      } else if (!is_optional) {
        value += ".value_or(" + builder_.writer.constant(*field.default_value, field.type) + ")";
      }
    } else if (field.default_value) {
      value = builder_.writer.constant(*field.default_value, field.type);
    }
    fields.push_back("." + builder_.names.field(id, i) + " = " + value);
  }
  return builder_.names.spelled(id, error.origin.package, builder_.package) + "{" + llvm::join(fields, ", ") +
         "}";
}

std::vector<FailurePlan> FlowBuilder::failures(const model::Step& step, const std::string& fault) {
  std::vector<FailurePlan> result;
  for (const model::ErrorMapping& mapping : step.mappings) {
    FailurePlan plan;
    plan.statuses = status_texts(mapping.statuses);
    plan.kinds = kind_names(mapping.kinds);
    plan.statement = raise(mapping.error, error_value(mapping, step, fault, plan), fault);
    if (!plan.kinds.empty() || !plan.statuses.empty()) result.push_back(std::move(plan));
  }
  return result;
}

std::vector<std::string> FlowBuilder::policy(const model::Step& step, const model::PolicySettings& settings) {
  std::vector<std::string> result;
  if (settings.timeout) result.push_back(".timeout = " + duration(*settings.timeout));
  if (settings.retry && settings.retry->times != 0) {
    const model::Retry& retry = *settings.retry;
    model::Kinds kinds = 0;
    std::vector<std::string> retried;
    std::vector<std::string> others;
    for (const model::ErrorMapping& mapping : step.mappings) {
      const bool named = retry.on.empty() ? builder_.program.errors[mapping.error].retryable
                                          : llvm::is_contained(retry.on, mapping.error);
      if (named) kinds |= mapping.kinds;
      llvm::append_range(named ? retried : others, status_texts(mapping.statuses));
    }
    result.push_back(".retries = " + std::to_string(retry.times));
    result.push_back(".backoff_first = " + duration(retry.backoff.least));
    result.push_back(".backoff_cap = " + duration(std::max(retry.backoff.least, retry.backoff.most)));
    result.push_back(".retry_on = zerver::FaultKinds::of(" + llvm::join(kind_names(kinds), ", ") + ")");
    if (!retried.empty())
      result.push_back(".retry_on_status = zerver::flow::StatusSet::of(" + llvm::join(retried, ", ") + ")");
    if (!others.empty())
      result.push_back(".no_retry_on_status = zerver::flow::StatusSet::of(" + llvm::join(others, ", ") + ")");
  }
  if (settings.hedge && settings.hedge->times != 0) {
    result.push_back(".hedges = " + std::to_string(settings.hedge->times));
    result.push_back(".hedge_after = " + duration(settings.hedge->after));
  }
  return result;
}

// A rate counts where it is written, whoever names it.
std::string FlowBuilder::rate(const model::PolicySettings& settings) {
  if (!settings.rate) return "";
  const auto known = llvm::find(builder_.rates, settings.rate_span);
  const auto position = static_cast<std::size_t>(known - builder_.rates.begin());
  if (known == builder_.rates.end()) {
    builder_.rates.push_back(settings.rate_span);
    builder_.plan.rates.push_back({std::to_string(settings.rate->count), duration(settings.rate->per)});
  }
  return std::to_string(position);
}

std::string FlowBuilder::site(const model::Step& step, const model::EffectCall& effect,
                              const std::string& name) {
  const model::Target& target = builder_.program.targets[effect.target];
  const model::Adapter& adapter = builder_.program.adapters[target.adapter];
  builder_.targets.insert(effect.target);
  builder_.source_packages.insert(adapter.origin.package);
  SitePlan plan;
  plan.step = string_literal(builder_.written_name(step.origin));
  plan.target =
      static_cast<std::size_t>(llvm::find(builder_.targets, effect.target) - builder_.targets.begin());
  plan.operation = builder_.names.spelled(target.adapter, adapter.origin.package, builder_.package) +
                   "::" + builder_.names.operation(target.adapter, effect.operation).constant;
  plan.fails = kind_names(effect.raises);
  plan.policy = policy(step, effect.settings);
  plan.effective = effective_policy(builder_.program, effect);
  plan.rate = rate(effect.settings);
  plan.answers = failure_answers(builder_, step);
  plan.name = constant(name + "_call");
  if (const auto structure = row_struct(builder_.program, effect, adapter.operations[effect.operation])) {
    for (const model::RowColumn& column : effect.columns)
      plan.columns.push_back(string_literal(column.name));
    for (const model::Field& field : builder_.program.structs[*structure].fields) {
      const auto column = llvm::find_if(
          effect.columns, [&](const model::RowColumn& each) { return each.name == field.origin.name; });
      plan.fields.push_back(column == effect.columns.end() ? "zerver::flow::RowLayout::kNoColumn"
                                                           : std::to_string(column - effect.columns.begin()));
    }
  }
  // A step that stands in several flows has one site.
  for (const SitePlan& known : builder_.plan.sites)
    if (known.name == plan.name && known.step == plan.step && known.target == plan.target &&
        known.operation == plan.operation && known.policy == plan.policy && known.rate == plan.rate &&
        known.columns == plan.columns && known.fields == plan.fields)
      return known.name;
  plan.name = builder_.source_scope.claim(plan.name);
  if (!plan.answers.empty()) plan.answers_name = builder_.source_scope.claim(constant(name + "_answers"));
  if (!plan.columns.empty()) {
    plan.columns_name = builder_.source_scope.claim(constant(name + "_columns"));
    plan.fields_name = builder_.source_scope.claim(constant(name + "_fields"));
  }
  builder_.plan.sites.push_back(plan);
  return plan.name;
}

std::string FlowBuilder::statement_constant(const std::string& text, const std::string& name) {
  const Lines lines = string_literals(without_margin(text));
  const std::string wanted = constant(name + "_sql");
  for (const StatementPlan& known : builder_.plan.statements)
    if (known.name == wanted && known.lines == lines) return known.name;
  builder_.plan.statements.push_back({builder_.source_scope.claim(wanted), lines});
  return builder_.plan.statements.back().name;
}

std::string FlowBuilder::key(const model::Expression& key, Bindings bindings) const {
  bind_request_key(key, bindings);
  return builder_.writer.text(key, bindings);
}

// A JSON text as an argument; a literal is written before the call, under the name `local`.
std::string FlowBuilder::json(const model::Expression& argument, const Bindings& bindings,
                              const std::string& local, const std::string& format,
                              std::vector<TextPlan>& texts) const {
  const bool is_literal =
      argument.kind == model::ExpressionKind::kObject || argument.kind == model::ExpressionKind::kList;
  if (!is_literal)
    return "zerver::flow::json_text(exchange, " + builder_.writer.value(argument, bindings) +
           (format.empty() ? "" : ", " + format) + ")";
  TextPlan text{identifier(local), {}, format};
  builder_.writer.append_json(argument, bindings, text.json);
  texts.push_back(std::move(text));
  return texts.back().local;
}

// The one value that is bound is the list, or the stream.
void FlowBuilder::insert_rows(const model::Expression& statement, const model::BulkInsert& bulk,
                              const Bindings& bindings, CallPlan& plan) const {
  const model::Expression& rows = statement.operands[model::BulkInsert::kRows];
  const model::TypeId element = type(rows.type).element;
  builder_.require(element, builder_.source_packages);
  std::vector<std::string> fields;
  for (const model::Expression& cell : bulk.cells)
    fields.push_back("&" + builder_.writer.type(element) +
                     "::" + builder_.names.field(cell.structure, cell.field));
  const bool is_stream = type(rows.type).kind == TypeKind::kStream;
  plan.rows_type = std::string("zerver::flow::") + (is_stream ? "StructStream<" : "StructRows<") +
                   llvm::join(fields, ", ") + ">";
  plan.parameters = {string_literal(bulk.into), builder_.writer.value(rows, bindings)};
  if (is_stream) plan.parameters.push_back("exchange.worker()");
}

CallPlan FlowBuilder::call(const model::Step& step, const model::EffectCall& effect,
                           const std::string& prefix, const std::string& site_name) {
  const model::Target& target = builder_.program.targets[effect.target];
  const model::Adapter& adapter = builder_.program.adapters[target.adapter];
  const model::Operation& operation = adapter.operations[effect.operation];
  const Bindings bindings = bindings_of(step);
  const std::string interface =
      builder_.names.spelled(target.adapter, adapter.origin.package, builder_.package);

  const std::string format = target.message_pack ? "zerver::flow::Format::kMessagePack" : "";

  CallPlan plan;
  plan.site = site(step, effect, site_name);
  plan.call = prefix + "call";
  plan.arguments_local = prefix + "arguments";
  plan.arguments_type =
      interface + "::" + builder_.names.operation(target.adapter, effect.operation).arguments;
  for (std::size_t i = 0; i < operation.parameters.size() && i < effect.arguments.size(); ++i) {
    const model::Expression& argument = effect.arguments[i];
    if (argument.kind == model::ExpressionKind::kStatement && effect.bulk) {
      insert_rows(argument, *effect.bulk, bindings, plan);
      plan.parameters_local = prefix + "rows";
      const std::string text = ExpressionWriter::statement_text(effect, argument);
      plan.arguments.push_back("{" + statement_constant(text, site_name) + ", {}, &" + plan.parameters_local +
                               "}");
    } else if (argument.kind == model::ExpressionKind::kStatement) {
      plan.parameters = builder_.writer.statement_values(argument, bindings);
      if (!plan.parameters.empty()) plan.parameters_local = prefix + "parameters";
      plan.arguments.push_back(
          "{" + statement_constant(ExpressionWriter::statement_text(effect, argument), site_name) + ", " +
          (plan.parameters.empty() ? "{}" : plan.parameters_local) + "}");
    } else if (type(operation.parameters[i].type).kind == TypeKind::kVariable) {
      plan.arguments.push_back(
          json(argument, bindings, prefix + operation.parameters[i].name, format, plan.texts));
    } else {
      plan.arguments.push_back(builder_.writer.value(argument, bindings));
    }
  }
  if (effect.key) plan.key = key(*effect.key, bindings);

  // A result that no slot takes is still of the type that the adapter answers with.
  const bool is_ignored = type(effect.result).kind == TypeKind::kVoid;
  const bool is_known =
      operation.format == model::ResultFormat::kTyped && type(operation.result).kind != TypeKind::kVariable;
  const bool is_stream = type(operation.result).kind == TypeKind::kStream;
  const bool is_dropped = is_ignored && !is_stream && operation.format == model::ResultFormat::kJson;
  if (is_ignored && !is_known && !is_dropped)
    builder_.unsupported(effect.span, "an effect whose result has no type");
  const model::TypeId result_type = is_ignored && !is_dropped ? operation.result : effect.result;
  const std::string result = builder_.writer.type(result_type);
  builder_.require(result_type, builder_.source_packages);
  if (is_stream) {
    const bool is_bytes = type(type(operation.result).element).kind == TypeKind::kBytes;
    plan.call_type = stream_call_type(operation.format, is_bytes, result);
  } else {
    const bool is_array = operation.format == model::ResultFormat::kRow &&
                          type(result_type).kind == TypeKind::kList &&
                          type(operation.result).kind != TypeKind::kList;
    plan.call_type =
        is_array ? "zerver::flow::ArrayCall<" + result + ">" : call_type(operation.format, result);
  }
  if (effect.target == transaction_target_) plan.transaction = transaction_;
  if (shields_ != 0) plan.shield = "zerver::flow::Shield::kCleanup";
  return plan;
}

}  // namespace zc::plan
