// Steps, chains, flows and services as JSON.

#include "compiler/emit/json/writer.h"
#include "compiler/model/graph/cfg.h"
#include "compiler/model/graph/def_use.h"
#include "compiler/model/graph/slot_map.h"
#include "compiler/model/words.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/StringExtras.h>

#include <array>
#include <cstddef>

namespace zc::emit {
namespace {

using model::StatementKind;

constexpr std::array kStepKinds{"extract", "pure", "effect", "group", "body"};
constexpr std::array kStatementKinds{"step",        "chain", "parallel", "when",     "each",
                                     "saga",        "tx",    "rescue",   "on_error", "on_cancel",
                                     "on_overload", "call",  "enqueue",  "return"};
constexpr std::array kTriggers{"route", "slug", "job", "cron"};
constexpr std::array kPriorities{"interactive", "normal", "batch"};
constexpr std::array kOverlaps{"skip", "queue", "allow"};
constexpr std::array kPresences{"unset", "maybe", "set"};
constexpr std::array kBodyFormats{"none",  "json",       "text",   "html",  "bytes",
                                  "media", "json_lines", "events", "source"};

// Each table has a word for every value of its enumeration, whose last one is `Last`.
template <auto Last> constexpr std::size_t kCount = static_cast<std::size_t>(Last) + 1;
static_assert(kStepKinds.size() == kCount<model::StepKind::kBody>);
static_assert(kStatementKinds.size() == kCount<StatementKind::kReturn>);
static_assert(kTriggers.size() == kCount<model::Trigger::kCron>);
static_assert(kPriorities.size() == kCount<model::Priority::kBatch>);
static_assert(kOverlaps.size() == kCount<model::Overlap::kAllow>);
static_assert(kPresences.size() == kCount<model::Presence::kSet>);
static_assert(kBodyFormats.size() == kCount<model::AnswerFormat::kSource>);

template <typename Value> llvm::StringRef word(llvm::ArrayRef<const char*> names, Value value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

JsonWriter::Array JsonWriter::uses(const std::vector<model::SlotUse>& all) const {
  Array result;
  for (const model::SlotUse& use : all) {
    result.push_back(Object{{"slot", name(program_.slots[use.slot].origin)}, {"optional", use.optional}});
  }
  return result;
}

JsonWriter::Object JsonWriter::step(const model::Step& each) const {
  Object result = origin(each.origin);
  result["kind"] = word(kStepKinds, each.kind);
  result["reads"] = uses(each.reads);
  result["writes"] = uses(each.writes);
  result["fails"] = names(each.fails, program_.errors);
  if (!each.mappings.empty()) {
    Array mappings;
    for (const model::ErrorMapping& mapping : each.mappings) {
      Object entry{{"error", name(program_.errors[mapping.error].origin)}, {"kinds", kinds(mapping.kinds)}};
      if (!mapping.statuses.empty()) entry["statuses"] = Array(mapping.statuses);
      mappings.push_back(std::move(entry));
    }
    result["mappings"] = std::move(mappings);
  }
  if (each.value) result["value"] = captions_.expression(*each.value);
  if (each.call) result["call"] = call(*each.call);
  if (each.group) result["group"] = group(*each.group);
  if (each.undo) result["undo"] = call(*each.undo);
  if (each.pivot) result["pivot"] = true;
  if (each.auth) result["auth"] = true;
  if (each.limit) result["limit"] = true;
  if (!each.drops.empty()) result["drops"] = labels(model::labels_of(each.drops));
  Object may;
  if (each.may_done) may["done"] = true;
  if (!each.may_need.empty()) may["need"] = names(each.may_need, program_.steps);
  if (!each.may_insert.empty()) may["insert"] = names(each.may_insert, program_.chains);
  if (!each.may_replace.empty()) may["replace"] = names(each.may_replace, program_.chains);
  if (each.then.is_valid()) may["then"] = name(program_.steps[each.then].origin);
  if (!may.empty()) result["may"] = std::move(may);
  return result;
}

JsonWriter::Array JsonWriter::block(const model::Block& statements) const {
  Array result;
  for (const model::Statement& each : statements)
    result.push_back(statement(each));
  return result;
}

JsonWriter::Object JsonWriter::answer(const model::Answer& each) const {
  Object result{{"status", each.status}, {"format", word(kBodyFormats, each.format)}};
  if (!each.media_type.empty()) result["media_type"] = each.media_type;
  if (each.body) {
    result["body"] = captions_.expression(*each.body);
    result["type"] = type(each.body->type);
  }
  Array headers;
  for (const model::AnswerHeader& header : each.headers)
    headers.push_back(Object{{"name", header.name}, {"value", captions_.expression(header.value)}});
  if (!headers.empty()) result["headers"] = std::move(headers);
  Array reveals = labels(model::labels_of(each.reveals));
  for (const model::Gate& gate : each.reveals) {
    if (!gate.path.empty()) reveals.push_back(llvm::join(gate.path, "."));
  }
  if (!reveals.empty()) result["reveals"] = std::move(reveals);
  return result;
}

JsonWriter::Object JsonWriter::statement(const model::Statement& each) const {
  Object result{{"kind", word(kStatementKinds, each.kind)}};
  if (each.step.is_valid()) {
    const model::Step& step = program_.steps[each.step];
    result["step"] = name(step.origin);
    Object presence;
    for (std::size_t i = 0; i < each.read_presence.size() && i < step.reads.size(); ++i)
      presence[name(program_.slots[step.reads[i].slot].origin)] = word(kPresences, each.read_presence[i]);
    if (!presence.empty()) result["presence"] = std::move(presence);
    if (!each.alternatives.empty()) {
      Array alternatives;
      for (const std::uint32_t index : each.alternatives)
        alternatives.push_back(index);
      result["alternatives"] = std::move(alternatives);
    }
  }
  if (each.chain.is_valid()) result["chain"] = name(program_.chains[each.chain].origin);
  if (each.flow.is_valid()) result["flow"] = name(program_.flows[each.flow].origin);
  if (each.condition) result["condition"] = captions_.expression(*each.condition);
  if (each.answer) result["answer"] = answer(*each.answer);
  if (each.each) {
    Object loop{{"over", captions_.expression(each.each->over)},
                {"most", json_integer(each.each->most)},
                {"parallel", each.each->parallel}};
    if (each.each->item.is_valid()) loop["item"] = name(program_.slots[each.each->item].origin);
    if (each.each->results.is_valid()) loop["results"] = name(program_.slots[each.each->results].origin);
    result["each"] = std::move(loop);
  }
  if (each.enqueue) {
    Array arguments;
    for (const model::Expression& argument : each.enqueue->arguments)
      arguments.push_back(captions_.expression(argument));
    Object work{{"job", name(program_.flows[each.enqueue->job].origin)}, {"arguments", std::move(arguments)}};
    if (each.enqueue->after != 0) work["after_ns"] = json_integer(each.enqueue->after);
    if (each.enqueue->priority) work["priority"] = *each.enqueue->priority;
    if (each.enqueue->unique) work["unique"] = captions_.expression(*each.enqueue->unique);
    result["enqueue"] = std::move(work);
  }
  if (each.transaction) {
    Object transaction{{"isolation", model::isolation_word(each.transaction->isolation)},
                       {"retries", each.transaction->retries}};
    if (each.transaction->target.is_valid())
      transaction["target"] = name(program_.targets[each.transaction->target].origin);
    result["transaction"] = std::move(transaction);
  }
  if (!each.errors.empty()) result["errors"] = names(each.errors, program_.errors);
  if (!each.branches.empty()) {
    Array branches;
    for (const model::Block& branch : each.branches)
      branches.push_back(block(branch));
    result["branches"] = std::move(branches);
  }
  return result;
}

std::string JsonWriter::middleware_name(const model::Middleware& use) const {
  return use.chain.is_valid() ? name(program_.chains[use.chain].origin)
                              : name(program_.steps[use.step].origin);
}

JsonWriter::Object JsonWriter::chain(const model::Chain& each) const {
  constexpr std::array kOrders{"before", "after", "requires"};
  Object result = origin(each.origin);
  Array order;
  for (const model::OrderRule& rule : each.order)
    order.push_back(Object{{"order", word(kOrders, rule.kind)}, {"other", middleware_name(rule.other)}});
  if (!order.empty()) result["order"] = std::move(order);
  result["body"] = block(each.body);
  return result;
}

JsonWriter::Object JsonWriter::alternative(const model::Alternative& each) const {
  constexpr std::array kKinds{"need", "insert", "replace"};
  Object result{{"kind", word(kKinds, each.kind)},
                {"step", name(program_.steps[each.step].origin)},
                {"body", block(each.body)}};
  if (each.need.is_valid()) result["needs"] = name(program_.steps[each.need].origin);
  if (each.chain.is_valid()) result["chain"] = name(program_.chains[each.chain].origin);
  return result;
}

void JsonWriter::add_trigger(const model::Flow& each, Object& object) const {
  object["trigger"] = word(kTriggers, each.trigger);
  switch (each.trigger) {
    case model::Trigger::kRoute:
      object["method"] = model::method_word(each.route->method);
      object["path"] = each.route->pattern;
      break;
    case model::Trigger::kSlug:
      break;
    case model::Trigger::kJob: {
      Array parameters;
      for (const model::Parameter& parameter : each.parameters) {
        parameters.push_back(Object{{"name", parameter.origin.name}, {"type", type(parameter.type)}});
      }
      Object job{{"attempts", each.job.attempts},
                 {"backoff_least_ns", json_integer(each.job.backoff.least)},
                 {"backoff_most_ns", json_integer(each.job.backoff.most)},
                 {"parameters", std::move(parameters)}};
      if (each.job.is_durable) job["durable"] = true;
      if (each.job.lease) job["lease_ns"] = json_integer(*each.job.lease);
      if (each.job.unique) job["unique"] = captions_.expression(*each.job.unique);
      if (!each.job.dead_letter.empty()) job["dead_letter"] = each.job.dead_letter;
      object["job"] = std::move(job);
      break;
    }
    case model::Trigger::kCron: {
      Object cron{{"schedule", each.schedule},
                  {"time_zone", each.time_zone},
                  {"overlap", word(kOverlaps, each.cron.overlap)}};
      if (each.cron.catch_up) cron["catch_up_ns"] = json_integer(*each.cron.catch_up);
      if (each.cron.computes) cron["computes_ns"] = json_integer(*each.cron.computes);
      object["cron"] = std::move(cron);
      break;
    }
  }
}

void JsonWriter::add_settings(const model::Flow& each, Object& object) const {
  object["slug"] = each.slug;
  object["public"] = each.is_public;
  object["priority"] = word(kPriorities, each.priority);
  if (!each.aliases.empty()) {
    Array aliases;
    for (const model::Alias& alias : each.aliases)
      aliases.push_back(alias.slug);
    object["aliases"] = std::move(aliases);
  }
  if (each.deadline) object["deadline_ns"] = json_integer(*each.deadline);
  if (each.in_flight) object["in_flight"] = *each.in_flight;
  if (each.retry_budget_percent) object["retry_budget_percent"] = *each.retry_budget_percent;
  if (each.sample_percent) object["sample_percent"] = *each.sample_percent;
  if (each.owner) object["owner"] = *each.owner;
  if (each.deprecation) {
    Object deprecation;
    if (!each.deprecation->since.empty()) deprecation["since"] = each.deprecation->since;
    if (!each.deprecation->sunset.empty()) deprecation["sunset"] = each.deprecation->sunset;
    if (each.deprecation->successor.is_valid())
      deprecation["successor"] = name(program_.flows[each.deprecation->successor].origin);
    object["deprecation"] = std::move(deprecation);
  }
}

JsonWriter::Array JsonWriter::slot_flow(const model::Cfg& cfg) const {
  const auto place = [&](model::NodeIndex node) -> std::string {
    if (cfg.nodes[node].statement == model::kNoIndex) return "entry";
    return captions_.statement(*cfg.statements[cfg.nodes[node].statement]);
  };
  Array result;
  for (const model::SlotEdge& edge : model::slot_edges(program_, cfg)) {
    result.push_back(Object{{"slot", name(program_.slots[edge.slot].origin)},
                            {"from", place(edge.writer)},
                            {"to", place(edge.reader)},
                            {"optional", edge.optional}});
  }
  return result;
}

JsonWriter::Object JsonWriter::flow(model::FlowId id) const {
  const model::Flow& each = program_.flows[id];
  Object result = origin(each.origin);
  add_trigger(each, result);
  add_settings(each, result);
  result["effects"] = each.has_effects;
  result["slots"] = names(each.slots, program_.slots);
  result["maybe_unset"] = names(each.maybe_slots, program_.slots);
  result["errors"] = names(each.errors, program_.errors);
  const model::Cfg cfg = model::build_cfg(program_, id);
  result["slot_flow"] = slot_flow(cfg);
  result["timing"] = timing(cfg);
  result["answers"] = answers(id);
  result["body"] = block(each.body);
  Array alternatives;
  for (const model::Alternative& inner : each.alternatives)
    alternatives.push_back(alternative(inner));
  if (!alternatives.empty()) result["alternatives"] = std::move(alternatives);
  return result;
}

JsonWriter::Object JsonWriter::service(const model::Service& each) const {
  Object result = origin(each.origin);
  result["base"] = each.base;
  result["auth"] = each.auth_deny ? "deny" : "allow";
  result["body_bytes"] = json_integer(each.limits.body);
  result["headers_bytes"] = json_integer(each.limits.headers);
  result["json_depth"] = each.limits.json_depth;
  if (each.message_pack) result["formats"] = Array{"json", "msgpack"};
  if (each.owner) result["owner"] = *each.owner;
  if (each.deadline) result["deadline_ns"] = json_integer(*each.deadline);
  if (each.default_policy.is_valid()) result["policy"] = name(program_.policies[each.default_policy].origin);
  if (!each.denied_words.empty()) result["deny"] = Array(each.denied_words);
  Array middleware;
  for (const model::ServiceMiddleware& applied : each.middleware) {
    Array uses;
    for (const model::Middleware& use : applied.uses)
      uses.push_back(middleware_name(use));
    Object object{{"uses", std::move(uses)}};
    Array paths;
    for (const model::ScopePath& path : applied.paths)
      paths.push_back(path.text);
    if (!paths.empty()) object["paths"] = std::move(paths);
    middleware.push_back(std::move(object));
  }
  if (!middleware.empty()) result["middleware"] = std::move(middleware);
  return result;
}

JsonWriter::Array JsonWriter::slot_map() const {
  const auto steps = [&](const std::vector<model::SlotUser>& users) {
    Array result;
    for (const model::SlotUser& user : users)
      result.push_back(Object{{"step", name(program_.steps[user.step].origin)}, {"optional", user.optional}});
    return result;
  };
  Array result;
  for (const model::SlotUsers& users : model::slot_map(program_, package_)) {
    result.push_back(Object{{"slot", name(program_.slots[users.slot].origin)},
                            {"writers", steps(users.writers)},
                            {"readers", steps(users.readers)},
                            {"written_by_flows", names(users.fillers, program_.flows)},
                            {"read_by_flows", names(users.flows, program_.flows)}});
  }
  return result;
}

}  // namespace zc::emit
