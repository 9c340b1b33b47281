// Adapters, targets, policies and calls as JSON.

#include "compiler/emit/json/writer.h"
#include "compiler/model/words.h"

#include <array>
#include <cstddef>

namespace zc::emit {
namespace {

constexpr std::array kAccess{"read", "write", "statement"};
constexpr std::array kReplyFormats{"typed", "row", "json"};

}  // namespace

JsonWriter::Array JsonWriter::parameters(const std::vector<model::OperationParameter>& all) const {
  Array result;
  for (const model::OperationParameter& parameter : all) {
    Object entry{{"name", parameter.name}, {"type", type(parameter.type)}};
    if (parameter.default_value) entry["default"] = constant(*parameter.default_value, parameter.type);
    if (parameter.number) entry["number"] = parameter.number->number;
    result.push_back(std::move(entry));
  }
  return result;
}

JsonWriter::Object JsonWriter::adapter(const model::Adapter& each) const {
  Object result = origin(each.origin);
  if (!each.service.empty()) result["service"] = each.service;
  result["parameters"] = parameters(each.parameters);
  Array operations;
  for (const model::Operation& operation : each.operations) {
    Object entry = origin(operation.origin);
    entry["access"] = kAccess[static_cast<std::size_t>(operation.access)];
    entry["idempotent"] = operation.idempotent;
    entry["stream"] = operation.stream;
    if (operation.status) entry["status"] = true;
    if (operation.commits) entry["commits"] = true;
    if (!operation.method.empty()) entry["method"] = operation.method;
    entry["parameters"] = parameters(operation.parameters);
    entry["fails"] = kinds(operation.fails);
    if (!operation.type_parameters.empty()) entry["type_parameters"] = Array(operation.type_parameters);
    if (program_.types[operation.result].kind != model::TypeKind::kVoid) {
      entry["result"] = type(operation.result);
      entry["format"] = kReplyFormats[static_cast<std::size_t>(operation.format)];
    }
    operations.push_back(std::move(entry));
  }
  result["operations"] = std::move(operations);
  return result;
}

JsonWriter::Object JsonWriter::target(const model::Target& each) const {
  Object result = origin(each.origin);
  result["adapter"] = name(program_.adapters[each.adapter].origin);
  Array arguments;
  for (const model::Expression& argument : each.arguments)
    arguments.push_back(captions_.expression(argument));
  result["arguments"] = std::move(arguments);
  result["accepts"] = labels(model::labels_of(each.accepts));
  if (each.in_flight) result["in_flight"] = *each.in_flight;
  if (each.queue_bound) result["queue"] = *each.queue_bound;
  if (each.pool) result["pool"] = *each.pool;
  if (each.retry_budget_percent) result["retry_budget_percent"] = *each.retry_budget_percent;
  if (each.compress_over)
    result["compress"] = Object{{"coding", "gzip"}, {"over", json_integer(*each.compress_over)}};
  if (each.message_pack) result["format"] = "msgpack";
  if (each.breaker) {
    result["breaker"] = Object{{"percent", each.breaker->percent},
                               {"of", each.breaker->of},
                               {"open_ns", json_integer(each.breaker->open)}};
  }
  if (each.default_policy.is_valid()) result["policy"] = name(program_.policies[each.default_policy].origin);
  return result;
}

JsonWriter::Object JsonWriter::settings(const model::PolicySettings& all) const {
  Object result;
  if (all.timeout) result["timeout_ns"] = json_integer(*all.timeout);
  if (all.retry) {
    result["retry"] = Object{{"times", all.retry->times},
                             {"backoff_least_ns", json_integer(all.retry->backoff.least)},
                             {"backoff_most_ns", json_integer(all.retry->backoff.most)},
                             {"on", names(all.retry->on, program_.errors)}};
  }
  if (all.hedge)
    result["hedge"] = Object{{"times", all.hedge->times}, {"after_ns", json_integer(all.hedge->after)}};
  if (all.rate) result["rate"] = Object{{"count", all.rate->count}, {"per_ns", json_integer(all.rate->per)}};
  return result;
}

JsonWriter::Object JsonWriter::policy(const model::Policy& each) const {
  Object result = origin(each.origin);
  result["settings"] = settings(each.settings);
  return result;
}

JsonWriter::Object JsonWriter::call(const model::EffectCall& effect) const {
  const model::Target& target = program_.targets[effect.target];
  const model::Operation& operation = program_.adapters[target.adapter].operations[effect.operation];
  Array arguments;
  for (const model::Expression& argument : effect.arguments)
    arguments.push_back(captions_.expression(argument));
  Object result{{"target", name(target.origin)},
                {"operation", operation.origin.name},
                {"access", effect.access == model::Access::kWrite ? "write" : "read"},
                {"idempotent", operation.idempotent},
                {"arguments", std::move(arguments)},
                {"settings", settings(effect.settings)},
                {"raises", kinds(effect.raises)}};
  if (!effect.columns.empty()) {
    Array columns;
    for (const model::RowColumn& column : effect.columns)
      columns.push_back(Object{{"name", column.name}, {"nullable", column.may_be_null}});
    result["columns"] = std::move(columns);
  }
  if (effect.key) result["key"] = captions_.expression(*effect.key);
  if (effect.policy.is_valid()) result["policy"] = name(program_.policies[effect.policy].origin);
  if (effect.result.is_valid() && program_.types[effect.result].kind != model::TypeKind::kVoid)
    result["result"] = type(effect.result);
  return result;
}

JsonWriter::Object JsonWriter::group(const model::Group& each) const {
  Object result{{"join", model::join_word(each.join)}};
  if (each.join == model::Join::kQuorum) result["quorum"] = each.quorum;
  Array members;
  for (const model::GroupMember& member : each.members) {
    Object entry{{"required", member.required}};
    if (member.group) {
      entry["group"] = group(*member.group);
    } else {
      entry["call"] = call(member.call);
      if (member.writes.slot.is_valid()) entry["slot"] = name(program_.slots[member.writes.slot].origin);
    }
    members.push_back(std::move(entry));
  }
  result["members"] = std::move(members);
  return result;
}

}  // namespace zc::emit
